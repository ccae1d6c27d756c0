"""Answers of one call that broke off after their first content: who goes on, and who comes back to it."""

from __future__ import annotations

from collections.abc import Callable, Container

from .backoff import Rand, backoff
from .catalog import Entry, Target
from .classify import Verdict
from .leg import Leg
from .legs import Legs
from .tuning import RetrySettings

VAIN_LIMIT = 2
"""Returns in a row to a target that broke, after which one that adds nothing is not asked again."""


class Breaks:
    """`verdict`: why the last one broke of which the caller has some; None: none did. `any`: whether one broke, seen or not.

    `resumes`: whether what is asked next goes on with it, not from its beginning. `or_restart`: whether it begins again where
    nothing goes on.
    """

    def __init__(self, legs: Legs, retry: RetrySettings, rand: Rand) -> None:
        self._legs = legs
        self._retry = retry
        self._rand = rand
        self.verdict: Verdict | None = None
        self.any = False
        self.resumes = False
        self.or_restart = False

    def broke(self, leg: Leg, target: Target, verdict: Verdict, now: float, *, seen: bool) -> None:
        """One did; `seen`: the caller has some of it. What follows is told by `go_on`, or the answer begins again."""
        leg.broke(target, verdict, now, went_on=seen and self.resumes)
        self.any = True
        if seen:
            self.verdict = verdict
            self.resumes = self.or_restart = False
            self._all_may()

    def go_on(self, able: Container[Entry], *, or_restart: bool) -> None:
        """Entries in `able` are asked to go on with it."""
        self.resumes, self.or_restart = True, or_restart
        for leg in self._legs:
            if leg.link.entry not in able:
                leg.passes()

    def begin_again(self) -> None:
        """Nothing goes on with it: from the beginning, then."""
        self.resumes = self.or_restart = False
        self._all_may()

    def come_back(self, now: float, may_stay: Callable[[Leg, float], bool]) -> tuple[Leg, Target, float] | None:
        """Nothing else is callable: back to one that was only slow, at once; then to one that broke, the least often broken
        first, after so many seconds; the first time at once. Where the answer may begin again instead, one that has added
        nothing since is left."""
        for leg in self._legs:
            if (target := leg.slow_target(now)) is not None and may_stay(leg, now):
                return leg, target, 0.0
        limit = 1 if self.or_restart else VAIN_LIMIT
        for leg in sorted(self._legs, key=lambda leg: leg.breaks):
            target = leg.target_that_broke(now, limit) if may_stay(leg, now) else None
            if target is not None:
                again, retry = leg.breaks + leg.vain - 2, self._retry
                wait_s = backoff(again, self._rand, retry.backoff_s, retry.backoff_limit_s) if again >= 0 else 0.0
                return leg, target, wait_s
        return None

    def _all_may(self) -> None:
        for leg in self._legs:
            leg.begins_again()
