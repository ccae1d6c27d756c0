"""Probes of targets that were parked for their silence: hedged early, and going on unseen when the hedge has won."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.breaker import Breaker, BreakerState
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Wait

from .hedged import (
    HEDGE,
    SILENT,
    A,
    B,
    attempts,
    blame,
    fails,
    heard_beside_others,
    hung_up,
    late,
    nothing_is_held,
    now,
    outcomes,
    several,
    took,
    two,
)
from .rig import Heard, Rig, ask, chunk, good, steps, text
from .test_observation import watched
from .virtual import run


async def probed(rig: Rig, policy: Policy | None = None, reason: Reason = Reason.TIMEOUT) -> Heard:
    """The first call that probes a/m, which was parked 20 s before, at 1,020 s."""
    blame(rig, "a/m", reason, times=3)
    await asyncio.sleep(20.0)
    return await heard_beside_others(rig, ask(policy=policy))


def breaker(rig: Rig) -> Breaker:
    return rig.engine.services.health.entry(rig.target("a/m")).breaker


def state(rig: Rig) -> BreakerState:
    return breaker(rig).state(now(rig))


def test_a_probe_of_a_silent_target_is_hedged_after_two_seconds_and_wins_if_it_is_first() -> None:
    rig = two(late(2.5), late(3, "B"))
    heard = run(probed(rig))
    assert (heard.text, rig.times) == ("Late", [20.0, 22.0])
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "CANCELLED")]


@pytest.mark.parametrize("reason", [Reason.SERVER_ERROR, Reason.OVERLOADED])
def test_a_probe_of_a_target_parked_for_anything_else_is_hedged_as_ever(reason: Reason) -> None:
    rig = two(SILENT)
    heard = run(probed(rig, reason=reason))
    assert rig.times == pytest.approx([20.0, 30.0], abs=0.01)
    assert attempts(heard) == [("a/m", "first", "TIMEOUT"), ("b/m", "hedge", "")]


def test_a_call_that_is_not_hedged_gives_a_probe_its_whole_time() -> None:
    rig = two(SILENT)
    run(probed(rig, Policy(on_slow=OnSlow.FAILOVER)))
    assert rig.times == pytest.approx([20.0, 30.0], abs=0.01)


def test_a_limit_shorter_than_two_seconds_hedges_a_probe_by_then() -> None:
    rig = two(SILENT)

    async def scenario() -> None:
        await probed(rig, Policy(first_content_s=1.0))
        await asyncio.sleep(20.0)

    run(scenario())
    assert rig.times == [20.0, 21.0]


def test_the_hedge_wins_and_the_first_content_of_the_unseen_probe_closes_the_breaker() -> None:
    rig = two(steps(Wait(7), *text("A"), Wait(100)), good("B"))
    rig.plays["a/m"].append(good("A"))

    async def scenario() -> None:
        heard = await probed(rig)
        assert (heard.text, took(heard)) == ("B", 2.0)
        (lost, _) = heard.completed.report.attempts
        assert (lost.reason, lost.message) == (
            Reason.CANCELLED,
            "another target answered first; it goes on unseen, as a probe",
        )
        health = rig.engine.services.health
        assert (health.open_tickets, rig.engine.services.limiter.held, rig.engine.calls_under_way) == (1, 1, 0)
        assert state(rig) is BreakerState.HALF_OPEN
        assert health.unavailable(rig.target("a/m"), now(rig)) is not None
        await asyncio.sleep(4.9)
        assert (state(rig), hung_up(rig)[0]) == (BreakerState.HALF_OPEN, None)
        await asyncio.sleep(0.2)
        assert state(rig) is BreakerState.CLOSED
        assert nothing_is_held(rig)
        again = await heard_beside_others(rig)
        assert attempts(again) == [("a/m", "first", "")]

    run(scenario())
    assert outcomes(rig, "a/m") == (2, 3)
    assert hung_up(rig)[0] == 27.0


def test_an_unseen_probe_that_stays_silent_to_its_own_limit_has_timed_out_and_is_parked_again() -> None:
    rig = two(SILENT, good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(7.9)
        assert state(rig) is BreakerState.HALF_OPEN
        await asyncio.sleep(0.2)
        assert (state(rig), breaker(rig).openings) == (BreakerState.OPEN, 2)
        assert breaker(rig).last_reason is Reason.TIMEOUT
        assert nothing_is_held(rig)
        assert hung_up(rig)[0] == pytest.approx(30.0, abs=0.01)

    run(scenario())
    assert outcomes(rig, "a/m") == (0, 4)


def test_the_operators_limit_is_the_unseen_probes_and_not_the_callers() -> None:
    rig = two(SILENT, good("B"), policy=replace(HEDGE, first_content_s=30.0))

    async def scenario() -> None:
        await probed(rig, Policy(first_content_s=3.0))
        await asyncio.sleep(27.0)
        assert state(rig) is BreakerState.HALF_OPEN
        await asyncio.sleep(2.0)
        assert state(rig) is BreakerState.OPEN

    run(scenario())


@pytest.mark.parametrize("play", [fails(5), steps(Wait(5), Cut()), Play(refused=True, connect_s=5)])
def test_an_unseen_probe_that_fails_is_parked_again(play: Play) -> None:
    rig = two(play, late(1, "B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(8.0)
        assert (state(rig), breaker(rig).openings) == (BreakerState.OPEN, 2)
        assert nothing_is_held(rig)

    run(scenario())


def test_a_key_refused_to_an_unseen_probe_rests_and_the_breaker_admits_the_next_probe() -> None:
    rig = two(fails(5, 401), good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(4.0)
        held = rig.engine.services.health.unavailable(rig.target("a/m"), now(rig))
        assert held is not None
        assert held.reason is Reason.AUTHENTICATION
        assert breaker(rig).refusal(now(rig)) is None
        assert nothing_is_held(rig)

    run(scenario())


def test_an_unseen_probe_that_ends_without_saying_anything_gives_its_permit_back() -> None:
    rig = two(steps(Wait(5), chunk({"role": "assistant"}), chunk({}, "stop")), good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(6.0)
        assert (state(rig), breaker(rig).openings) == (BreakerState.HALF_OPEN, 1)
        assert nothing_is_held(rig)

    run(scenario())


def test_roles_and_pings_of_an_unseen_probe_are_no_content() -> None:
    pings = [step for _ in range(30) for step in (b": ping\n\n", Wait(1))]
    rig = two(steps(chunk({"role": "assistant"}), *pings), good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(8.1)
        assert (state(rig), breaker(rig).last_reason) == (BreakerState.OPEN, Reason.TIMEOUT)

    run(scenario())


def test_the_last_bytes_of_an_unseen_probe_never_reach_the_caller_and_are_no_span_of_their_own() -> None:
    rig = two(late(7, "unseen"), steps(*text("B"), Wait(10), *text("b"), chunk({}, "stop")))
    observer = watched(rig)
    heard = run(probed(rig))
    assert heard.text == "Bb"
    assert observer.started == ["a/m", "b/m"]
    assert [a.reason for a in observer.ended] == [Reason.CANCELLED, None]


def test_a_probe_that_answered_already_is_not_watched_when_it_loses_by_breaking() -> None:
    rig = two(steps(Wait(1), *text("A"), Cut()), good("B"))
    heard = run(probed(rig))
    assert heard.text == "AB"
    assert attempts(heard) == [("a/m", "first", "STREAM_BROKEN"), ("b/m", "resume", "")]
    assert rig.asked == ["a/m/k1", "b/m/k1"]


def test_other_calls_go_elsewhere_while_a_probe_goes_on_unseen() -> None:
    rig = two(SILENT, good("B"))

    async def scenario() -> None:
        await probed(rig)
        heard = await heard_beside_others(rig)
        assert attempts(heard) == [("b/m", "first", "")]
        await asyncio.sleep(20.0)

    run(scenario())


def test_whoever_leaves_before_the_hedge_has_won_ends_the_probe_too() -> None:
    rig = two(SILENT, SILENT)

    async def scenario() -> None:
        task = asyncio.create_task(probed(rig))
        await asyncio.sleep(25.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
        assert nothing_is_held(rig)
        assert (state(rig), breaker(rig).refusal(now(rig))) == (BreakerState.HALF_OPEN, None)

    run(scenario())
    assert hung_up(rig) == [25.0, 25.0]


def test_closing_the_engine_ends_an_unseen_probe() -> None:
    rig = two(SILENT, good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(1.0)
        await rig.engine.close()
        assert nothing_is_held(rig)

    run(scenario())
    assert hung_up(rig)[0] == 23.0
    assert outcomes(rig, "a/m") == (0, 3)


def test_an_unseen_probe_of_an_entry_that_was_reset_says_nothing_more() -> None:
    rig = two(SILENT, good("B"))

    async def scenario() -> None:
        await probed(rig)
        rig.engine.services.health.reset_all()
        assert state(rig) is BreakerState.CLOSED
        await asyncio.sleep(20.0)
        assert state(rig) is BreakerState.CLOSED
        assert nothing_is_held(rig)

    run(scenario())


def test_a_probe_without_another_entry_has_until_the_outer_limit() -> None:
    rig = several(late(30))
    heard = run(probed(rig))
    assert (heard.text, took(heard)) == ("Late", 30.0)


def test_a_slot_of_a_profile_is_held_by_an_unseen_probe_to_its_end() -> None:
    owner = replace(A, profiles=tuple(replace(profile, max_concurrency=1) for profile in A.profiles))
    rig = Rig({"a/m": [SILENT], "b/m": [good("B")]}, (owner, B), ("b/m",), HEDGE)

    async def scenario() -> None:
        await probed(rig)
        assert rig.engine.services.limiter.under_way(rig.target("a/m")) == 1
        await asyncio.sleep(8.1)
        assert rig.engine.services.limiter.under_way(rig.target("a/m")) == 0

    run(scenario())


def test_a_long_stated_wait_told_to_an_unseen_probe_is_believed_no_longer_than_any_other() -> None:
    told = replace(fails(5, 503), headers={"content-type": "application/json", "retry-after": "5000"})
    rig = two(told, good("B"))
    rig.engine.services = replace(rig.engine.services, stated_limit_s=100.0)

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(4.0)
        held = rig.engine.services.health.unavailable(rig.target("a/m"), now(rig))
        assert held is not None
        assert held.until - now(rig) < 100.0

    run(scenario())


def test_closing_the_engine_at_the_very_instant_the_hedge_has_won_ends_the_probe_too() -> None:
    rig = two(SILENT, good("B"))

    async def scenario() -> None:
        blame(rig, "a/m", Reason.TIMEOUT, times=3)
        await asyncio.sleep(20.0)
        async with rig.engine.call(ask(), None, buffered=False) as call:
            await call.__anext__()
            await rig.engine.close()
        await asyncio.sleep(0)
        assert nothing_is_held(rig)

    run(scenario())
