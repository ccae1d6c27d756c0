"""Reports of past calls, for ten minutes: "what happened to this call?"."""

from __future__ import annotations

from collections import deque

from ..core.report import Report

KEPT_S = 600.0
PER_ID = 10
MAX_REPORTS = 10_000


class ReportStore:
    """By request id. Bounded: 10,000 reports, the oldest go first."""

    def __init__(self) -> None:
        self._order: deque[tuple[float, str]] = deque()
        self._by_id: dict[str, deque[Report]] = {}

    def add(self, report: Report, now: float) -> None:
        """Keeps a report."""
        self._forget(now)
        self._order.append((now, report.request_id))
        self._by_id.setdefault(report.request_id, deque()).append(report)
        if len(self._order) > MAX_REPORTS:
            self._drop_oldest()

    def find(self, request_id: str, now: float) -> list[Report]:
        """Newest first, at most 10."""
        self._forget(now)
        return list(reversed(self._by_id.get(request_id, ())))[:PER_ID]

    def _forget(self, now: float) -> None:
        while self._order and now - self._order[0][0] >= KEPT_S:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, request_id = self._order.popleft()
        reports = self._by_id[request_id]
        reports.popleft()
        if not reports:
            del self._by_id[request_id]
