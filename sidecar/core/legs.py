"""The entries of one call together: which are still callable, which are ruled out, and how they ended."""

from __future__ import annotations

from collections.abc import Iterator

from .catalog import Entry, Target
from .chain import Chain, Link
from .classify import Verdict
from .conclusion import Ending
from .leg import Health, Leg
from .overflow import fits
from .report import Skipped
from .tuning import Tuning


class Legs:
    """In chain order. Iterating gives each."""

    def __init__(self, chain: Chain, health: Health, tuning: Tuning) -> None:
        self._legs = [Leg(link, health, tuning) for link in chain.links]

    def __iter__(self) -> Iterator[Leg]:
        return iter(self._legs)

    def of(self, link: Link) -> Leg:
        """The leg of a link, whichever of its targets it has now."""
        return self._of(link.entry)

    def of_target(self, target: Target) -> Leg:
        """The leg of a target's entry."""
        return self._of(target.entry)

    def _of(self, entry: Entry) -> Leg:
        """Mostly it is the same object: comparing by fields costs more."""
        for leg in self._legs:
            if leg.link.entry is entry:
                return leg
        return next(leg for leg in self._legs if leg.link.entry == entry)

    def others(self, leg: Leg, now: float, up_to: int) -> int:
        """Untried entries that are callable now, beside this one; counted up to so many."""
        count = 0
        for other in self._legs:
            if count == up_to:
                break
            count += other is not leg and other.is_untried_callable(now)
        return count

    def has_same_model(self, leg: Leg, now: float) -> bool:
        """Whether an untried entry with the same model is callable."""
        return any(other.link.entry.model == leg.link.entry.model for other in self._untried(leg, now))

    def has_larger_window(self, leg: Leg, verdict: Verdict, now: float) -> bool:
        """After an overflow: whether an untried entry with a window that may be large enough is callable."""
        return any(fits(other.link.model, leg.link.model, verdict) for other in self._untried(leg, now))

    def rule_out_small_windows(self, leg: Leg, verdict: Verdict, now: float) -> None:
        """After an overflow: untried entries that would refuse the prompt too are not asked."""
        message = f"its window is no larger than that of {leg.link.entry}, which the prompt exceeds"
        for other in self._legs:
            if other is leg or other.attempts or other.ruled_out or other.link.is_shortened:
                continue
            if fits(other.link.model, leg.link.model, verdict):
                continue
            other.rule_out(message, now)

    def early(self, now: float) -> tuple[Leg, Target] | None:
        """What may be asked before its time: the one that returns first."""
        found = [
            (until, index, leg, target)
            for index, leg in enumerate(self._legs)
            for until, target in leg.early_targets(now)
        ]
        if not found:
            return None
        _, _, leg, target = min(found, key=lambda entry: entry[:2])
        return leg, target

    def skipped(self) -> tuple[Skipped, ...]:
        """The entries passed over, never tried, with why."""
        return tuple(skipped for leg in self._legs if (skipped := leg.skipped()) is not None)

    def endings(self, now: float) -> list[Ending]:
        """How they ended, those the walk came to."""
        return [ending for leg in self._legs if (ending := leg.ending(now)) is not None]

    def _untried(self, leg: Leg, now: float) -> Iterator[Leg]:
        return (other for other in self._legs if other is not leg and other.is_untried_callable(now))
