"""What the page on failover says of a breaker, as plainly as it can be written: everything is kept, everything recounted.

Nothing of sidecar/core is used here. Numbers are the page's. Where it differs from the page, ARCHITECTURE.md says so: up to
ten attempts (not nine) are few, and there is a third window, which ends when the failed attempt began. Where both are
silent: a window holds its end and not its beginning, and a probe stays the probe until another is admitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW_S = 10.0
NEWEST = 100
FEW = 10
FIRST_CONTENT_S = 10.0
LEASE_S = 5.0 + 60.0 + 5.0
PROVEN_S = 2.0
ROW_ENDS_S = 60.0
OPEN_S = (20.0, 20.0, 20.0, 40.0, 80.0, 120.0)


@dataclass(eq=False)
class Try:
    """One attempt. `told_at`: the number of its newest outcome, None while pending."""

    started_at: float
    request: int
    is_probe: bool
    failed: bool = False
    told: int | None = None
    content_at: float | None = None


@dataclass
class ReferenceBreaker:
    """`jitter`: the share by which each opening is longer than its time, -0.1 to 0.1."""

    jitter: float
    tries: list[Try] = field(default_factory=list)
    open_until: float | None = None
    probe: Try | None = None
    in_a_row: int = 0
    openings: int = 0
    closed_at: float | None = None
    outcomes: int = 0

    def state(self, now: float) -> str:
        """closed, open or half_open."""
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def refused_until(self, now: float) -> float | None:
        """When to ask again; None: an attempt may start now."""
        if self.open_until is not None and now < self.open_until:
            return self.open_until
        if self.probe is not None and now < self.probe.started_at + LEASE_S:
            return self.probe.started_at + LEASE_S
        return None

    def start(self, now: float, request: int) -> Try:
        """An attempt that may start."""
        attempt = Try(now, request, is_probe=self.open_until is not None)
        if attempt.is_probe:
            self.probe = attempt
        else:
            self.tries.append(attempt)
        return attempt

    def content(self, attempt: Try, now: float) -> None:
        """Its first content, or more of it."""
        if attempt is self.probe:
            attempt.content_at = now if attempt.content_at is None else attempt.content_at
            if now - attempt.content_at >= PROVEN_S:
                self._close(now)
        elif attempt in self.tries and attempt.told is None:
            self._tell(attempt, failed=False)

    def finished(self, attempt: Try, now: float) -> None:
        """It ended well."""
        if attempt is self.probe:
            self._close(now)
        elif attempt in self.tries and attempt.told is None:
            self._tell(attempt, failed=False)

    def neutral(self, attempt: Try) -> None:
        """It was cancelled, or failed by nobody's fault."""
        if attempt is self.probe:
            self.probe = None
        elif attempt in self.tries and attempt.told is None:
            self.tries.remove(attempt)

    def failed(self, attempt: Try, now: float) -> None:
        """It failed, whether or not content had come."""
        if attempt is self.probe:
            self._open(now)
        elif attempt in self.tries:
            self._tell(attempt, failed=True)
            if self._is_row(now) or any(self._is_share(end) for end in self._ends(attempt, now)):
                self._open(now)

    def trip(self, now: float) -> None:
        """The endpoint it shares with others does not answer."""
        if self.open_until is None:
            self._open(now)

    def _tell(self, attempt: Try, failed: bool) -> None:
        self.outcomes += 1
        attempt.failed, attempt.told = failed, self.outcomes

    def _ends(self, attempt: Try, now: float) -> tuple[float, ...]:
        return (now, now - FIRST_CONTENT_S, attempt.started_at)

    def _window(self, end: float) -> list[Try]:
        within = [one for one in self.tries if end - WINDOW_S < one.started_at <= end]
        return within[-NEWEST:]

    def _is_share(self, end: float) -> bool:
        within = self._window(end)
        return len(within) >= FEW and 2 * sum(one.failed for one in within) >= len(within)

    def _is_row(self, now: float) -> bool:
        told = sorted((one for one in self.tries if one.told is not None), key=lambda one: one.told or 0)[-3:]
        are_few = len(self._window(now)) <= FEW
        return are_few and len(told) == 3 and all(one.failed for one in told) and len({one.request for one in told}) > 1

    def _open(self, now: float) -> None:
        if self.closed_at is not None and now - self.closed_at >= ROW_ENDS_S:
            self.in_a_row = 0
        length = OPEN_S[min(self.in_a_row, len(OPEN_S) - 1)]
        self.in_a_row += 1
        self.openings += 1
        self.open_until = now + length * (1 + self.jitter)
        self.tries, self.probe, self.closed_at = [], None, None

    def _close(self, now: float) -> None:
        self.open_until, self.probe, self.closed_at = None, None, now
