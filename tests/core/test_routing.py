"""The order in which profiles are asked: turns that nothing skews, draws by weight, and keys that stay where they were."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from sidecar.core.catalog import Target
from sidecar.core.routing import by_affinity, drawn, least, rotated

from .build import target

NAMES = ("a", "b", "c")
DRAWS = 20_000


def targets(*names: str) -> tuple[Target, ...]:
    return tuple(target(profile=name) for name in names or NAMES)


def names(arranged: tuple[Target, ...]) -> str:
    return "".join(one.profile for one in arranged)


@pytest.mark.parametrize(("last", "order"), [(None, "abc"), ("a", "bca"), ("b", "cab"), ("c", "abc"), ("gone", "abc")])
def test_the_turn_goes_to_the_profile_after_the_last_one(last: str | None, order: str) -> None:
    assert names(rotated(targets(), last)) == order


@pytest.mark.parametrize("away", ["", "a", "b", "c"])
def test_an_unavailable_profile_skews_no_other_ones_turns(away: str) -> None:
    last, asked = None, Counter[str]()
    for _ in range(600):
        last = next(one.profile for one in rotated(targets(), last) if one.profile != away)
        asked[last] += 1
    assert set(asked.values()) == {600 // (3 - bool(away))}


def first_shares(weights: dict[str, float], away: str = "") -> dict[str, float]:
    rand = random.Random(4).random
    firsts = (next(t.profile for t in drawn(targets(), weights, rand) if t.profile != away) for _ in range(DRAWS))
    return {name: count / DRAWS for name, count in Counter(firsts).items()}


def test_profiles_are_drawn_by_their_weights() -> None:
    shares = first_shares({"a": 6.0, "b": 3.0, "c": 1.0})
    assert shares == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1}, abs=0.02)


def test_the_part_of_an_unavailable_profile_goes_to_the_others_by_their_weights() -> None:
    assert first_shares({"a": 6.0, "b": 3.0, "c": 1.0}, "a") == pytest.approx({"b": 0.75, "c": 0.25}, abs=0.02)


def test_without_weights_each_is_as_likely_first_and_what_is_away_leaves_the_rest_alike() -> None:
    assert first_shares({}) == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, abs=0.02)
    assert first_shares({}, "b") == pytest.approx({"a": 0.5, "c": 0.5}, abs=0.02)


def test_a_draw_gives_every_profile_once() -> None:
    rand = random.Random(1).random
    assert all(sorted(names(drawn(targets(), {"a": 1000.0}, rand))) == list(NAMES) for _ in range(100))


@pytest.mark.parametrize("number", [0.0, 0.999999999999])
def test_the_ends_of_the_generators_range_are_numbers_like_others(number: float) -> None:
    assert names(drawn(targets(), {}, lambda: number)) == "abc"


def test_the_least_number_is_first_and_equals_stay_as_they_stand() -> None:
    busy = {"a": 2.0, "b": 0.0, "c": 0.0}
    assert names(least(targets(), lambda one: busy[one.profile])) == "bca"


KEYS = [f"conversation {n}" for n in range(2000)]


def owner(key: str, *profiles: str) -> str:
    return by_affinity(targets(*profiles), key)[0].profile


def test_an_affinity_key_has_its_profile_whatever_the_order_of_profiles() -> None:
    assert all(owner(key, "a", "b", "c") == owner(key, "c", "a", "b") for key in KEYS)


def test_the_profile_of_a_key_is_the_same_in_every_process_and_version() -> None:
    assert "".join(owner(key) for key in KEYS[:8]) == "bbacabaa"


def test_affinity_keys_spread_over_the_profiles() -> None:
    shares = Counter(owner(key) for key in KEYS)
    assert all(abs(count / len(KEYS) - 1 / 3) < 0.05 for count in shares.values())
    assert len(shares) == 3


def test_a_profile_that_goes_moves_its_own_keys_only_and_to_their_second_choice() -> None:
    for key in KEYS:
        first, second, _ = (one.profile for one in by_affinity(targets(), key))
        left = [name for name in NAMES if name != first]
        assert owner(key, *left) == second
        assert owner(key, *(name for name in NAMES if name != second)) == first


def test_a_profile_that_comes_takes_keys_and_moves_no_others() -> None:
    moved = [key for key in KEYS if owner(key, *NAMES, "d") != owner(key)]
    assert {owner(key, *NAMES, "d") for key in moved} == {"d"}
    assert abs(len(moved) / len(KEYS) - 0.25) < 0.05


def test_a_key_that_is_no_valid_text_is_a_key_too() -> None:
    assert len(by_affinity(targets(), "\ud800" * 3)) == 3
