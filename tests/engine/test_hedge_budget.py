"""Hedges have a budget over the whole process: what becomes of slow attempts without it."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.core.reasons import Reason

from .hedged import SILENT, attempts, blame, failures, late, run_calls, several, spend_hedges, took, two
from .rig import Heard, Rig, good, hear
from .virtual import run


def test_a_budget_of_three_hedges_then_whoever_is_slow_is_waited_for() -> None:
    rig = two(late(12), late(50))
    heard = run_calls(rig, 4)
    assert [one.kinds for one in heard] == [["first", "hedge"]] * 3 + [["first"]]
    assert [took(one) for one in heard] == [12.0] * 4


@pytest.mark.parametrize("suspicion_s", [29.0, 31.0])
def test_without_budget_a_target_that_timed_out_in_the_last_half_minute_is_left(suspicion_s: float) -> None:
    rig = two(late(12), good("B"))

    async def call() -> Heard:
        blame(rig, "a/m", Reason.TIMEOUT)
        await asyncio.sleep(suspicion_s - 10.0)
        spend_hedges(rig)
        return await hear(rig)

    heard = run(call())
    expected = [("a/m", "first", "TIMEOUT"), ("b/m", "failover", "")] if suspicion_s < 30 else [("a/m", "first", "")]
    assert attempts(heard) == expected


def test_without_budget_a_target_whose_breaker_has_opened_meanwhile_is_left() -> None:
    rig = two(late(12), good("B"))

    async def call() -> Heard:
        spend_hedges(rig)
        task = asyncio.create_task(hear_only(rig))
        await asyncio.sleep(5.0)
        blame(rig, "a/m", Reason.SERVER_ERROR, times=3)
        return await task

    assert attempts(run(call())) == [("a/m", "first", "TIMEOUT"), ("b/m", "failover", "")]


async def hear_only(rig: Rig) -> Heard:
    return await hear(rig)


def test_without_budget_nobody_is_left_for_nothing() -> None:
    rig = several(late(12))

    async def call() -> Heard:
        blame(rig, "a/m", Reason.TIMEOUT)
        spend_hedges(rig)
        return await hear(rig)

    assert attempts(run(call())) == [("a/m", "first", "")]


def test_without_budget_a_share_of_a_deadline_is_no_longer_than_it_was_and_blames_as_it_did() -> None:
    rig = two(SILENT, late(1, "B"))

    async def call() -> Heard:
        spend_hedges(rig)
        return await hear(rig, deadline_s=8.25)

    heard = run(call())
    assert attempts(heard) == [("a/m", "first", "DEADLINE"), ("b/m", "failover", "")]
    assert rig.times == [0.0, 4.0]
    assert failures(rig, "a/m") == 1


def test_a_hedge_not_taken_costs_no_budget() -> None:
    rig = two(late(9))
    run(hear(rig))
    assert rig.engine.services.hedges.available(1009.0) == 3.0
