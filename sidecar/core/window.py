"""The recent attempts at one thing, by when they started, with what became of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import islice

WINDOW_S = 10.0
NEWEST = 100
MOST = 20_000
"""Records kept at the most, whatever the traffic."""


@dataclass(slots=True, eq=False)
class Record:
    """One attempt. `failed`: None while pending, else its outcome."""

    started_at: float
    request: int
    failed: bool | None = None


class Window:
    """Attempts in order of start, kept for `keep_s` after theirs."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._records: deque[Record] = deque(maxlen=MOST)

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Record) -> None:
        """Takes an attempt that starts now."""
        self._records.append(record)
        horizon = record.started_at - self._keep_s
        while self._records[0].started_at < horizon:
            self._records.popleft()

    def keep(self, keep_s: float) -> None:
        """From now on attempts are kept this long."""
        self._keep_s = keep_s

    def remove(self, record: Record) -> None:
        """Forgets an attempt whose outcome says nothing (cancelled, neutral)."""
        try:
            self._records.remove(record)
        except ValueError:
            pass  # already older than the window

    def clear(self) -> None:
        """Forgets everything."""
        self._records.clear()

    def count(self, until: float) -> tuple[int, int]:
        """(attempts, failed) among the newest 100 of those started in the 10 s that end at `until`."""
        high = bisect_right(self._records, until, key=_started_at)
        low = bisect_right(self._records, until - WINDOW_S, 0, high, key=_started_at)
        low = max(low, high - NEWEST)
        return high - low, sum(1 for record in islice(self._records, low, high) if record.failed)


def _started_at(record: Record) -> float:
    return record.started_at
