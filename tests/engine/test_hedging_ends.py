"""How calls end while two attempts are under way: failures of either, of both, and of the call itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Wait

from .hedged import (
    HEDGE,
    SILENT,
    A,
    B,
    attempts,
    fails,
    failures,
    heard_beside_others,
    hung_up,
    late,
    nothing_is_held,
    outcomes,
    several,
    took,
    two,
)
from .rig import Heard, Rig, ask, chunk, good, hear, provider, steps, text
from .virtual import run

FILTERED = fails(1, 400, "The response was filtered", "content_filter")
INVALID = fails(1, 400, "This is not a request", "invalid_value")


def test_when_the_hedge_fails_first_the_original_goes_on_and_the_next_entry_takes_its_place() -> None:
    rig = several(late(30), fails(1), late(50))
    heard = run(hear(rig))
    assert (heard.text, took(heard), rig.times) == ("Late", 30.0, [0.0, 10.0, 11.0])
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "SERVER_ERROR"), ("c/m", "hedge", "TIMEOUT")]
    assert outcomes(rig, "b/m") == (0, 1)


def test_when_the_hedge_fails_and_no_entry_is_left_the_original_is_waited_for() -> None:
    rig = two(late(30), fails(1))
    heard = run(hear(rig))
    assert (heard.text, rig.asked) == ("Late", ["a/m/k1", "b/m/k1"])


def test_a_hedge_that_fails_is_not_retried_while_the_original_is_under_way() -> None:
    rig = two(SILENT, fails(1))
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "b/m/k1"]
    assert heard.error is not None
    assert (heard.error.reason, took(heard)) == (Reason.TIMEOUT, 60.0)


def test_each_hedge_takes_its_own_part_of_the_budget() -> None:
    rig = several(late(30), fails(1), fails(1), fails(1))
    run(hear(rig))
    assert rig.times == [0.0, 10.0, 11.0, 12.0]
    assert rig.engine.services.hedges.available(1012.0) < 1.0


def test_when_the_original_fails_the_hedge_is_the_attempt() -> None:
    rig = two(fails(12), late(5, "B"))
    heard = run(hear(rig))
    assert (heard.text, took(heard)) == ("B", 15.0)
    assert attempts(heard) == [("a/m", "first", "SERVER_ERROR"), ("b/m", "hedge", "")]


def test_a_hedge_left_alone_is_hedged_itself_when_it_is_slow() -> None:
    rig = several(fails(12), SILENT, late(1, "C"))
    heard = run(hear(rig))
    assert (heard.text, rig.times) == ("C", [0.0, 10.0, 20.001])
    assert [kind for _, kind, _ in attempts(heard)] == ["first", "hedge", "hedge"]


def test_a_hedge_that_was_slow_already_is_hedged_when_the_original_fails() -> None:
    rig = several(fails(25), SILENT, late(1, "C"))
    heard = run(hear(rig))
    assert (heard.text, rig.times) == ("C", [0.0, 10.0, 25.0])


def test_when_both_fail_the_call_goes_on_and_the_error_lists_all() -> None:
    rig = several(fails(12), fails(4, 503), fails(0.1))
    heard = run(hear(rig))
    assert heard.error is not None
    assert [reason for _, _, reason in attempts(heard)] == ["SERVER_ERROR"] * len(attempts(heard))
    assert heard.error.message == ("3 entries failed: a/m SERVER_ERROR 500; b/m SERVER_ERROR 503; c/m SERVER_ERROR 500")
    assert nothing_is_held(rig)


def test_a_failure_at_the_same_instant_as_the_others_is_told_of_both() -> None:
    rig = two(fails(12), fails(2, 503))
    heard = run(hear(rig))
    assert attempts(heard)[:2] == [("a/m", "first", "SERVER_ERROR"), ("b/m", "hedge", "SERVER_ERROR")]
    assert nothing_is_held(rig)


@pytest.mark.parametrize(("play", "reason"), [(FILTERED, Reason.CONTENT_FILTERED), (INVALID, Reason.INVALID_REQUEST)])
def test_what_would_stop_the_call_lets_the_other_go_on_and_asks_nobody_else(play: Play, reason: Reason) -> None:
    for original, answers in ((late(20), True), (fails(20), False)):
        rig = several(original, play, good())
        heard = run(hear(rig))
        assert rig.asked == ["a/m/k1", "b/m/k1"]
        if answers:
            assert heard.text == "Late"
        else:
            assert heard.error is not None
            assert (heard.error.reason, heard.error.retry_after_s) == (reason, None)


def test_a_refusal_of_the_original_lets_the_hedge_go_on_and_asks_nobody_else() -> None:
    rig = several(replace(FILTERED, before_headers_s=11), late(20, "B"), good())
    heard = run(hear(rig))
    assert (heard.text, rig.asked) == ("B", ["a/m/k1", "b/m/k1"])


def test_a_refused_key_of_the_hedge_rests_and_the_next_entry_takes_its_place() -> None:
    owner = provider("b", "k1", "k2")
    plays = {"a/m": [late(30)], "b/m": [fails(1, 401)], "c/m": [late(50)]}
    rig = Rig(plays, (A, owner, provider("c")), ("b/m", "c/m"), HEDGE)
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "b/m/k1", "c/m/k1"]
    assert heard.text == "Late"
    assert rig.engine.services.health.unavailable(rig.target("b/m"), 1031.0) is not None
    assert rig.engine.services.health.unavailable(rig.target("b/m", 1), 1031.0) is None


def test_what_a_model_refuses_beside_another_is_remembered_for_later_calls() -> None:
    refusal = fails(1, 400, "Unsupported parameter: 'seed' is not supported with this model.")
    rig = several(late(30), refusal)
    rig.plays["b/m"].append(good())

    async def calls() -> None:
        await hear(rig, ask(seed=7))
        await hear(rig, ask("b/m", seed=7))

    run(calls())
    assert b'"seed"' in rig.transport.sent[1].post.body
    assert b'"seed"' not in rig.transport.sent[2].post.body


def test_a_committed_hedge_that_breaks_is_the_error_though_the_other_was_only_slow() -> None:
    rig = two(SILENT, steps(Wait(1), *text("He"), Cut()))
    heard = run(hear(rig))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == "He"
    assert hung_up(rig)[0] == 11.0


def test_a_hedge_that_says_nothing_and_ends_has_failed_and_the_original_goes_on() -> None:
    rig = two(late(30), steps(Wait(1), chunk({"role": "assistant"}), chunk({}, "stop")))
    assert attempts(run(hear(rig))) == [("a/m", "first", ""), ("b/m", "hedge", "EMPTY_RESPONSE")]


def test_a_hedge_that_ends_without_content_for_another_cause_is_the_answer() -> None:
    rig = two(SILENT, steps(Wait(1), chunk({"role": "assistant"}), chunk({}, "length")))
    heard = run(hear(rig))
    assert heard.completed.finish == "length"
    assert attempts(heard) == [("a/m", "first", "TIMEOUT"), ("b/m", "hedge", "")]


def test_whoever_leaves_hangs_up_on_both_at_once() -> None:
    rig = two(SILENT, SILENT)

    async def leave() -> None:
        task = asyncio.create_task(hear(rig))
        await asyncio.sleep(15.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert hung_up(rig) == [15.0, 15.0]
        await asyncio.sleep(0)
        assert nothing_is_held(rig)

    run(leave())
    assert [outcomes(rig, name) for name in ("a/m", "b/m")] == [(0, 0), (0, 0)]


def test_a_deadline_ends_both_and_blames_nobody() -> None:
    rig = two(SILENT, SILENT)
    heard = run(hear(rig, ask(policy=Policy(first_content_s=1.0)), deadline_s=5.0))
    assert heard.error is not None
    assert (heard.error.reason, took(heard)) == (Reason.DEADLINE, 4.75)
    assert heard.reasons == ["DEADLINE", "DEADLINE"]
    assert hung_up(rig) == [4.75, 4.75]
    assert (failures(rig, "a/m"), failures(rig, "b/m")) == (0, 0)
    assert nothing_is_held(rig)


def test_draining_ends_both() -> None:
    rig = two(SILENT, SILENT)

    async def drain() -> Heard:
        task = asyncio.create_task(hear(rig))
        await asyncio.sleep(15.0)
        rig.engine.interrupt_all()
        return await task

    heard = run(drain())
    assert heard.error is not None
    assert heard.error.reason is Reason.DRAINING
    assert heard.reasons == ["CANCELLED", "CANCELLED"]
    assert hung_up(rig) == [15.0, 15.0]


def test_a_bug_while_a_hedge_is_under_way_leaves_nothing_behind() -> None:
    rig = two(SILENT, fails(1))

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    async def call() -> None:
        rig.engine.services.codecs["openai"].classify = crash  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            await hear(rig)
        await asyncio.sleep(0)
        assert nothing_is_held(rig)

    run(call())


def test_a_slot_of_a_limited_profile_is_held_by_a_hedge_until_it_has_lost() -> None:
    owner = replace(B, profiles=tuple(replace(profile, max_concurrency=1) for profile in B.profiles))
    plays = {"a/m": [late(12)], "b/m": [SILENT], "c/m": [late(50)]}
    rig = Rig(plays, (A, owner, provider("c")), ("b/m", "c/m"), HEDGE)

    async def calls() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(heard_beside_others(rig))

    run(calls())
    assert sorted(rig.asked) == ["a/m/k1", "a/m/k1", "b/m/k1", "c/m/k1"]
    assert nothing_is_held(rig)


def test_a_whole_answer_that_breaks_goes_to_the_entries_nobody_has_found_slow() -> None:
    rig = several(SILENT, steps(Wait(1), *text("He"), Cut()), good("C"))
    heard = run(hear(rig, buffered=True))
    assert attempts(heard) == [
        ("a/m", "first", "TIMEOUT"),
        ("b/m", "hedge", "STREAM_BROKEN"),
        ("c/m", "failover", ""),
    ]
