"""How long one call may wait while nothing is callable, and for what (failover.md §5 "Short wait", §7 "Nothing callable")."""

from __future__ import annotations

from collections.abc import Iterable

from .backoff import Rand
from .catalog import Target
from .deadline import Deadline
from .leg import Leg, Unavailable
from .policy import DEFAULT_MAX_WAIT_S, Policy
from .tuning import RetrySettings
from .value import value_type

_Held = tuple[Unavailable, int, Leg, Target]
"""What is in the way, of which leg (with its place in the chain) and target."""


@value_type
class Wait:
    """Wait `wait_s`, then ask `target`. `slots`: something of these may be free sooner."""

    leg: Leg
    target: Target
    wait_s: float
    slots: tuple[Target, ...] = ()


class Patience:
    """Of one call: so many waits, so long together, and never beyond the deadline."""

    def __init__(self, policy: Policy, retry: RetrySettings, deadline: Deadline, rand: Rand) -> None:
        self._retry = retry
        self._deadline = deadline
        self._rand = rand
        self._left_s = DEFAULT_MAX_WAIT_S if policy.max_wait_s is None else policy.max_wait_s
        self._waits_left = retry.max_waits
        self._short_wait_left = True

    def short(self, leg: Leg, now: float) -> Wait | None:
        """Once a call: until a target of this entry, rate limited, may be asked again, if it said that this is soon."""
        soonest = leg.soonest_stated(now) if self._short_wait_left else None
        if soonest is None:
            return None
        wait_s, target = soonest[0] - now, soonest[1]
        if wait_s > min(self._retry.short_wait_s, self._left_s) or not self._deadline.admits_attempt(now, wait_s):
            return None
        return Wait(leg, target, wait_s)

    def content_came(self, deadline: Deadline) -> None:
        """The deadline from now on."""
        self._deadline = deadline

    def took_short(self, wait: Wait) -> None:
        """The short wait is made."""
        self._short_wait_left = False
        self._left_s -= wait.wait_s

    def longest(self, legs: Iterable[Leg], now: float) -> Wait | None:
        """Nothing is callable: until the soonest return of anything; None if that is too long, or nothing returns."""
        held = _held(legs, now)
        if self._waits_left == 0 or not held:
            return None
        soonest, _, leg, target = min(held, key=lambda entry: (entry[0].until, entry[1]))
        slots = tuple(target for why, _, _, target in held if why.is_slot)
        known = min((why.until for why, *_ in held if not why.is_slot), default=float("inf"))
        wait_s = self._for_slot(known, now) if slots else self._spread(soonest.until - now, now)
        if wait_s is None:
            return None
        self._waits_left -= 1
        self._left_s -= wait_s
        for why, _, other, returned in held:
            if why.is_slot or why.until <= now + wait_s:
                other.returned(returned)
        return Wait(leg, target, wait_s, slots)

    def gave_back(self, wait_s: float) -> None:
        """So much of a wait was not needed."""
        self._left_s += wait_s

    def _spread(self, wait_s: float, now: float) -> float | None:
        """A wait of `wait_s`, with what spreads those who wait for the same; None if it is too long."""
        if wait_s > self._left_s or not self._deadline.admits_attempt(now, wait_s):
            return None
        spread_s = min(self._retry.wait_spread_s * self._rand(), self._left_s - wait_s)
        return wait_s + spread_s if self._deadline.admits_attempt(now, wait_s + spread_s) else wait_s

    def _for_slot(self, known: float, now: float) -> float | None:
        """As long as may be waited for a slot, until something else returns at `known`; None if not at all."""
        left_s = self._deadline.remaining_s(now) - self._deadline.settings.min_attempt_s
        wait_s = min(self._left_s, left_s, known - now)
        return wait_s if wait_s > 0.0 else None


def _held(legs: Iterable[Leg], now: float) -> list[_Held]:
    return [
        (held, index, leg, target)
        for index, leg in enumerate(legs)
        if not leg.is_out
        for target in leg.link.targets
        if target.profile not in leg.final and (held := leg.health.unavailable(target, now)) is not None
    ]
