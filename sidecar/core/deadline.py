"""When a call must end, and how much of that one attempt may take."""

from __future__ import annotations

from enum import StrEnum

from .value import value_type

UNBOUNDED_FIRST_CONTENT_S = 300.0
UNBOUNDED_TOTAL_S = 1800.0
MIN_ATTEMPT_S = 0.5
ANSWER_MARGIN_S = 0.25
ANSWER_MARGIN_SHARE = 0.05
SPLIT_AMONG = 2


class LimitedBy(StrEnum):
    """What set an attempt's first-content limit: only CONFIGURED blames the target when it runs out."""

    CONFIGURED = "configured"
    SPLIT = "split"
    CALLER = "caller"


@value_type
class Allowance:
    """How long an attempt may take to its first content, in seconds, and what set that."""

    limit_s: float
    limited_by: LimitedBy


@value_type
class Deadline:
    """`first_content_by`: no content by then, and the call ends. `ends_at`: it ends then in any case.

    With a caller's deadline both are that, less min(250 ms, 5 %), so that our status arrives before it. Without one:
    300 s to the first content and 30 min in all.
    """

    first_content_by: float
    ends_at: float
    is_callers: bool

    @classmethod
    def starting(cls, now: float, caller_s: float | None) -> Deadline:
        """The deadline of a call that arrives at `now` with `caller_s` seconds left, None without a deadline."""
        if caller_s is None:
            return cls(now + UNBOUNDED_FIRST_CONTENT_S, now + UNBOUNDED_TOTAL_S, False)
        caller_s = max(0.0, caller_s)
        end = now + caller_s - min(ANSWER_MARGIN_S, ANSWER_MARGIN_SHARE * caller_s)
        return cls(end, end, True)

    def remaining_s(self, now: float) -> float:
        """Seconds left for a first content, never negative."""
        return max(0.0, self.first_content_by - now)

    def admits_attempt(self, now: float, wait_s: float = 0.0) -> bool:
        """Whether an attempt may start after `wait_s`: not with less than 500 ms left."""
        return self.first_content_by - (now + wait_s) >= MIN_ATTEMPT_S

    def allowance(self, now: float, configured_s: float, caller_s: float | None, other_callable: int) -> Allowance:
        """The first-content limit of an attempt starting now.

        The smallest of: the configured limit; the caller's own, if tighter; the time left, split among this attempt and
        up to two other callable entries.
        """
        limit, by = configured_s, LimitedBy.CONFIGURED
        if caller_s is not None and caller_s < limit:
            limit, by = caller_s, LimitedBy.CALLER
        others = min(other_callable, SPLIT_AMONG)
        share = self.remaining_s(now) / (others + 1)
        if share < limit:
            limit, by = share, LimitedBy.SPLIT if others else LimitedBy.CALLER
        return Allowance(limit, by)
