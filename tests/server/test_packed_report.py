"""The report that went out in an answer is the one that is kept, packed once."""

from __future__ import annotations

from sidecar.core.catalog import Entry, Target
from sidecar.core.events import Completed, Finish
from sidecar.core.report import Attempt, AttemptKind, Report
from sidecar.core.usage import Usage
from sidecar.pb import chat_pb2
from sidecar.server import outgoing

TARGET = Target(Entry("a", "m"), "k1", "http://a.test/v1", "id")


def answered(number: int) -> Completed:
    attempt = Attempt(1, TARGET, AttemptKind.FIRST, 1.5e9, 0.25, upstream_status=200, usage=Usage(5, 7))
    report = Report(f"r{number}", "0" * 32, "m", 1.5e9, 0.5, (attempt,), actual=TARGET)
    usage = Usage(5, 7)
    return Completed(Finish.STOP, None, usage, usage, None, "m", TARGET, None, False, report, "0" * 32)


def test_it_is_the_same_whether_it_went_out_before_or_not() -> None:
    done = answered(1)
    before = outgoing.packed_report(done.report)
    outgoing.completed(done, chat_pb2.CompleteResponse)
    assert outgoing.packed_report(done.report) == before == outgoing.packed_report(done.report)


def test_an_equal_report_of_another_call_is_packed_for_itself() -> None:
    done, other = answered(1), answered(1)
    outgoing.completed(done, chat_pb2.CompleteResponse)
    assert outgoing.packed_report(other.report) == outgoing.packed_report(done.report)


def test_reports_that_nobody_keeps_are_not_held_for_ever() -> None:
    for number in range(outgoing.MAX_PACKED * 2 + 1):
        outgoing.completed(answered(number), chat_pb2.CompleteResponse)
    assert len(outgoing._packed) <= outgoing.MAX_PACKED
