"""Commit, break, endings, cancellation and back-pressure of one stream, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from sidecar.core.errors import CallError
from sidecar.core.events import Delta, Finish, Started
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Wait

from .rig import DONE, Heard, Rig, ask, chunk, good, hear, provider, steps, text
from .virtual import run

A, B = provider("a"), provider("b")
FAIL = ask(policy=Policy(on_stream_break=OnStreamBreak.FAIL))


def two(*parts: object) -> Rig:
    """Provider a plays the parts, b is healthy."""
    return Rig({"a/m": [steps(*parts)], "b/m": [good()]}, (A, B), ("b/m",))  # type: ignore[arg-type]


def test_a_cut_after_content_is_one_honest_error_with_the_partial_text() -> None:
    rig = two(*text("Hel"), Cut())
    heard = run(hear(rig, FAIL))
    assert heard.text == "Hel"
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert rig.asked == ["a/m/k1"]


def test_a_clean_end_without_completion_is_never_success() -> None:
    heard = run(hear(two(*text("Hel")), FAIL))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN


def test_a_cut_before_content_moves_on_silently() -> None:
    heard = run(hear(two(chunk({"role": "assistant"}), Cut())))
    assert heard.text == "Hello world"
    assert sum(isinstance(event, Started) for event in heard.events) == 1


def test_a_malformed_event_after_content_breaks_the_stream() -> None:
    heard = run(hear(two(*text("Hel"), b"data: {nonsense\n\n", *text("lo"), chunk({}, "stop"), DONE), FAIL))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == "Hel"


def test_content_that_arrives_together_with_the_fault_is_delivered_first() -> None:
    heard = run(hear(two(b"".join(text("Hel", "lo")) + b"data: {nonsense\n\n"), FAIL))
    assert heard.text == "Hello"
    assert heard.error is not None


def test_an_error_event_after_content_is_told_by_its_own_reason() -> None:
    event = b'data: {"error":{"message":"overloaded","code":529}}\n\n'
    heard = run(hear(two(*text("Hel"), event), FAIL))
    assert heard.error is not None
    assert heard.error.reason is Reason.OVERLOADED


def test_a_missing_done_after_a_finish_reason_ends_at_once() -> None:
    heard = run(hear(two(*text("Hello"), chunk({}, "stop"))))
    assert heard.completed.finish is Finish.STOP
    assert heard.took_s == 0.0


def test_a_connection_left_open_after_the_finish_reason_is_not_waited_for() -> None:
    heard = run(hear(two(*text("Hello"), chunk({}, "stop"), Wait(1000))))
    assert heard.text == "Hello"
    assert heard.took_s == 1.0


def test_a_cut_after_the_finish_reason_is_success() -> None:
    assert run(hear(two(*text("Hello"), chunk({}, "length"), Cut()))).completed.finish is Finish.LENGTH


def test_done_without_a_finish_reason_is_completion() -> None:
    assert run(hear(two(*text("Hello"), DONE))).completed.finish is Finish.STOP


def test_a_filtered_end_is_passed_on_as_what_it_is() -> None:
    heard = run(hear(two(*text("Hel"), chunk({}, "content_filter"), DONE)))
    assert heard.completed.finish is Finish.CONTENT_FILTERED


def test_a_buffered_call_recovers_from_a_cut_without_a_trace_in_the_text() -> None:
    rig = two(*text("Hel"), Wait(1), Cut())
    heard = run(hear(rig, buffered=True))
    assert heard.completed.message is not None
    assert [p.content.text for p in heard.completed.message.parts] == ["Hello world"]  # type: ignore[union-attr]
    assert rig.asked == ["a/m/k1", "b/m/k1"]
    assert heard.reasons == ["STREAM_BROKEN", ""]


def test_a_caller_who_leaves_closes_the_upstream_at_once_and_blames_nobody() -> None:
    rig = two(*text("Hel"), Wait(1000))

    async def leave() -> None:
        call = rig.engine.call(ask(), None, buffered=False)
        async with call:
            async for _ in call:
                break
        sent = rig.transport.sent[0]
        await asyncio.sleep(0)
        assert sent.aborted_at == asyncio.get_running_loop().time()
        assert call.report is not None
        assert call.report.reason is Reason.CANCELLED

    run(leave())
    health = rig.engine.services.health
    assert health.open_tickets == 0
    assert health.entry(rig.target("a/m")).failures == 0


def test_a_slow_caller_stops_the_reading_and_its_idle_clock() -> None:
    piece = "x" * 1000
    rig = Rig({"a/m": [steps(*text(*[piece] * 400), Wait(5), *text("!"), chunk({}, "stop"), DONE)]}, (A,),
              max_pending_bytes=10_000)  # fmt: skip

    async def slow() -> int:
        received = 0
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for batch in call:
                received += sum(len(event.text) for event in batch if isinstance(event, Delta))
                ahead = rig.transport.sent[0].bytes_read - received
                await asyncio.sleep(20)
                assert rig.transport.sent[0].bytes_read - received < ahead + 25_000
        return received

    assert run(slow()) == 400_001


def test_a_cut_behind_our_own_back_pressure_has_no_health_effect() -> None:
    rig = Rig({"a/m": [steps(*text(*["x" * 1000] * 40), Cut())]}, (A,), max_pending_bytes=10_000)

    async def slow() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for _ in call:
                await asyncio.sleep(6)

    with pytest.raises(CallError) as caught:
        run(slow())
    assert caught.value.reason is Reason.STREAM_BROKEN
    assert rig.engine.services.health.entry(rig.target("a/m")).failures == 0


def test_an_answer_too_large_for_one_message_ends_in_an_error_that_says_what_to_do() -> None:
    piece = text("x" * 1_000_000)
    for buffered in (False, True):
        rig = Rig({"a/m": [steps(*piece * 40, chunk({}, "stop"), DONE)]}, (A,))
        heard = run(hear(rig, buffered=buffered))
        assert heard.error is not None
        assert heard.error.reason is Reason.STREAM_BROKEN
        assert "omit_message" in heard.error.message
        assert rig.engine.services.health.entry(rig.target("a/m")).failures == 0


def test_a_stream_whose_caller_omits_the_message_may_be_of_any_size() -> None:
    rig = Rig({"a/m": [steps(*text("x" * 1_000_000) * 40, chunk({}, "stop"), DONE)]}, (A,))
    heard = run(hear(rig, ask(omit_message=True)))
    assert len(heard.text) == 40_000_000
    assert heard.completed.message is None


def test_an_answer_that_finishes_with_an_error_is_no_answer() -> None:
    heard = run(hear(two(*text("Hel"), chunk({}, "error"), DONE), FAIL))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN


def test_deltas_that_wait_go_out_as_one() -> None:
    heard = run(hear(two(b"".join(text("H", "e", "l", "l", "o")), chunk({}, "stop"), DONE)))
    assert [event.text for event in heard.events if isinstance(event, Delta)] == ["Hello"]


def test_a_lone_token_is_not_delayed() -> None:
    rig = two(*text("H"), Wait(3), *text("i"), chunk({}, "stop"), DONE)

    async def first() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for batch in call:
                if any(isinstance(event, Delta) for event in batch):
                    return loop.time() - began
        raise AssertionError

    assert run(first()) == 0.0


def test_draining_ends_a_running_stream_with_its_report() -> None:
    rig = two(*text("Hel"), Wait(1000))

    async def drained() -> Heard:
        asyncio.get_running_loop().call_later(5, rig.engine.interrupt_all)
        return await hear(rig)

    heard = run(drained())
    assert heard.took_s == 5.0
    assert heard.text == "Hel"
    assert heard.error is not None
    assert heard.error.reason is Reason.DRAINING
    assert heard.reasons == ["CANCELLED"]


def test_too_many_calls_are_refused_as_busy_without_an_attempt() -> None:
    rig = Rig({"a/m": [good()]}, (A,), max_concurrent=1)

    async def crowd() -> CallError:
        with closing(rig.engine.call(ask(), None, buffered=False)), pytest.raises(CallError) as caught:
            rig.engine.call(ask(), None, buffered=False)
        return caught.value

    error = run(crowd())
    assert error.reason is Reason.BUSY
    assert error.retry_after_s == 1.0
    assert rig.asked == []


def test_a_report_is_kept_by_request_id_newest_first_for_ten_minutes() -> None:
    rig = Rig({"a/m": [good()]}, (A,))

    async def many() -> list[int]:
        for _ in range(12):
            await hear(rig)
        reports, clock = rig.engine.services.reports, rig.engine.services.clock
        found = len(reports.find("q1", clock.now()))
        await asyncio.sleep(601)
        return [found, len(reports.find("q1", clock.now()))]

    assert run(many()) == [10, 0]
