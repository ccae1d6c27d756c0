"""From one process to the next: what the keeper puts back, and when it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.core.observation import Change, ChangeKind
from sidecar.core.reasons import Reason

from .keeping import DAY_S, HOUR_S, KNOWN_IDS, LIMIT_S, Generations, cheap_names, row_of
from .known import ONE, SIBLING, TWO, ticket


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return cheap_names(monkeypatch)


@pytest.fixture
def file(tmp_path: Path, names: list[str]) -> Iterator[Generations]:
    made = Generations(tmp_path / "state")
    yield made
    made.end()


def test_a_key_without_money_rests_on_after_a_restart_and_climbs_on(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    file.watch.passes(600.0)
    second = file.begin()
    assert (second.held_s(ONE), second.held_s(SIBLING), second.held_s(TWO)) == (3000.0, 3000.0, None)
    file.watch.passes(3000.0)
    assert second.held_s(ONE) is None
    second.refused(ONE, Reason.BILLING)
    assert second.held_s(ONE) == 2 * HOUR_S


def test_a_key_that_may_not_use_a_model_rests_with_that_model_only(file: Generations) -> None:
    file.begin().refused(ONE, Reason.PERMISSION)
    file.watch.passes(10.0)
    second = file.begin()
    assert (second.held_s(ONE), second.held_s(SIBLING)) == (50.0, None)


def test_the_reason_is_known_after_the_restart(file: Generations) -> None:
    file.begin().refused(ONE, Reason.AUTHENTICATION)
    second = file.begin()
    cooldown = second.health.profile_cooldown(ONE.key_id)
    assert cooldown is not None
    assert cooldown.reason is Reason.AUTHENTICATION


def test_after_a_restored_cooldown_one_attempt_is_let_through_first(file: Generations) -> None:
    file.begin().refused(ONE, Reason.AUTHENTICATION)
    file.watch.passes(50.0)
    second = file.begin()
    file.watch.passes(10.0)
    ticket(second.health, ONE, file.watch.now())
    assert second.held_s(SIBLING) is not None


def test_a_replaced_key_starts_clean_and_the_old_one_is_still_known_when_it_comes_back(file: Generations) -> None:
    file.begin().refused(ONE, Reason.BILLING)
    second = file.begin(KNOWN_IDS - {ONE.key_id})
    second.refused(TWO, Reason.BILLING)
    third = file.begin()
    assert (third.held_s(ONE), third.held_s(TWO)) == (HOUR_S, HOUR_S)


def test_what_is_over_at_the_start_is_not_put_back_and_leaves_the_file(file: Generations) -> None:
    file.begin().refused(ONE, Reason.BILLING)
    file.watch.passes(HOUR_S)
    second = file.begin()
    assert second.held_s(ONE) is None
    assert file.ended(second) == {}


def test_a_clock_that_jumped_back_rests_nobody_longer_than_the_longest_step(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    first.refused(TWO, Reason.AUTHENTICATION)
    file.watch.epoch -= 365 * DAY_S
    second = file.begin()
    assert (second.held_s(ONE), second.held_s(TWO)) == (DAY_S, HOUR_S)


def test_what_returns_by_itself_is_not_in_the_file(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.RATE_LIMITED)
    first.refused(TWO, Reason.MODEL_NOT_FOUND)
    assert file.ended(first) == {}


def test_a_refusal_is_in_the_file_as_soon_as_it_was_written_and_not_only_at_the_end(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    assert file.ended(first) == {row_of(ONE): (Reason.BILLING, HOUR_S)}


def test_an_answer_after_the_cooldown_takes_the_row_out(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.AUTHENTICATION)
    first.refused(TWO, Reason.BILLING)
    file.watch.passes(61.0)
    given = ticket(first.health, ONE, file.watch.now())
    first.health.content(given, file.watch.now())
    assert file.ended(first) == {row_of(TWO): (Reason.BILLING, HOUR_S)}


def test_a_reset_takes_the_rows_of_what_was_reset_out(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    first.refused(TWO, Reason.BILLING)
    first.health.reset_profile("p", "one", ONE.key_id)
    assert set(file.ended(first)) == {row_of(TWO)}


def test_a_reset_of_an_entry_takes_the_rows_with_its_model_out(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.PERMISSION)
    first.refused(SIBLING, Reason.PERMISSION)
    first.health.reset_entry("p", "m", [ONE.key_id])
    assert set(file.ended(first)) == {row_of(ONE, "n")}


def test_a_reset_of_everything_takes_every_row_out_of_strangers_too(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    second = file.begin(frozenset({TWO.key_id}))
    assert set(file.rows) == {row_of(ONE)}
    second.health.reset_all()
    second.refused(TWO, Reason.BILLING)
    assert set(file.ended(second)) == {row_of(TWO)}


def test_a_credential_that_left_while_serving_keeps_its_row_until_it_is_over(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    assert first.keeper._newest.close(LIMIT_S)
    second = file.begin()
    second.key_ids = frozenset({TWO.key_id})
    second.health.cooldowns.adopt(second.key_ids)
    second.refused(TWO, Reason.AUTHENTICATION)
    assert set(file.ended(second)) == {row_of(one) for one in (ONE, TWO)}


def test_a_credential_that_comes_back_while_serving_starts_clean(file: Generations) -> None:
    file.begin().refused(ONE, Reason.BILLING)
    second = file.begin(frozenset({TWO.key_id}))
    second.key_ids = KNOWN_IDS
    second.health.changes.tell(Change(ChangeKind.CONFIGURED, "provider p changed"))
    assert second.held_s(ONE) is None
    assert file.ended(second) == {}
