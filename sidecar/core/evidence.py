"""When failures are evidence enough that something is down (failover.md §7): the rules a breaker opens by.

(a) Few attempts in the last 10 s: the last three outcomes, however old, from at least two requests, are failures.
(b) Many: half of those in one of three windows of 10 s have failed; pending is not failed. W1 ends now. W2 ended one
    first-content limit ago. W3 ended when the attempt began that has just failed: among the newest hundred of W1 all may
    be pending while failures take a second to show, and a model's own limit may be longer than the usual one.
"""

from __future__ import annotations

from dataclasses import dataclass

from .window import WINDOW_S, Record, Window


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Numbers of failover.md §7. Durations in seconds. `first_content_s` is the lag of the second window.

    `few_attempts`: up to this many in the last 10 s, three failures in a row open the breaker; from this many on, the
    share does. Exactly this many counts as both, so that evenly spaced calls just under one a second are covered too.
    """

    first_content_s: float = 10.0
    lease_s: float = 70.0
    few_attempts: int = 10
    failures_in_a_row: int = 3
    failed_share: float = 0.5
    open_s: float = 20.0
    open_max_s: float = 120.0
    flat_openings: int = 3
    jitter: float = 0.1
    row_ends_after_s: float = 60.0
    proven_after_s: float = 2.0


class Evidence:
    """Attempts and their outcomes, judged at each failure."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._window = Window(settings.lease_s + WINDOW_S)
        self._last: list[Record] = []

    def retune(self, settings: BreakerSettings) -> None:
        """From now on these numbers hold; what is known stays."""
        self._settings = settings
        self._window.keep(settings.lease_s + WINDOW_S)

    def started(self, now: float, request: int) -> Record:
        """An attempt of `request` starts."""
        record = Record(now, request)
        self._window.add(record)
        return record

    def settled(self, record: Record, failed: bool) -> None:
        """An outcome. It is the newest of the last three: a success that breaks later is news."""
        if record.failed is failed:
            return
        record.failed = failed
        self._last = [other for other in self._last if other is not record]
        self._last.append(record)
        del self._last[: -self._settings.failures_in_a_row]

    def withdrawn(self, record: Record) -> None:
        """The attempt ended and says nothing, unless it had given content before."""
        if record.failed is None:
            self._window.remove(record)

    def clear(self) -> None:
        """Forgets everything."""
        self._last.clear()
        self._window.clear()

    def condemns(self, record: Record, now: float) -> bool:
        """Whether the failure of `record`, known now, is one too many."""
        return self.charge(record, now) is not None

    def charge(self, record: Record, now: float) -> str | None:
        """What the failure of `record`, known now, completes, in words ("3 failures in a row"); None: not enough."""
        attempts, failed = self._window.count(now)
        if attempts <= self._settings.few_attempts and self._is_row():
            return f"{self._settings.failures_in_a_row} failures in a row"
        for until in (now, record.started_at, now - self._settings.first_content_s):
            attempts, failed = self._window.count(until)
            if self._is_share(attempts, failed):
                return f"{failed} of {attempts} attempts in {WINDOW_S:.0f} s failed"
        return None

    def _is_row(self) -> bool:
        length = self._settings.failures_in_a_row
        return (
            len(self._last) == length
            and all(record.failed for record in self._last)
            and len({record.request for record in self._last}) >= min(2, length)
        )

    def _is_share(self, attempts: int, failed: int) -> bool:
        return attempts >= self._settings.few_attempts and failed >= attempts * self._settings.failed_share
