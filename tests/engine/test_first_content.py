"""When the caller saw the first content, as the report tells it: of calls that end well, break or are left, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import Report
from sidecar.transport.double import Cut, Play, Wait

from .embedding import JSON, ONE, THREE, TWO, get, rigged, vectors
from .embedding import A as VECTORS
from .embedding import ask as ask_vectors
from .hedged import late, two
from .resuming import FAIL, RESTART, RESUME, A, B, chain, told
from .rig import DONE, Heard, Rig, ask, chunk, error, good, steps, text
from .virtual import run

BUFFER = Policy(on_stream_break=OnStreamBreak.BUFFER, buffer_s=2.0)


def breaks(first_s: float = 1.0, then_s: float = 3.0) -> Play:
    """Content after `first_s`, and a cut so long after that."""
    return steps(Wait(first_s), *text("The sea"), Wait(then_s), Cut())


def first_content_s(heard: Heard) -> float | None:
    """From arrival to the first content that was sent, in seconds to a hundredth; None: nothing was."""
    report = heard.error.report if heard.error is not None else heard.completed.report
    assert report is not None
    return rounded(report)


def rounded(report: Report) -> float | None:
    return round(report.first_content_s, 2) if report.first_content_s is not None else None


def left(rig: Rig, after_s: float, policy: Policy | None = None, *, reason: Reason | None = None) -> Report:
    """The report of a call whose caller leaves it, or that is interrupted for a reason."""

    async def scenario() -> Report:
        call = rig.engine.call(ask(policy=policy), None, buffered=False)

        async def listen() -> None:
            async with call:
                async for _ in call:
                    pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(after_s)
        if reason is not None:
            call.interrupt(reason, "over")
        else:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert call.report is not None
        return call.report

    return run(scenario())


def test_of_a_plain_answer_it_is_the_content_of_the_attempt_that_answered() -> None:
    assert first_content_s(told(chain((A, error(404)), (B, late(2.0))))) == 2.0


@pytest.mark.parametrize("policy", [RESUME, RESTART], ids=["resumed", "restarted"])
def test_an_answer_that_broke_off_was_first_seen_before_it_broke(policy: Policy) -> None:
    heard = told(chain((A, breaks()), (B, late(5.0, " is blue."))), ask(policy=policy))
    assert heard.reasons == ["STREAM_BROKEN", ""]
    assert first_content_s(heard) == 1.0


def test_a_call_that_failed_after_content_was_seen_all_the_same() -> None:
    heard = told(chain((A, breaks()), (B, good())), ask(policy=FAIL))
    assert heard.error is not None
    assert first_content_s(heard) == 1.0


@pytest.mark.parametrize("reason", [None, Reason.DRAINING], ids=["cancelled", "drained"])
def test_a_call_that_was_ended_after_content_was_seen_all_the_same(reason: Reason | None) -> None:
    report = left(chain((A, breaks(then_s=60.0))), 4.0, reason=reason)
    assert report.reason is (reason or Reason.CANCELLED)
    assert rounded(report) == 1.0


def test_a_call_that_was_left_before_any_content_has_none() -> None:
    assert rounded(left(chain((A, breaks(9.0))), 4.0)) is None


def test_an_attempt_that_lost_does_not_count() -> None:
    heard = told(two(late(14), late(3)))
    assert heard.reasons == ["TIMEOUT", ""]
    assert first_content_s(heard) == 13.0
    assert first_content_s(told(two(late(12), late(5)))) == 12.0


def test_an_answer_without_any_content_has_none() -> None:
    filtered = steps(chunk({"role": "assistant"}), chunk({}, "length"), DONE)
    assert first_content_s(told(chain((A, filtered)))) is None


def test_what_is_held_back_counts_when_it_goes_out() -> None:
    slow = steps(Wait(1), *text("The sea"), Wait(9), *text(" is blue."), chunk({}, "stop"), DONE)
    assert first_content_s(told(chain((A, slow)), ask(policy=BUFFER))) == 3.0
    short = steps(Wait(1), *text("The sea"), Wait(0.5), chunk({}, "stop"), DONE)
    assert first_content_s(told(chain((A, short)), ask(policy=BUFFER))) == 1.5


def test_what_was_held_back_and_broke_off_was_never_seen() -> None:
    heard = told(chain((A, breaks(then_s=1.0)), (B, late(3.0))), ask(policy=BUFFER))
    assert first_content_s(heard) == 5.0
    assert rounded(left(chain((A, breaks(then_s=60.0))), 2.0, BUFFER)) is None


def test_of_an_answer_given_whole_it_is_that_of_the_attempt_that_gave_it() -> None:
    rig = chain((A, breaks()), (B, late(2.0)))
    assert first_content_s(told(rig, buffered=True)) == 6.0
    failing = chain((A, breaks()))
    assert first_content_s(told(failing, ask(policy=Policy(max_attempts=1)), buffered=True)) is None


def test_of_vectors_it_is_the_last_batch_from_the_arrival_of_the_call() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO, before_s=2.0), vectors(THREE, before_s=3.0)]}, VECTORS)
    got = run(get(rig, ask_vectors("1", "2", "3")))
    assert got.call.report is not None
    assert rounded(got.call.report) == 5.0


def test_vectors_that_were_not_all_there_were_not_given() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), Play((Wait(1e6),), 200, JSON)]}, VECTORS)
    got = run(get(rig, ask_vectors("1", "2", "3"), 10.0))
    report = got.failed.report
    assert report is not None
    assert rounded(report) is None
