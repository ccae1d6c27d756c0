"""What a profile may start in a minute: the limits `rpm` and `tpm` (failover.md §3), over a sliding window.

A window that slides, not one that refills: in no 60 s, wherever they begin, are more than `rpm` attempts started.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .content import Request

MINUTE_S = 60.0
DEFAULT_OUTPUT_TOKENS = 1024
"""Of a request that names no maximum: what its answer is taken to be until it is known."""


def expected_tokens(request: Request) -> int:
    """Prompt tokens, estimated, and the most the answer may have: what an attempt sets aside of `tpm`.
    Vectors are no tokens."""
    if request.embedding is not None:
        return request.estimated_tokens
    output = request.max_output_tokens
    return request.estimated_tokens + (DEFAULT_OUTPUT_TOKENS if output is None else output)


@dataclass(slots=True, eq=False)
class Booking:
    """One attempt started at `at` (monotonic seconds), and the tokens it counts for while it is in the minute."""

    at: float
    tokens: int
    is_counted: bool = True


@dataclass(slots=True, eq=False)
class Minute:
    """The attempts of one credential in the last 60 s. Asking changes nothing."""

    _bookings: deque[Booking] = field(default_factory=deque)
    _tokens: int = 0

    def book(self, tokens: int, now: float) -> Booking:
        """An attempt starts."""
        while self._bookings and _is_over(self._bookings[0], now):
            gone = self._bookings.popleft()
            gone.is_counted = False
            self._tokens -= gone.tokens
        booking = Booking(now, tokens)
        self._bookings.append(booking)
        self._tokens += tokens
        return booking

    def correct(self, booking: Booking, tokens: int) -> None:
        """What it really took. Without effect once its minute is over."""
        if booking.is_counted:
            self._tokens += tokens - booking.tokens
            booking.tokens = tokens

    def requests_return_at(self, rpm: int, now: float) -> float | None:
        """When one more may start; None: now."""
        if len(self._bookings) < rpm:
            return None
        limiting = self._bookings[-rpm]
        return None if _is_over(limiting, now) else limiting.at + MINUTE_S

    def tokens_return_at(self, tpm: int, tokens: int, now: float) -> float | None:
        """When so many tokens may be sent; None: now. More than `tpm` are taken to be that many: they have a minute of
        their own, for the estimate may be far too high, and no wait would make them fit."""
        over = self._tokens + min(tokens, tpm) - tpm
        returns_at: float | None = None
        for booking in self._bookings:
            if over <= 0:
                break
            over -= booking.tokens
            returns_at = booking.at + MINUTE_S
        return None if returns_at is None or returns_at <= now else returns_at


def _is_over(booking: Booking, now: float) -> bool:
    return booking.at + MINUTE_S <= now
