"""What else bounds hedges: shares of a deadline, a refusal that ends the call, and entries whose breakers are not closed."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.core.reasons import Reason
from sidecar.transport.double import Play

from .hedged import SILENT, attempts, blame, fails, failures, hung_up, late, several, spend_hedges, took, two
from .rig import Heard, ask, good, hear
from .virtual import run

FILTERED = fails(1, 400, "The response was filtered", "content_filter")
REFUSES_SEED = fails(15, 400, "Unsupported parameter: 'seed' is not supported with this model.")


def test_where_two_have_used_up_their_shares_of_a_deadline_the_older_makes_room_and_both_are_blamed() -> None:
    rig = several(SILENT, SILENT, good("C"))
    heard = run(hear(rig, deadline_s=9.25))
    assert (heard.text, rig.times) == ("C", [0.0, 3.0, 6.0])
    assert attempts(heard) == [("a/m", "first", "DEADLINE"), ("b/m", "hedge", "DEADLINE"), ("c/m", "hedge", "")]
    assert hung_up(rig)[:2] == [6.0, 6.0]
    assert [failures(rig, name) for name in ("a/m", "b/m", "c/m")] == [1, 1, 0]


def test_the_younger_of_two_may_still_win_when_the_older_has_made_room() -> None:
    rig = several(SILENT, late(4, "B"), SILENT)
    heard = run(hear(rig, deadline_s=9.25))
    assert (heard.text, took(heard), rig.times) == ("B", 7.0, [0.0, 3.0, 6.0])
    assert attempts(heard) == [("a/m", "first", "DEADLINE"), ("b/m", "hedge", ""), ("c/m", "hedge", "CANCELLED")]
    assert [failures(rig, name) for name in ("a/m", "b/m", "c/m")] == [1, 0, 0]


def test_without_budget_three_entries_get_the_same_shares_one_after_the_other() -> None:
    rig = several(SILENT, SILENT, good("C"))

    async def call() -> Heard:
        spend_hedges(rig)
        return await hear(rig, deadline_s=9.25)

    heard = run(call())
    assert rig.times == [0.0, 3.0, 6.0]
    assert attempts(heard) == [("a/m", "first", "DEADLINE"), ("b/m", "failover", "DEADLINE"), ("c/m", "failover", "")]
    assert [failures(rig, name) for name in ("a/m", "b/m")] == [1, 1]


@pytest.mark.parametrize(("deadline_s", "blamed"), [(5.0, [1, 0]), (3.0, [0, 0])])
def test_of_two_slow_ones_only_that_is_blamed_which_had_two_seconds(deadline_s: float, blamed: list[int]) -> None:
    rig = several(SILENT, SILENT, good("C"))
    heard = run(hear(rig, deadline_s=deadline_s))
    assert heard.text == "C"
    assert [failures(rig, name) for name in ("a/m", "b/m")] == blamed


def test_no_repair_is_made_or_told_once_a_safety_refusal_of_the_hedge_has_ended_the_call() -> None:
    rig = several(REFUSES_SEED, FILTERED, good())
    heard = run(hear(rig, ask(seed=7)))
    assert heard.error is not None
    assert heard.error.report is not None
    assert (heard.error.reason, heard.error.report.repairs) == (Reason.CONTENT_FILTERED, ())
    assert rig.asked == ["a/m/k1", "b/m/k1"]
    assert heard.reasons == ["UNSUPPORTED_PARAMETER", "CONTENT_FILTERED"]


@pytest.mark.parametrize("play", [late(25), SILENT], ids=["would answer late", "would never answer"])
def test_where_the_only_other_entry_is_half_open_a_suspect_target_is_left_for_its_probe(play: Play) -> None:
    rig = two(play, good("B"))

    async def call() -> Heard:
        blame(rig, "b/m", Reason.SERVER_ERROR, times=3)
        await asyncio.sleep(25.0)
        blame(rig, "a/m", Reason.TIMEOUT)
        return await hear(rig)

    heard = run(call())
    assert attempts(heard) == [("a/m", "first", "TIMEOUT"), ("b/m", "failover", "")]
    assert took(heard) == pytest.approx(10.0, abs=0.01)
    assert rig.engine.services.hedges.available(1035.0) == 3.0


def test_where_the_only_other_entry_is_half_open_one_without_suspicion_is_waited_for() -> None:
    rig = two(late(25), good("B"))

    async def call() -> Heard:
        blame(rig, "b/m", Reason.SERVER_ERROR, times=3)
        await asyncio.sleep(25.0)
        return await hear(rig)

    assert attempts(run(call())) == [("a/m", "first", "")]


def test_where_the_only_other_entry_is_open_even_a_suspect_target_is_waited_for() -> None:
    rig = two(late(12), good("B"))

    async def call() -> Heard:
        blame(rig, "a/m", Reason.TIMEOUT)
        blame(rig, "b/m", Reason.SERVER_ERROR, times=3)
        return await hear(rig)

    assert attempts(run(call())) == [("a/m", "first", "")]
