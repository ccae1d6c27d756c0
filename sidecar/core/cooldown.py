"""Not-before instants and their ladders, for one thing that can be blamed: a profile, a profile with a model, an entry.

Rules (failover.md §7): the longest instant wins; one count per reason; a count rises at most once per cooldown; only a
success of an attempt started after the cooldown's end clears counts, else they decay after 24 h (a longer cooldown's not
before it has been over as long as it was); when a cooldown of 60 s or more ends, one attempt is admitted until its outcome
is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .lasting import LONG_S, Count, Lasting, outlives
from .reasons import TABLE, Reason
from .tuning import CooldownSettings

TRIAL_LEASE_S = 70.0
NEVER = float("-inf")
_DEFAULTS = CooldownSettings()


@dataclass(slots=True)
class _Count:
    steps: int
    decays_at: float


@dataclass(slots=True)
class Cooldown:
    """The state of one key. `now` and `started_at`: monotonic seconds. Fresh: callable, no counts."""

    until: float = NEVER
    stated_until: float = NEVER
    set_at: float = NEVER
    reason: Reason | None = None
    _counts: dict[Reason, _Count] = field(default_factory=dict)
    _trial_due: bool = False
    _trial_at: float | None = None

    def hit(
        self,
        reason: Reason,
        stated_s: float | None,
        started_at: float,
        now: float,
        settings: CooldownSettings = _DEFAULTS,
    ) -> None:
        """A failure of an attempt that started at `started_at`; `stated_s`: the wait its answer asked for.

        The reason's ladder, if it has one, gives the cooldown; a stated wait may lengthen it. An attempt that started
        before the present cooldown was set climbs no step; if it reports after that cooldown's end, the same step holds again.
        """
        self.ended(started_at)
        is_over = now >= self.until
        if stated_s is not None:
            self.stated_until = max(self.stated_until, now + stated_s)
            self._extend(reason, now + stated_s, now)
        ladder = TABLE[reason].ladder
        climbs = started_at > self.set_at
        if ladder is not None and (climbs or is_over):
            steps = self.steps(reason, now) + 1 if climbs else max(1, self.steps(reason, now))
            length_s = settings.length_s(ladder, steps)
            if climbs:
                self._counts[reason] = _Count(steps, now + max(settings.decay_s, 2.0 * length_s))
            self._extend(reason, now + length_s, now)
            self.set_at = now
        self._trial_due = self._trial_due or self.until - now >= settings.trial_from_s

    def success(self, started_at: float) -> bool:
        """An attempt that started at `started_at` gave content: if that was after the cooldown, all counts are cleared.

        Whether that freed the door.
        """
        is_freed = self.ended(started_at)
        if started_at >= self.until:
            self._counts.clear()
            self._trial_due = False
            self.reason = None
        return is_freed

    def lift(self, now: float) -> None:
        """An attempt let through early gave content: our own ladder was too careful. A stated wait still holds, and so
        do the counts."""
        self.until = min(self.until, max(self.stated_until, now))
        self._trial_due = False

    def ended(self, started_at: float) -> bool:
        """An attempt has an outcome: if it was the admitted one, the door is free again. Whether that freed it."""
        if self._trial_at is None or started_at < self._trial_at:
            return False
        self._trial_at = None
        return True

    def until_callable(self, now: float) -> float | None:
        """The instant it is callable again; None if it is now. Changes nothing."""
        if now < self.until:
            return self.until
        if self._trial_at is not None and now < self._trial_at + TRIAL_LEASE_S:
            return self._trial_at + TRIAL_LEASE_S
        return None

    def admit(self, now: float) -> bool:
        """An attempt starts. After a cooldown of 60 s or more it holds the door until its outcome is known: whether so."""
        if not self._trial_due or now < self.until:
            return False
        self._trial_at = now
        return True

    def steps(self, reason: Reason, now: float) -> int:
        """The reason's count at `now`, decayed."""
        count = self._counts.get(reason)
        return 0 if count is None or now >= count.decays_at else count.steps

    def lasting(self, now: float) -> Lasting | None:
        """What of it a restart must not undo: a long cooldown of a credential that holds at `now`, with its counts."""
        reason = self.reason
        if reason is None or not outlives(reason) or now >= self.until or self.until - self.set_at < LONG_S:
            return None
        counts = tuple(
            Count(counted, count.steps, count.decays_at)
            for counted, count in self._counts.items()
            if outlives(counted) and now < count.decays_at
        )
        return Lasting(reason, self.until, self.stated_until, counts)

    @classmethod
    def restored(cls, lasting: Lasting) -> Cooldown:
        """A cooldown as an earlier process left it; whatever attempt comes now started after it was set."""
        counts = {count.reason: _Count(count.steps, count.decays_at) for count in lasting.counts}
        return cls(lasting.until, lasting.stated_until, NEVER, lasting.reason, counts, _trial_due=True)

    def _extend(self, reason: Reason, until: float, now: float) -> None:
        if until > self.until or now >= self.until:
            self.reason = reason
        self.until = max(self.until, until)
