"""Reports of past calls, for ten minutes: "what happened to this call?"."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..core.report import Report

KEPT_S = 600.0
PER_ID = 10
MAX_REPORTS = 10_000
MAX_BYTES = 1024 * 1024
"""Of packed reports: what most calls leave is some 250 bytes."""
FRESH = 64
"""So many are packed in one go: one after the other costs half of what each would between calls."""

Pack = Callable[[Report], bytes]


class ReportStore:
    """By request id, packed: as objects ten thousand reports would take 25 MB. `pack`: a report as bytes.

    Bounded: 10,000 reports and 1 MiB; the oldest go first.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._fresh: list[tuple[float, Report]] = []
        self._instants: deque[float] = deque()
        self._ids: deque[str] = deque()
        self._by_id: dict[str, bytes | list[bytes]] = {}
        self._bytes = 0

    def add(self, report: Report, now: float) -> None:
        """Keeps a report."""
        self._fresh.append((now, report))
        if len(self._fresh) >= FRESH:
            self._settle(now)

    def find(self, request_id: str, now: float) -> list[bytes]:
        """Packed, newest first, at most 10."""
        self._settle(now)
        known = self._by_id.get(request_id, [])
        return list(reversed(known if isinstance(known, list) else [known]))[:PER_ID]

    def _settle(self, now: float) -> None:
        """Packs what is fresh, and forgets what is old or too much."""
        for at, report in self._fresh:
            self._keep(report.request_id, self._pack(report), at)
        self._fresh.clear()
        while self._ids and (
            now - self._instants[0] >= KEPT_S or len(self._ids) > MAX_REPORTS or self._bytes > MAX_BYTES
        ):
            self._drop_oldest()

    def _keep(self, request_id: str, packed: bytes, at: float) -> None:
        self._instants.append(at)
        self._ids.append(request_id)
        self._bytes += len(packed)
        known = self._by_id.get(request_id)
        if known is None:
            self._by_id[request_id] = packed  # a list of one would take half as much again
        elif isinstance(known, list):
            known.append(packed)
        else:
            self._by_id[request_id] = [known, packed]

    def _drop_oldest(self) -> None:
        self._instants.popleft()
        request_id = self._ids.popleft()
        known = self._by_id[request_id]
        if isinstance(known, list):
            self._bytes -= len(known.pop(0))
            if known:
                return
        else:
            self._bytes -= len(known)
        del self._by_id[request_id]
