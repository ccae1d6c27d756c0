"""A token bucket over the whole process: how many retries or hedges may be on top of the traffic."""

from __future__ import annotations


class Budget:
    """Starts full. Every request adds `per_request`, every second adds `per_s`, up to `capacity`; a draw takes 1."""

    def __init__(self, capacity: float, per_request: float, per_s: float) -> None:
        self._capacity = capacity
        self._per_request = per_request
        self._per_s = per_s
        self._tokens = capacity
        self._filled_at: float | None = None

    def request(self, now: float) -> None:
        """Counts one request of a caller."""
        self._fill(now, self._per_request)

    def available(self, now: float) -> float:
        """Tokens a draw would find at `now`. Changes nothing."""
        elapsed = 0.0 if self._filled_at is None else max(0.0, now - self._filled_at)
        return min(self._capacity, self._tokens + elapsed * self._per_s)

    def draw(self, now: float) -> bool:
        """Takes one token, if there is one."""
        self._fill(now, 0.0)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _fill(self, now: float, extra: float) -> None:
        filled_at = self._filled_at
        if filled_at is None or now > filled_at:
            earned = extra if filled_at is None else extra + (now - filled_at) * self._per_s
            self._filled_at = now
        else:
            earned = extra
        self._tokens = min(self._capacity, self._tokens + earned)


def retry_budget() -> Budget:
    """failover.md §5: retries draw 1 from a bucket of 10 (+0.2 per request, +0.2/s)."""
    return Budget(10.0, 0.2, 0.2)


def hedge_budget() -> Budget:
    """streams.md: hedges draw 1 from a bucket of 3 (+0.05 per request, +1/min)."""
    return Budget(3.0, 0.05, 1 / 60)
