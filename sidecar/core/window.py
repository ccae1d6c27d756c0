"""The recent attempts at one target, by when they started, with what became of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import islice

WINDOW_S = 10.0
NEWEST = 100


@dataclass(slots=True)
class Record:
    """One attempt. `failed`: None while pending, else its outcome."""

    started_at: float
    request: int
    failed: bool | None = None


class Window:
    """Attempts in order of start. Kept as long as a window may look back, so its size follows the traffic."""

    def __init__(self, lag_s: float) -> None:
        self._lag_s = lag_s
        self._records: deque[Record] = deque()

    def add(self, record: Record) -> None:
        """Takes an attempt that starts now."""
        self._records.append(record)
        horizon = record.started_at - self._lag_s - WINDOW_S
        while self._records[0].started_at <= horizon:
            self._records.popleft()

    def remove(self, record: Record) -> None:
        """Forgets an attempt whose outcome says nothing (cancelled, neutral)."""
        try:
            self._records.remove(record)
        except ValueError:
            pass  # already older than the window

    def clear(self) -> None:
        """Forgets everything."""
        self._records.clear()

    def recent(self, now: float) -> tuple[int, int]:
        """W1: (attempts, failed) among those started in the last 10 s."""
        return self._count(now - WINDOW_S, now)

    def lagged(self, now: float) -> tuple[int, int]:
        """W2: (attempts, failed) among those started in the 10 s that ended one first-content limit ago."""
        return self._count(now - self._lag_s - WINDOW_S, now - self._lag_s)

    def _count(self, after: float, until: float) -> tuple[int, int]:
        """Among the newest 100 started in (after, until]."""
        high = bisect_right(self._records, until, key=_started_at)
        low = bisect_right(self._records, after, 0, high, key=_started_at)
        low = max(low, high - NEWEST)
        chosen = islice(self._records, low, high)
        return high - low, sum(1 for record in chosen if record.failed)


def _started_at(record: Record) -> float:
    return record.started_at
