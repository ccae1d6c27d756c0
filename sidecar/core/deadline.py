"""When a call must end, and how much of that one attempt may take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .value import value_type


@dataclass(frozen=True, slots=True)
class DeadlineSettings:
    """What is made of the caller's deadline, and what holds without one. Seconds.

    A call ends min(`margin_s`, `margin_ratio` of its time) before the caller's. `min_attempt_s`: with less left no
    attempt starts. `split_entries`: the time left is split among an attempt and up to so many other callable entries.
    `split_blame_s`: a limit that only the split made short may be held against a target from this length on.
    """

    margin_s: float = 0.25
    margin_ratio: float = 0.05
    no_deadline_first_content_s: float = 300.0
    no_deadline_total_s: float = 1800.0
    min_attempt_s: float = 0.5
    split_entries: int = 2
    split_blame_s: float = 2.0


_DEFAULTS = DeadlineSettings()


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

    With a caller's deadline both are that, less a margin, so that our status arrives before it.
    """

    first_content_by: float
    ends_at: float
    is_callers: bool
    settings: DeadlineSettings = _DEFAULTS

    @classmethod
    def starting(cls, now: float, caller_s: float | None, settings: DeadlineSettings = _DEFAULTS) -> Deadline:
        """The deadline of a call that arrives at `now` with `caller_s` seconds left, None without a deadline."""
        if caller_s is None:
            by, total = settings.no_deadline_first_content_s, settings.no_deadline_total_s
            return cls(now + min(by, total), now + total, False, settings)
        caller_s = max(0.0, caller_s)
        end = now + caller_s - min(settings.margin_s, settings.margin_ratio * caller_s)
        return cls(end, end, True, settings)

    def after_content(self) -> Deadline:
        """Content came: from now on only the end counts, also for what goes on or begins again after a break."""
        return Deadline(self.ends_at, self.ends_at, self.is_callers, self.settings)

    def remaining_s(self, now: float) -> float:
        """Seconds left for a first content, never negative."""
        return max(0.0, self.first_content_by - now)

    def admits_attempt(self, now: float, wait_s: float = 0.0) -> bool:
        """Whether an attempt may start after `wait_s`."""
        return self.first_content_by - (now + wait_s) >= self.settings.min_attempt_s

    def allowance(self, now: float, configured_s: float, caller_s: float | None, other_callable: int) -> Allowance:
        """The first-content limit of an attempt starting now.

        The smallest of: the configured limit; the caller's own, if tighter; the time left, split among this attempt and
        other callable entries.
        """
        limit, by = configured_s, LimitedBy.CONFIGURED
        if caller_s is not None and caller_s < limit:
            limit, by = caller_s, LimitedBy.CALLER
        others = min(other_callable, self.settings.split_entries)
        share = self.remaining_s(now) / (others + 1)
        if share < limit:
            limit, by = share, LimitedBy.SPLIT if others else LimitedBy.CALLER
        return Allowance(limit, by)
