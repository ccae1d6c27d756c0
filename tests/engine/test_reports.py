"""Reports of past calls: by request id, newest first, bounded."""

from __future__ import annotations

from sidecar.core.report import Report
from sidecar.engine.reports import KEPT_S, MAX_BYTES, MAX_REPORTS, PER_ID, ReportStore


def report(request_id: str, message: str = "") -> Report:
    return Report(request_id, "", "m", 0.0, 0.0, message=message)


def store() -> ReportStore:
    """Packs a report as its message."""
    return ReportStore(lambda kept: kept.message.encode())


def test_reports_of_one_id_come_newest_first_and_at_most_ten() -> None:
    reports = store()
    for i in range(PER_ID + 2):
        reports.add(report("a", str(i)), float(i))
    reports.add(report("b", "other"), 20.0)
    assert reports.find("a", 20.0) == [str(i).encode() for i in range(11, 1, -1)]
    assert reports.find("b", 20.0) == [b"other"]
    assert reports.find("c", 20.0) == []


def test_a_report_is_forgotten_after_ten_minutes() -> None:
    reports = store()
    reports.add(report("a", "old"), 0.0)
    reports.add(report("b", "gone"), 0.0)
    reports.add(report("a", "new"), 100.0)
    assert reports.find("a", KEPT_S) == [b"new"]
    assert reports.find("b", KEPT_S) == []
    assert reports.find("a", KEPT_S + 100.0) == []


def test_the_oldest_go_when_there_are_too_many_or_they_are_too_large() -> None:
    many, large = store(), store()
    for i in range(MAX_REPORTS + 1):
        many.add(report(str(i), "x"), 0.0)
    assert many.find("0", 0.0) == []
    assert many.find("1", 0.0) == [b"x"]
    for i in range(4):
        large.add(report(str(i), "x" * (MAX_BYTES // 3)), 0.0)
    assert [bool(large.find(str(i), 0.0)) for i in range(4)] == [False, True, True, True]
