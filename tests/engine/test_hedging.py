"""A slow attempt is hedged: who is asked beside it, when, and that the first content wins."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.core.catalog import Model
from sidecar.core.events import AttemptEnded, Delta, PartCompleted, Started
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play, Wait

from .hedged import (
    HEDGE,
    SILENT,
    B,
    attempts,
    blame,
    failures,
    hung_up,
    late,
    nothing_is_held,
    outcomes,
    run_calls,
    several,
    took,
    two,
)
from .rig import Heard, Rig, ask, chunk, good, hear, provider, steps, text
from .test_observation import watched
from .virtual import run

UNARY = provider("a", models=(Model("m", streaming=False),))


def test_when_the_first_content_limit_runs_out_the_next_entry_is_asked_beside_the_first() -> None:
    rig = two(late(12), late(5, "Hedge"))
    heard = run(hear(rig))
    assert (heard.text, took(heard)) == ("Late", 12.0)
    assert (rig.asked, rig.times) == (["a/m/k1", "b/m/k1"], [0.0, 10.0])
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "CANCELLED")]
    assert not heard.completed.failed_over
    assert nothing_is_held(rig)


def test_the_hedge_wins_with_the_first_content_and_the_other_is_hung_up_on_at_once() -> None:
    rig = two(SILENT, steps(Wait(2), *text("He"), Wait(3), *text("dge"), chunk({}, "stop")))
    heard = run(hear(rig))
    assert (heard.text, took(heard)) == ("Hedge", 15.0)
    assert hung_up(rig)[0] == 12.0
    assert attempts(heard) == [("a/m", "first", "TIMEOUT"), ("b/m", "hedge", "")]
    assert heard.completed.failed_over
    assert heard.completed.target.entry.provider == "b"


def test_a_loser_that_was_silent_past_its_own_limit_has_timed_out_and_is_parked_after_three() -> None:
    rig = two(SILENT)
    (heard,) = run_calls(rig, 1)
    assert outcomes(rig, "a/m") == (0, 1)
    lost, won = heard.completed.report.attempts
    assert (lost.reason, lost.message) == (Reason.TIMEOUT, "no content, and another target answered first")
    assert (round(lost.duration_s, 2), won.duration_s) == (10.0, 0.0)
    rig = two(SILENT)
    *_, last = run_calls(rig, 4)
    assert attempts(last) == [("b/m", "first", "")]
    (skip,) = last.completed.report.skipped
    assert skip.message == "open for 20 s"


def test_a_hedge_that_loses_before_its_own_limit_says_nothing_of_its_target() -> None:
    rig = two(late(12), SILENT)
    run(hear(rig))
    assert hung_up(rig)[1] == 12.0
    assert outcomes(rig, "b/m") == (0, 0)
    assert outcomes(rig, "a/m") == (1, 0)


def test_a_hedge_that_loses_after_its_own_limit_has_timed_out() -> None:
    rig = two(late(21), SILENT)
    assert run(hear(rig)).reasons == ["", "TIMEOUT"]
    assert outcomes(rig, "b/m") == (0, 1)


def test_at_most_one_hedge_is_under_way_however_slow_both_are() -> None:
    rig = several(SILENT, late(40), late(1))
    heard = run(hear(rig))
    assert took(heard) == 50.0
    assert rig.asked == ["a/m/k1", "b/m/k1"]


def test_only_an_entry_with_a_closed_breaker_is_asked_beside_another() -> None:
    rig = several(SILENT, good(), good("C"))

    async def call() -> Heard:
        blame(rig, "b/m", Reason.SERVER_ERROR, times=3)
        await asyncio.sleep(25.0)
        return await hear(rig)

    heard = run(call())
    assert (heard.text, rig.asked) == ("C", ["a/m/k1", "c/m/k1"])


@pytest.mark.parametrize(
    "policy",
    [Policy(pin=True), Policy(only_providers=("a",)), Policy(never_providers=("b",))],
    ids=["pin", "only_providers", "never_providers"],
)
def test_a_hedge_never_goes_outside_the_boundaries(policy: Policy) -> None:
    rig = two(late(30))
    heard = run(hear(rig, ask(policy=policy)))
    assert (heard.text, rig.asked) == ("Late", ["a/m/k1"])


def test_another_profile_of_the_same_entry_is_no_hedge() -> None:
    rig = Rig({"a/m": [late(30)]}, (provider("a", "k1", "k2"),), policy=HEDGE)
    assert run(hear(rig)).text == "Late"
    assert rig.asked == ["a/m/k1"]


def test_a_hedge_is_asked_at_the_callers_shorter_limit_and_nobody_is_blamed() -> None:
    rig = two(SILENT, late(1))
    heard = run(hear(rig, ask(policy=Policy(first_content_s=2.0))))
    assert (rig.times, took(heard)) == ([0.0, 2.0], 3.0)
    assert heard.reasons == ["CANCELLED", ""]
    assert outcomes(rig, "a/m") == (0, 0)


def test_past_its_own_limit_a_loser_has_timed_out_though_the_caller_asked_for_a_shorter_one() -> None:
    rig = two(SILENT, late(9))
    heard = run(hear(rig, ask(policy=Policy(first_content_s=2.0))))
    assert heard.reasons == ["TIMEOUT", ""]
    assert failures(rig, "a/m") == 1


@pytest.mark.parametrize(("deadline_s", "starts_at", "blamed"), [(8.25, 4.0, 1), (3.0, 1.425, 0)])
def test_a_share_of_a_deadline_hedges_and_blames_only_after_two_seconds(
    deadline_s: float, starts_at: float, blamed: int
) -> None:
    rig = two(SILENT, late(0.5, "B"))
    heard = run(hear(rig, deadline_s=deadline_s))
    assert (heard.text, rig.times) == ("B", [0.0, starts_at])
    assert heard.reasons == ["DEADLINE", ""]
    assert failures(rig, "a/m") == blamed


def test_a_hedge_that_loses_within_its_share_of_a_deadline_is_not_blamed() -> None:
    rig = several(late(7), SILENT, good("C"))
    heard = run(hear(rig, deadline_s=12.25))
    assert rig.times == [0.0, 4.0]
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "CANCELLED")]
    assert failures(rig, "b/m") == 0


def test_a_losers_own_limit_counts_from_when_its_request_was_sent() -> None:
    connecting = Play((Wait(1000),), connect_s=4.0)
    for after_s, blamed in ((5.0, 0), (9.0, 1)):
        rig = two(connecting, late(after_s, "B"))
        assert run(hear(rig, ask(policy=Policy(first_content_s=2.0)))).text == "B"
        assert rig.times == [0.0, 6.0]
        assert failures(rig, "a/m") == blamed


def test_the_first_may_still_win_after_its_share_of_a_deadline() -> None:
    rig = two(late(6), SILENT)
    heard = run(hear(rig, deadline_s=8.25))
    assert (heard.text, took(heard)) == ("Late", 6.0)
    assert heard.reasons == ["", "CANCELLED"]


def test_without_another_entry_it_is_waited_for_until_the_outer_limit() -> None:
    rig = several(SILENT)
    heard = run(hear(rig))
    assert heard.error is not None
    assert (heard.error.reason, took(heard)) == (Reason.TIMEOUT, 60.0)
    assert failures(rig, "a/m") == 1
    assert run(hear(several(late(59.5)))).text == "Late"


def test_the_callers_own_outer_limit_ends_the_wait_and_blames_nobody() -> None:
    rig = several(SILENT)
    heard = run(hear(rig, ask(policy=Policy(first_content_limit_s=20.0))))
    assert heard.error is not None
    assert (heard.error.reason, took(heard)) == (Reason.DEADLINE, 20.0)
    assert failures(rig, "a/m") == 0


def test_both_wait_to_their_own_outer_limit_and_the_error_lists_both() -> None:
    rig = two(SILENT, SILENT)
    heard = run(hear(rig))
    assert heard.error is not None
    assert (heard.error.reason, took(heard)) == (Reason.TIMEOUT, 70.0)
    assert heard.error.message == "2 entries failed: a/m TIMEOUT 200; b/m TIMEOUT 200"
    assert attempts(heard) == [("a/m", "first", "TIMEOUT"), ("b/m", "hedge", "TIMEOUT")]
    assert hung_up(rig) == [60.0, 70.0]
    assert (failures(rig, "a/m"), failures(rig, "b/m")) == (1, 1)


@pytest.mark.parametrize("on_slow", [OnSlow.WAIT, OnSlow.FAILOVER])
def test_a_caller_may_ask_for_no_hedge(on_slow: OnSlow) -> None:
    rig = two(late(12))
    heard = run(hear(rig, ask(policy=Policy(on_slow=on_slow))))
    assert attempts(heard) == (
        [("a/m", "first", "")] if on_slow is OnSlow.WAIT else [("a/m", "first", "TIMEOUT"), ("b/m", "failover", "")]
    )


def test_a_model_that_cannot_stream_is_given_the_outer_limit_and_not_hedged() -> None:
    body = b'{"id":"r1","choices":[{"message":{"role":"assistant","content":"Whole"},"finish_reason":"stop"}]}'
    play = Play((Wait(30), body), headers={"content-type": "application/json"})
    rig = Rig({"a/m": [play, SILENT], "b/m": [good()]}, (UNARY, B), ("b/m",), HEDGE)
    first, second = run_calls(rig, 2)
    assert (attempts(first), took(first)) == ([("a/m", "first", "")], 30.0)
    assert (attempts(second), took(second)) == ([("a/m", "first", "TIMEOUT"), ("b/m", "failover", "")], 60.0)


def test_a_hedge_that_cannot_stream_is_not_blamed_before_the_outer_limit() -> None:
    rig = Rig({"b/m": [late(26)], "a/m": [SILENT]}, (B, UNARY), ("a/m",), HEDGE)
    assert attempts(run(hear(rig))) == [("b/m", "first", ""), ("a/m", "hedge", "CANCELLED")]
    assert outcomes(rig, "a/m") == (0, 0)


def test_nothing_that_was_held_of_the_loser_reaches_the_caller() -> None:
    state = chunk({"role": "assistant", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]})
    rig = two(steps(state, Wait(1000)), late(1, "B"))
    heard = run(hear(rig))
    assert [type(event) for event in heard.events if not isinstance(event, PartCompleted)][:2] == [Started, Delta]
    assert {event.target.entry.provider for event in heard.events if isinstance(event, Started)} == {"b"}
    assert heard.text == "B"
    message = heard.completed.message
    assert message is not None
    assert [part.opaque_state for part in message.parts] == [None]


@pytest.mark.parametrize("winner", ["a", "b"])
def test_an_answer_made_whole_first_is_hedged_too(winner: str) -> None:
    rig = two(late(12 if winner == "a" else 1000, "A", "a"), late(1 if winner == "b" else 1000, "B", "b"))
    heard = run(hear(rig, buffered=True))
    assert heard.text == ""
    assert heard.completed.message is not None
    assert "".join(part.content.text for part in heard.completed.message.parts) == winner.upper() + winner  # type: ignore[union-attr]
    assert [kind for _, kind, _ in attempts(heard)] == ["first", "hedge"]
    assert nothing_is_held(rig)


def test_of_content_at_the_same_instant_the_older_attempts_is_the_answer() -> None:
    rig = two(late(11, "A"), late(1, "B"))
    heard = run(hear(rig))
    assert heard.text == "A"
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "CANCELLED")]
    assert [outcomes(rig, name) for name in ("a/m", "b/m")] == [(1, 0), (0, 0)]
    assert nothing_is_held(rig)


def test_observers_and_callers_are_told_of_each_attempt_once() -> None:
    rig = two(SILENT, late(1))
    observer = watched(rig)
    heard = run(hear(rig, ask(include_attempts=True)))
    assert observer.started == ["a/m", "b/m"]
    assert [(a.index, a.reason) for a in observer.ended] == [(1, Reason.TIMEOUT), (2, None)]
    told = [event.attempt for event in heard.events if isinstance(event, AttemptEnded)]
    assert told == observer.ended
