"""The one target that is asked again with the oldest turns dropped, once no larger window has answered (failover.md §6)."""

from __future__ import annotations

from .catalog import Target
from .classify import Verdict
from .leg import Health, Leg
from .overflow import wants_both
from .reasons import Again, Then


class Truncation:
    """Of one call: the first target that refused the whole prompt, where its policy wants larger windows first."""

    def __init__(self) -> None:
        self._kept: tuple[Leg, Target] | None = None

    def wants(self, leg: Leg, verdict: Verdict) -> bool:
        """Whether a target that failed so is to be kept for later; the first is."""
        row = leg.row(verdict.reason)
        is_overflow = row.then is Then.OVERFLOW and row.again is Again.REPAIRED
        return is_overflow and self._kept is None and wants_both(leg.link.policy)

    def keep(self, leg: Leg, target: Target) -> None:
        """For later."""
        self._kept = leg, target

    def drop(self) -> None:
        """An answer has begun: nothing is asked from its beginning with less of the conversation."""
        self._kept = None

    def take(self, health: Health, now: float) -> tuple[Leg, Target] | None:
        """The kept one, once, as soon as it may be called."""
        if self._kept is None or health.unavailable(self._kept[1], now) is not None:
            return None
        kept, self._kept = self._kept, None
        return kept
