"""A probe of a target that was parked for its silence, where no hedge may be made: its call leaves it; it goes on unseen."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play, Wait

from .hedged import (
    SILENT,
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
    spend_hedges,
    took,
    two,
)
from .rig import Heard, Rig, ask, good, steps, text
from .virtual import run


async def probed(rig: Rig) -> Heard:
    """The first call that probes a/m, parked 20 s before, at 1,020 s; other calls have used up the hedges."""
    blame(rig, "a/m", Reason.TIMEOUT, times=3)
    await asyncio.sleep(20.0)
    spend_hedges(rig)
    return await heard_beside_others(rig)


def state(rig: Rig) -> BreakerState:
    return rig.engine.services.health.entry(rig.target("a/m")).breaker.state(now(rig))


def test_without_budget_a_silent_probe_is_left_after_two_seconds_and_its_content_closes_the_breaker() -> None:
    rig = two(steps(Wait(7), *text("A"), Wait(100)), good("B"))

    async def scenario() -> None:
        heard = await probed(rig)
        assert attempts(heard) == [("a/m", "first", "CANCELLED"), ("b/m", "failover", "")]
        assert (heard.text, took(heard)) == ("B", 2.0)
        message = heard.completed.report.attempts[0].message
        assert message.startswith("no content within 2.0 s")
        assert message.endswith("it goes on unseen, as a probe")
        await asyncio.sleep(4.9)
        assert (state(rig), hung_up(rig)[0]) == (BreakerState.HALF_OPEN, None)
        await asyncio.sleep(0.2)
        assert state(rig) is BreakerState.CLOSED
        assert nothing_is_held(rig)

    run(scenario())
    assert rig.times == [20.0, 22.0]
    assert outcomes(rig, "a/m") == (1, 3)


@pytest.mark.parametrize(
    ("play", "at_s"), [(SILENT, 30.0), (fails(5), 25.0)], ids=["silent to its own limit", "an error"]
)
def test_without_budget_a_probe_that_was_left_and_fails_is_parked_again(play: Play, at_s: float) -> None:
    rig = two(play, good("B"))

    async def scenario() -> None:
        await probed(rig)
        await asyncio.sleep(at_s - 22.1)
        assert state(rig) is BreakerState.HALF_OPEN
        await asyncio.sleep(0.2)
        assert state(rig) is BreakerState.OPEN
        assert nothing_is_held(rig)

    run(scenario())
    assert outcomes(rig, "a/m") == (0, 4)


def test_without_budget_and_without_another_entry_a_silent_probe_is_waited_for() -> None:
    heard = run(probed(several(late(30))))
    assert (heard.text, took(heard)) == ("Late", 30.0)


def test_a_probe_that_was_left_is_not_asked_again_by_its_call() -> None:
    rig = two(SILENT, fails(0.1))

    async def scenario() -> None:
        assert (await probed(rig)).error is not None
        await asyncio.sleep(10.0)

    run(scenario())
    assert [name for name in rig.asked if name.startswith("a/")] == ["a/m/k1"]


def test_the_clock_of_an_unseen_probe_counts_from_when_it_was_sent() -> None:
    rig = two(Play((Wait(1000),), connect_s=4.0), good("B"))

    async def scenario() -> None:
        blame(rig, "a/m", Reason.TIMEOUT, times=3)
        await asyncio.sleep(20.0)
        await heard_beside_others(rig, ask())
        assert now(rig) == pytest.approx(1026.0, abs=0.01)
        await asyncio.sleep(7.9)
        assert state(rig) is BreakerState.HALF_OPEN
        await asyncio.sleep(0.2)
        assert state(rig) is BreakerState.OPEN

    run(scenario())
    assert rig.times == [20.0, 26.0]
    assert hung_up(rig)[0] == pytest.approx(34.0, abs=0.01)
