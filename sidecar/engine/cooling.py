"""What rests after a failure, and what of it holds a target: cooldowns by whom a reason blames."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.catalog import Target
from ..core.classify import Verdict
from ..core.cooldown import NEVER, Cooldown
from ..core.leg import CREDENTIAL_REASONS
from ..core.reasons import TABLE, Blame, Effect
from ..core.tuning import CooldownSettings
from . import announcement
from .changes import Changes
from .cooldowns import Cooldowns
from .entries import Entries, EntryState, key_of
from .ticket import Ticket

_DEFAULTS = CooldownSettings()


class Cooling:
    """Over the entries' own cooldowns and those of credentials. `settings`: how long things rest."""

    def __init__(self, entries: Entries, cooldowns: Cooldowns, changes: Changes) -> None:
        self.settings = _DEFAULTS
        self._entries = entries
        self._cooldowns = cooldowns
        self._changes = changes

    def of(self, target: Target, state: EntryState) -> Iterator[tuple[Blame, Cooldown]]:
        """The cooldowns that may hold a target, with what each is of."""
        yield Blame.ENTRY, state.cooldown
        if (whole := self._cooldowns.profile(target.key_id)) is not None:
            yield Blame.PROFILE, whole
        if (pair := self._cooldowns.pair(target.key_id, target.entry.model)) is not None:
            yield Blame.PROFILE_MODEL, pair

    def is_only_ours(self, target: Target, state: EntryState, now: float) -> bool:
        """Whether every cooldown in force is a ladder of ours: no stated wait, no refused credential, no trial under way."""
        in_force = [cooldown for _, cooldown in self.of(target, state) if cooldown.until_callable(now) is not None]
        return all(now < cooldown.until and _is_ladder(cooldown, now) for cooldown in in_force)

    def admit(self, target: Target, state: EntryState, now: float) -> None:
        """An attempt starts: after a long cooldown it is the one admitted."""
        for blame, cooldown in self.of(target, state):
            if cooldown.admit(now):
                self._changes.tell(announcement.tried(target, blame, cooldown))

    def succeeded(self, ticket: Ticket, now: float) -> None:
        """An attempt gave content. One that was let through early ends the ladder it was let through."""
        for blame, cooldown in self.of(ticket.target, ticket.state):
            is_lifted = ticket.is_early and now < cooldown.until and _is_ladder(cooldown, now)
            if is_lifted:
                cooldown.lift(now)
                cooldown.ended(ticket.started_at)
            if is_lifted or cooldown.success(ticket.started_at):
                self._changes.tell(announcement.freed(ticket.target, blame, cooldown))

    def ended(self, ticket: Ticket) -> None:
        """An attempt ended without success: the doors it held are free."""
        for blame, cooldown in self.of(ticket.target, ticket.state):
            if cooldown.ended(ticket.started_at):
                self._changes.tell(announcement.freed(ticket.target, blame, cooldown))

    def failed(self, ticket: Ticket, verdict: Verdict, blame: Blame, now: float) -> None:
        """What a reason blames rests, where its row or a stated wait says so."""
        cools = TABLE[verdict.reason].effect is Effect.COOLDOWN or verdict.retry_after_s is not None
        if not cools or blame in (Blame.REQUEST, Blame.REQUEST_MODEL) or self._is_stale(ticket, blame):
            return
        blamed = self._blamed(ticket.target, ticket.state, blame)
        before = blamed.until
        rested = ticket.is_early and ticket.started_at < before
        started_at = NEVER if rested else ticket.started_at  # what rested when it was asked early climbs no step more
        blamed.hit(verdict.reason, verdict.retry_after_s, started_at, now, self.settings)
        if blamed.until != before:
            self._changes.tell(announcement.cooling(ticket.target, blame, blamed, verdict.reason, now))

    def _is_stale(self, ticket: Ticket, blame: Blame) -> bool:
        """Whether what would be blamed was reset since the attempt began."""
        if blame in (Blame.ENTRY, Blame.ENDPOINT):
            return ticket.is_stale
        key_is_stale = ticket.number < self._cooldowns.reset_number(ticket.target.key_id)
        return key_is_stale or (ticket.is_stale and blame is not Blame.PROFILE)

    def _blamed(self, target: Target, state: EntryState, blame: Blame) -> Cooldown:
        """The cooldown of what a reason blames; one that blames nobody can only cool the narrowest, the pair."""
        if blame is Blame.PROFILE:
            return self._cooldowns.new_profile(target.key_id)
        if blame in (Blame.ENTRY, Blame.ENDPOINT):
            return state.cooldown
        is_declared = self._entries.is_declared(key_of(target))
        return self._cooldowns.new_pair(target.key_id, target.entry.model, is_declared=is_declared)


def _is_ladder(cooldown: Cooldown, now: float) -> bool:
    return now >= cooldown.stated_until and cooldown.reason not in CREDENTIAL_REASONS
