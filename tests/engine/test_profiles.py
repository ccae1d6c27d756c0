"""Which profile a call asks, as the upstream sees it: strategies, affinity, and limits before sending."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sidecar.core.catalog import Provider, Strategy
from sidecar.core.errors import CallError
from sidecar.core.policy import Policy
from sidecar.core.report import SkipCause
from sidecar.transport.double import Play, Wait

from .rig import DONE, Heard, Rig, ask, chunk, error, good, hear, provider, steps, text, usage
from .virtual import run

KEYS = ("k1", "k2", "k3")


def with_limits(owner: Provider, limits: Mapping[str, Mapping[str, float]]) -> Provider:
    """The provider with these limits by profile."""
    profiles = (replace(profile, **limits.get(profile.name, {})) for profile in owner.profiles)
    return replace(owner, profiles=tuple(profiles))


def rig(strategy: Strategy, plays: dict[str, list[Play]] | None = None, **limits: Mapping[str, float]) -> Rig:
    own = with_limits(provider("a", *KEYS, strategy=strategy), limits)
    return Rig({"a/m": [good()], **(plays or {})}, (own,))


def asked(it: Rig) -> str:
    """The numbers of the profiles in the order they were asked."""
    return "".join(name[-1] for name in it.asked)


async def one_by_one(it: Rig, count: int, **more: object) -> None:
    for _ in range(count):
        await hear(it, ask(**more))  # type: ignore[arg-type]


async def together(it: Rig, count: int) -> list[Heard]:
    async def one() -> Heard:
        began = asyncio.get_running_loop().time()
        async with it.engine.call(ask(), None, buffered=False) as call:
            events = [event async for batch in call for event in batch]
        return Heard(events, None, asyncio.get_running_loop().time() - began)

    return list(await asyncio.gather(*(one() for _ in range(count))))


def slow(duration_s: float) -> Play:
    """An answer that takes so long."""
    return steps(chunk({"role": "assistant"}), *text("Hi"), Wait(duration_s), chunk({}, "stop"), DONE)


def left(requests: int) -> Play:
    """An answer after which so many requests are left for an hour."""
    return replace(
        good(),
        headers={
            **good().headers,
            "x-ratelimit-remaining-requests": str(requests),
            "x-ratelimit-reset-requests": "1h",
        },
    )


def test_sequential_asks_the_first_as_long_as_it_may() -> None:
    it = rig(Strategy.SEQUENTIAL)
    run(one_by_one(it, 3))
    assert asked(it) == "111"


def test_round_robin_takes_turns() -> None:
    it = rig(Strategy.ROUND_ROBIN)
    run(one_by_one(it, 7))
    assert asked(it) == "1231231"


def test_round_robin_takes_turns_among_calls_that_begin_together() -> None:
    it = rig(Strategy.ROUND_ROBIN)
    run(together(it, 6))
    assert sorted(asked(it)) == list("112233")


def test_an_unavailable_profile_gives_its_turns_to_the_others_alike() -> None:
    it = rig(Strategy.ROUND_ROBIN, {"a/m/k2": [error(401)]})
    run(one_by_one(it, 9))
    assert asked(it) == "1" + "23" + "1313131"


def test_rotation_follows_the_order_of_the_turn() -> None:
    it = rig(Strategy.ROUND_ROBIN, {"a/m/k2": [error(401)], "a/m/k3": [error(401)]})
    run(one_by_one(it, 2))
    assert asked(it) == "1" + "231"


def test_turns_of_a_fallback_are_taken_only_when_it_is_asked() -> None:
    fallback = provider("b", "k1", "k2", strategy=Strategy.ROUND_ROBIN)
    plays = {"b/m": [good()], "a/m": [good(), error(404), good(), error(404)]}
    it = Rig(plays, (provider("a"), fallback), ("b/m",))

    async def main() -> None:
        for _ in range(4):
            await hear(it)
            it.engine.services.health.reset_all()

    run(main())
    assert [name for name in it.asked if name.startswith("b")] == ["b/m/k1", "b/m/k2"]


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.WEIGHTED])
def test_random_and_weighted_draw_from_the_injected_generator(strategy: Strategy) -> None:
    it = rig(strategy, k1={"weight": 6.0}, k2={"weight": 3.0}, k3={"weight": 1.0})
    object.__setattr__(it.engine.services, "rand", random.Random(3).random)
    run(one_by_one(it, 1500))
    shares = {name: count / 1500 for name, count in Counter(asked(it)).items()}
    expected = {"1": 0.6, "2": 0.3, "3": 0.1} if strategy is Strategy.WEIGHTED else dict.fromkeys("123", 1 / 3)
    assert shares == pytest.approx(expected, abs=0.05)


def test_least_busy_asks_the_profile_with_the_fewest_attempts_under_way() -> None:
    it = rig(Strategy.LEAST_BUSY, {"a/m/k1": [slow(14.0)], "a/m/k2": [slow(7.5)], "a/m/k3": [slow(3.0)]})

    async def main() -> None:
        calls = []
        for _ in range(6):
            calls.append(asyncio.create_task(together(it, 1)))
            await asyncio.sleep(2.0)
        await asyncio.gather(*calls)

    run(main())
    # Until 4 s there is an idle one; at 6 s all have one, and it is the first one's turn; then the third and the second
    # have ended theirs.
    assert asked(it) == "123" + "1" + "32"


def test_profiles_that_are_equally_busy_take_turns() -> None:
    it = rig(Strategy.LEAST_BUSY)
    run(one_by_one(it, 6))
    assert asked(it) == "123123"


def test_headroom_asks_the_profile_with_the_most_left_by_its_providers_word() -> None:
    it = rig(Strategy.HEADROOM, {"a/m/k1": [left(5)], "a/m/k2": [left(40)], "a/m/k3": [left(20)]})
    run(one_by_one(it, 6))
    assert asked(it) == "123" + "222"


def test_headroom_is_read_from_failures_too_and_counts_what_was_started_since() -> None:
    spent = error(500, x_ratelimit_remaining_requests="1", x_ratelimit_reset_requests="1h", x_should_retry="false")
    plays = {"a/m/k1": [spent], "a/m/k2": [left(3), slow(5.0)], "a/m/k3": [left(2), slow(5.0)]}
    it = rig(Strategy.HEADROOM, plays)

    async def main() -> None:
        await hear(it)
        await one_by_one(it, 2)
        await together(it, 4)

    run(main())
    assert asked(it) == "123" + "2323"


def test_headroom_that_is_full_again_counts_as_full() -> None:
    it = rig(Strategy.HEADROOM, {"a/m/k1": [left(5)], "a/m/k2": [left(40)], "a/m/k3": [left(20)]})

    async def main() -> None:
        await one_by_one(it, 4)
        await asyncio.sleep(3600.0)
        await one_by_one(it, 1)

    run(main())
    assert asked(it) == "1232" + "3"


@pytest.mark.parametrize("strategy", list(Strategy))
def test_an_affinity_key_keeps_its_profile_under_every_strategy(strategy: Strategy) -> None:
    it = rig(strategy)
    run(one_by_one(it, 8, affinity_key="conversation 1"))
    assert len(set(asked(it))) == 1


def test_affinity_keys_spread_and_pass_over_what_is_unavailable() -> None:
    it = rig(Strategy.SEQUENTIAL, {"a/m/k1": [error(401)]})

    async def main() -> None:
        for number in range(30):
            await hear(it, ask(affinity_key=f"conversation {number}"))

    run(main())
    counts = Counter(asked(it))
    assert counts["1"] == 1
    assert min(counts["2"], counts["3"]) >= 5


def test_a_profile_named_by_the_policy_stays_alone_under_every_strategy() -> None:
    for strategy in Strategy:
        it = rig(strategy, {"a/m/k2": [error(401)]})
        heard = run(hear(it, ask(policy=Policy(profile="k2"))))
        assert heard.error is not None
        assert asked(it) == "2"


# Limits before sending.


def test_a_profile_at_its_rpm_is_skipped_and_not_cooled() -> None:
    it = rig(Strategy.SEQUENTIAL, k1={"rpm": 2}, k2={"rpm": 1})

    async def main() -> None:
        await one_by_one(it, 5)
        await asyncio.sleep(60.0)
        await one_by_one(it, 1)

    run(main())
    assert asked(it) == "11" + "2" + "33" + "1"
    assert it.engine.services.health.profile_cooldown(it.target("a/m").key_id) is None


def test_never_more_than_rpm_are_sent_in_any_minute_however_calls_come() -> None:
    own = with_limits(provider("a"), {"k1": {"rpm": 5}})
    rand = random.Random(11)
    it = Rig({"a/m": rand.choices([good(), error(500), error(401)], [0.8, 0.19, 0.01], k=1000)}, (own,))

    async def main() -> None:
        calls = []
        for _ in range(300):
            calls.append(asyncio.create_task(quiet()))
            await asyncio.sleep(rand.expovariate(0.2))
        await asyncio.gather(*calls)

    async def quiet() -> None:
        try:
            await together(it, 1)
        except CallError:
            pass  # what a call ends in is not asked here

    run(main())
    times = it.times
    assert len(times) >= 60
    assert all(later - earlier >= 60.0 for earlier, later in zip(times, times[5:], strict=False))


def test_when_all_lack_headroom_the_call_waits_for_the_soonest_return() -> None:
    it = rig(Strategy.SEQUENTIAL, k1={"rpm": 1}, k2={"rpm": 1}, k3={"rpm": 1})

    async def main() -> Heard:
        await one_by_one(it, 3)
        await asyncio.sleep(55.0)
        return await hear(it)

    heard = run(main())
    assert heard.completed.finish == "stop"
    assert 5.0 <= heard.took_s <= 6.0
    assert asked(it) == "1231"


def test_when_all_lack_headroom_for_longer_the_call_fails_with_the_soonest_return() -> None:
    it = rig(Strategy.SEQUENTIAL, k1={"rpm": 1}, k2={"rpm": 1}, k3={"rpm": 1})

    async def main() -> Heard:
        for _ in range(3):
            await hear(it)
            await asyncio.sleep(5.0)
        return await hear(it)

    heard = run(main())
    assert heard.error is not None
    assert (heard.error.reason, heard.error.retry_after_s) == ("ALL_UNAVAILABLE", pytest.approx(45.0))
    assert heard.error.report is not None
    (skipped,) = heard.error.report.skipped
    assert (skipped.cause, skipped.message) == (SkipCause.RATE_BUDGET, "at its rpm limit for 45 s")


def test_another_entry_is_asked_before_anything_is_waited_for() -> None:
    own = with_limits(provider("a"), {"k1": {"rpm": 1}})
    it = Rig({"a/m": [good()], "b/m": [good()]}, (own, provider("b")), ("b/m",))
    run(one_by_one(it, 2))
    assert it.asked == ["a/m/k1", "b/m/k1"]
    assert it.times == [0.0, 0.0]


def test_tokens_are_set_aside_before_sending_and_corrected_by_what_was_used() -> None:
    answer = steps(chunk({"role": "assistant"}), *text("Hi"), chunk({}, "stop"), usage(50, 50), DONE)
    it = rig(Strategy.SEQUENTIAL, {"a/m/k1": [answer]}, k1={"tpm": 1000})

    async def main() -> None:
        await one_by_one(it, 3, max_output_tokens=790)  # 10 + 790 each, of which 100 are used
        await one_by_one(it, 1, max_output_tokens=790)

    run(main())
    assert asked(it) == "111" + "2"


def test_tokens_of_attempts_under_way_count_as_estimated() -> None:
    it = rig(Strategy.SEQUENTIAL, {"a/m/k1": [slow(5.0)]}, k1={"tpm": 1500})
    run(together(it, 2))
    assert asked(it) == "12"


def test_a_refused_attempt_has_used_no_tokens() -> None:
    it = rig(Strategy.SEQUENTIAL, {"a/m/k1": [error(400, code="x"), good()]}, k1={"tpm": 1100})
    run(one_by_one(it, 2))
    assert asked(it) == "11"


def test_providers_with_the_same_key_and_base_url_share_one_count() -> None:
    one = with_limits(provider("a"), {"k1": {"rpm": 2}})
    other = replace(with_limits(provider("a", "k1"), {"k1": {"rpm": 2}}), name="b")
    it = Rig({"a/m": [good()]}, (one, other))

    async def main() -> Heard:
        await hear(it, ask("a/m"))
        await hear(it, ask("b/m"))
        return await hear(it, ask("a/m"))

    heard = run(main())
    assert heard.error is not None
    assert len(it.asked) == 2
