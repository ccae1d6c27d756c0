"""What of a credential's cooldowns outlives the process: refusals that a restart does not undo.

A key without permission or an account without money is refused tomorrow as it is today, and asking it again at each
restart costs callers an attempt. What returns by itself within minutes is found anew instead.
"""

from __future__ import annotations

import dataclasses

from .reasons import TABLE, Blame, Effect, Reason
from .tuning import CooldownSettings
from .value import value_type

LONG_S = 60.0
"""Shorter cooldowns are not worth a row: they are over before a new process serves."""
_LAST_STEP = 1_000
"""A step at which every ladder has reached its top."""
_CREDENTIAL = frozenset({Blame.PROFILE, Blame.PROFILE_MODEL})


def outlives(reason: Reason) -> bool:
    """Whether a cooldown for this reason is kept over a restart: it rests a credential, and no wait alone mends it."""
    row = TABLE[reason]
    return row.effect is Effect.COOLDOWN and row.blame in _CREDENTIAL and not row.temporary


@value_type
class Count:
    """The steps that a reason has climbed, 1 or more, and the instant at which they are forgotten."""

    reason: Reason
    steps: int
    decays_at: float


@value_type
class Lasting:
    """One cooldown. Instants are of one clock, whichever: `until`, `stated_until` (negative infinity: no wait was stated)."""

    reason: Reason
    until: float
    stated_until: float
    counts: tuple[Count, ...] = ()

    def shifted(self, by_s: float) -> Lasting:
        """The same on a clock that is `by_s` ahead."""
        counts = tuple(dataclasses.replace(count, decays_at=count.decays_at + by_s) for count in self.counts)
        return Lasting(self.reason, self.until + by_s, self.stated_until + by_s, counts)

    def held(self, now: float, settings: CooldownSettings) -> Lasting | None:
        """What of it still holds at `now`; None if it is over.

        Wall clocks jump: no end is further away than the longest step of the reason's ladder, or, for a stated wait, than
        the longest that is believed; no count decays later than one that was set now.
        """
        ladder = TABLE[self.reason].ladder
        assert ladder is not None, "what outlives a process climbs a ladder"
        longest_s = settings.length_s(ladder, _LAST_STEP)
        stated_until = min(self.stated_until, now + settings.stated_limit_s)
        until = max(min(self.until, now + longest_s), stated_until)
        if until <= now:
            return None
        latest = now + max(settings.decay_s, 2.0 * longest_s)
        counts = tuple(
            dataclasses.replace(count, decays_at=min(count.decays_at, latest))
            for count in self.counts
            if count.decays_at > now
        )
        return Lasting(self.reason, until, stated_until, counts)
