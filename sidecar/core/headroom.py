"""How much a provider says is left of its rate limits: the headers of its answers (failover.md §3).

Read are `x-ratelimit-remaining-requests` and `-tokens` with their `x-ratelimit-reset-…`
(https://platform.openai.com/docs/guides/rate-limits), and `anthropic-ratelimit-requests-remaining` and
`-tokens-remaining` with their `…-reset` (https://docs.anthropic.com/en/api/rate-limits).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .retry_after import upstream_instant, wait_s
from .value import value_type

UNTOLD_RESET_S = 60.0
"""How long a count holds whose answer does not say when it is full again: limits are mostly of a minute."""
_COUNT = re.compile(r"(\d{1,15})(?:\.\d{0,15})?", re.ASCII)
_REQUESTS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
)
_TOKENS = (
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
)
_NAMES = frozenset(remaining for remaining, _ in (*_REQUESTS, *_TOKENS))


@value_type
class Left:
    """So many are left, until at `until` (monotonic seconds) all are there again."""

    count: int
    until: float


@dataclass(slots=True, eq=False)
class Quota:
    """What one answer said of a credential and model, and what was started since. None: not told, or full again."""

    requests: Left | None
    tokens: Left | None
    requests_since: int = 0
    tokens_since: int = 0

    def remaining_requests(self, now: float) -> int | None:
        """Requests left by the provider's word."""
        return _count(self.requests, now)

    def remaining_tokens(self, now: float) -> int | None:
        """Tokens left by the provider's word."""
        return _count(self.tokens, now)

    def is_told(self, now: float) -> bool:
        """Whether anything is told that still holds."""
        return self.remaining_requests(now) is not None or self.remaining_tokens(now) is not None

    def started(self, tokens: int) -> None:
        """An attempt starts that is expected to take so many tokens."""
        self.requests_since += 1
        self.tokens_since += tokens

    def calls_left(self, tokens: int, now: float) -> float:
        """How many calls of `tokens` each are left, what was started since taken off; infinite where nothing is told."""
        requests, budget = self.remaining_requests(now), self.remaining_tokens(now)
        by_requests = math.inf if requests is None else float(requests - self.requests_since)
        by_tokens = math.inf if budget is None else (budget - self.tokens_since) / max(tokens, 1)
        return max(0.0, min(by_requests, by_tokens))


def quota_of(headers: Mapping[str, str], now: float, now_wall: float) -> Quota | None:
    """What an answer's headers (names in lower case) say; None where they say nothing. What is unreadable is passed
    over. `now`: monotonic, `now_wall`: epoch seconds; instants are by the answer's own `Date` where it has one."""
    if headers.keys().isdisjoint(_NAMES):
        return None
    requests = _left(headers, _REQUESTS, now, now_wall)
    tokens = _left(headers, _TOKENS, now, now_wall)
    return Quota(requests, tokens) if requests is not None or tokens is not None else None


def _left(headers: Mapping[str, str], names: tuple[tuple[str, str], ...], now: float, now_wall: float) -> Left | None:
    for remaining, reset in names:
        count = _COUNT.fullmatch(headers.get(remaining, "").strip())
        if count is not None:
            wait = wait_s(headers.get(reset, ""), upstream_instant(headers, now_wall))
            return Left(int(count[1]), now + (UNTOLD_RESET_S if wait is None else wait))
    return None


def _count(left: Left | None, now: float) -> int | None:
    return None if left is None or now >= left.until else left.count
