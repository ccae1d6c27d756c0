"""The one owner of mutable health: breakers and cooldowns of every target, asked before and told after each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..core.backoff import Rand
from ..core.breaker import BreakerState, Outcome, Permit
from ..core.catalog import Catalog, Target
from ..core.classify import Verdict
from ..core.cooldown import Cooldown
from ..core.deadline import DeadlineSettings
from ..core.evidence import BreakerSettings
from ..core.leg import Unavailable
from ..core.reasons import BREAKER_UNKNOWN_STREAK, TABLE, Blame, Effect, Reason, Row
from ..core.tuning import CooldownSettings, RetrySettings
from . import announcement
from .changes import Changes, Listener
from .cooldowns import Cooldowns
from .cooling import Cooling
from .entries import Entries, EntryKey, EntryState, key_of
from .hindrance import hindrance
from .ticket import Ticket

__all__ = ["HealthState", "Ticket"]

SUSPECT_S = 30.0
"""So long after a TIMEOUT a slow target is left rather than waited for, where no hedge may be made (streams.md)."""
_RETRY = RetrySettings()
_DEADLINE = DeadlineSettings()


class HealthState:
    """Breakers per (provider, base URL, model); cooldowns per credential, credential with model, and entry.

    An endpoint that does not answer is evidence against every model there, and an answer of any of them is evidence for
    it: so connections are judged per (provider, base URL), by the breakers' own rules. `changes` hears of each change
    that an attempt or a reset makes; that time is up changes nothing here, and whoever shows it looks at the clock.
    """

    def __init__(self, catalog: Catalog, settings: BreakerSettings, rand: Rand, changes: Changes | None = None) -> None:
        self.changes = changes if changes is not None else Changes()
        self._entries = Entries(catalog, settings, rand)
        self._cooldowns = Cooldowns()
        self._cooling = Cooling(self._entries, self._cooldowns, self.changes)
        self._early_interval_s = _RETRY.last_resort_interval_s
        self._resets = 0
        self.open_tickets = 0

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """From now on the listener hears each change; gives what ends that."""
        return self.changes.subscribe(listener)

    def tune(self, cooldown: CooldownSettings, early_interval_s: float) -> None:
        """From now on cooldowns are set by these numbers; those that hold stay. `early_interval_s`: between early probes
        of a target."""
        self._cooling.settings, self._early_interval_s = cooldown, early_interval_s

    def adopt(self, catalogs: Iterable[Catalog], key_ids: frozenset[str], settings: BreakerSettings) -> None:
        """Keeps what is known of everything in these catalogs and of these credentials, and forgets the rest.

        `catalogs`: every one in use, by new calls or by calls still under way. A ticket of what is forgotten stays good.
        """
        self._entries.adopt(catalogs, settings)
        self._cooldowns.adopt(key_ids)

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why the target may not be called now; the hindrance that lasts longest. None if it may be."""
        return self._hindrance(target, self._entries.known(key_of(target)), now, short=False)

    def is_closed(self, target: Target, now: float) -> bool:
        """Whether its breaker is closed."""
        state = self._entries.known(key_of(target))
        return state is None or state.breaker.state(now) is BreakerState.CLOSED

    def is_suspect(self, target: Target, now: float) -> bool:
        """Whether its breaker is not closed, or it was silent for too long in the last half minute."""
        state = self._entries.known(key_of(target))
        was_silent = state is not None and now - state.silent_at <= SUSPECT_S
        return was_silent or not self.is_closed(target, now)

    def may_probe_early(self, target: Target, now: float) -> bool:
        """Whether only its breaker or our own ladder is in the way, not a stated wait or the credential, and nobody has
        asked it early just now."""
        state = self._entries.known(key_of(target))
        if state is None:
            return False
        is_soon = now < state.early_at.get(target.key_id, float("-inf")) + self._early_interval_s
        if is_soon or not state.breaker.may_probe_early(now):
            return False
        return self._cooling.is_only_ours(target, state, now)

    def acquire(
        self, target: Target, request: int, now: float, *, short: bool = False, early: bool = False
    ) -> Ticket | Unavailable:
        """Leave for one attempt. `short`: a short wait has passed, so of the pair only the stated wait holds. `early`:
        `may_probe_early` has allowed it."""
        state = self._entries.of(key_of(target))
        held = self._hindrance(target, state, now, short=short)
        if held is not None and not (early and self.may_probe_early(target, now)):
            return held
        permit = state.breaker.acquire_early(now, request) if early else state.breaker.acquire(now, request)
        assert isinstance(permit, Permit), "a breaker that was not in the way has refused"
        if early:
            state.early_at[target.key_id] = now
        if permit.is_probe:
            self.changes.tell(announcement.probed(key_of(target), state.breaker))
        self._cooling.admit(target, state, now)
        state.attempts += 1
        self.open_tickets += 1
        reach = state.endpoint.started(now, request)
        return Ticket(target, permit, state, reach, now, request, self._resets, early)

    def content(self, ticket: Ticket, now: float) -> None:
        """The attempt's first content came: success so far."""
        state = ticket.state
        ticket.has_content = True
        state.successes += 1
        state.last_content_at = now
        if not ticket.is_stale:
            self._report(ticket, Outcome.CONTENT, now)
            state.endpoint.settled(ticket.reach, False)
            state.consecutive_failures = state.unknown_streak = 0
        self._cooling.succeeded(ticket, now)

    def progress(self, ticket: Ticket, now: float) -> None:
        """More content came."""
        ticket.state.last_content_at = now
        if ticket.permit.is_probe:
            self._report(ticket, Outcome.PROGRESS, now)

    def finished(self, ticket: Ticket, now: float) -> None:
        """The attempt ended well, with content or meant to be without."""
        if not self._give_back(ticket):
            return
        if not ticket.has_content:
            self.content(ticket, now)
        self._report(ticket, Outcome.FINISHED, now)

    def neutral(self, ticket: Ticket, now: float) -> None:
        """The attempt ended and says nothing of its target: cancelled, or nobody's fault."""
        if self._give_back(ticket):
            self._end(ticket, Outcome.NEUTRAL, None, now)

    def failed(self, ticket: Ticket, verdict: Verdict, message: str, now: float, *, narrow: bool = False) -> None:
        """The attempt failed: what its reason blames takes the effect its row names.

        `message`: redacted, for display. `narrow`: a missing model may be a missing permission; only the pair cools.
        """
        if not self._give_back(ticket):
            return
        row, state = TABLE[verdict.reason], ticket.state
        self._cooling.failed(ticket, verdict, Blame.PROFILE_MODEL if narrow else row.blame, now)
        outcome = self._outcome(ticket, row.effect)
        if not ticket.is_stale:
            state.last_reason, state.last_error = verdict.reason, message
            if verdict.reason is Reason.TIMEOUT:
                state.silent_at = now
            self._reached(ticket, verdict, row, now)
        self._end(ticket, outcome, verdict.reason, now)

    def timed_out(self, ticket: Ticket, now: float, blames_from_s: float = _DEADLINE.split_blame_s) -> None:
        """A limit that only the split of a deadline had shortened ran out: counts against a target that gave content to
        nobody since the attempt began, after at least `blames_from_s`; else it says nothing."""
        is_silent = ticket.state.last_content_at < ticket.started_at
        if not is_silent or now - ticket.started_at < blames_from_s:
            self.neutral(ticket, now)
        elif self._give_back(ticket):
            if not ticket.is_stale:
                ticket.state.last_reason, ticket.state.silent_at = Reason.TIMEOUT, now
            self._end(ticket, Outcome.FAILED, Reason.TIMEOUT, now)

    def entries(self) -> Iterable[tuple[EntryKey, EntryState]]:
        """Every entry known, declared ones first."""
        return iter(self._entries)

    def is_declared(self, key: EntryKey) -> bool:
        """Whether the configuration names an entry."""
        return self._entries.is_declared(key)

    def known(self, key: EntryKey) -> EntryState | None:
        """The state of an entry, if there is any."""
        return self._entries.known(key)

    def entry(self, target: Target) -> EntryState:
        """The state of a target's entry."""
        return self._entries.of(key_of(target))

    @property
    def cooldowns(self) -> Cooldowns:
        """Of credentials: what outlives the process is read there, and put back there before anybody asks."""
        return self._cooldowns

    def profile_cooldown(self, key_id: str) -> Cooldown | None:
        """The cooldown of a credential, if it ever had one."""
        return self._cooldowns.profile(key_id)

    def pair_cooldown(self, key_id: str, model: str) -> Cooldown | None:
        """The cooldown of a credential with one model, if it ever had one."""
        return self._cooldowns.pair(key_id, model)

    def pair_cooldowns(self, key_id: str) -> list[tuple[str, Cooldown]]:
        """(model, cooldown) of a credential."""
        return self._cooldowns.pairs(key_id)

    def reset_entry(self, provider: str, model: str, key_ids: Iterable[str]) -> bool:
        """Forgets an entry at each of its base URLs, and the cooldowns of these credentials with its model.

        Totals stay; attempts under way end without effect on what was forgotten. False: there is no such entry.
        """
        found = self._entries.of_model(provider, model)
        self._resets += 1
        for _, state in found:
            state.reset(self._resets)
        if found:
            self._cooldowns.reset_pairs(key_ids, model)
        for key, _ in found:
            self.changes.tell(announcement.entry_reset(key))
        return bool(found)

    def reset_profile(self, provider: str, profile: str, key_id: str) -> None:
        """Forgets the cooldowns of a credential, and of it with each model."""
        self._resets += 1
        self._cooldowns.reset_profile(key_id, self._resets)
        self.changes.tell(announcement.profile_reset(provider, profile))

    def reset_all(self) -> None:
        """Forgets everything but the totals."""
        self._resets += 1
        for _, state in self._entries:
            state.reset(self._resets)
        self._cooldowns.reset_all(self._resets)
        self.changes.tell(announcement.all_reset())

    def _hindrance(self, target: Target, state: EntryState | None, now: float, *, short: bool) -> Unavailable | None:
        whole, pair = self._cooldowns.profile(target.key_id), self._cooldowns.pair(target.key_id, target.entry.model)
        return hindrance(state, whole, pair, now, short=short)

    def _report(self, ticket: Ticket, outcome: Outcome, now: float, reason: Reason | None = None) -> None:
        """Tells the entry's breaker, and of the turn it takes."""
        breaker = ticket.state.breaker
        generation = breaker.generation
        holds = outcome is Outcome.NEUTRAL and ticket.permit.is_probe and breaker.refusal(now) is not None
        breaker.report(ticket.permit, outcome, now, reason)
        if breaker.generation != generation:
            self.changes.tell(announcement.turned(key_of(ticket.target), breaker, now))
        elif holds and breaker.refusal(now) is None:
            self.changes.tell(announcement.unproven(key_of(ticket.target), breaker))

    def _end(self, ticket: Ticket, outcome: Outcome, reason: Reason | None, now: float) -> None:
        """An attempt ended without success: tells its breaker, and frees the doors it held."""
        state = ticket.state
        if outcome is Outcome.FAILED:
            state.failures += 1
            state.successes -= ticket.has_content
        if not ticket.is_stale:
            state.consecutive_failures += outcome is Outcome.FAILED
            self._report(ticket, outcome, now, reason)
            state.endpoint.withdrawn(ticket.reach)
        self._cooling.ended(ticket)

    def _outcome(self, ticket: Ticket, effect: Effect) -> Outcome:
        state = ticket.state
        if effect is not Effect.UNKNOWN_STREAK or ticket.is_stale:
            if not ticket.is_stale:
                state.unknown_streak = 0
            return Outcome.FAILED if effect is Effect.BREAKER else Outcome.NEUTRAL
        state.unknown_streak += 1
        if state.unknown_streak < BREAKER_UNKNOWN_STREAK:
            return Outcome.NEUTRAL
        state.unknown_streak = 0
        return Outcome.FAILED

    def _reached(self, ticket: Ticket, verdict: Verdict, row: Row, now: float) -> None:
        """What a failure says of the endpoint: an answer shows that it is there; no answer counts against every model
        there, and they open together once that is enough."""
        endpoint = ticket.state.endpoint
        if row.blame is not Blame.ENDPOINT:
            if verdict.status is not None:
                endpoint.settled(ticket.reach, False)
            return
        endpoint.settled(ticket.reach, True)
        if not endpoint.condemns(ticket.reach, now):
            return
        endpoint.clear()
        own = key_of(ticket.target)
        for key, state in self._entries:
            if key[:2] == own[:2]:
                generation = state.breaker.generation
                state.breaker.trip(now, verdict.reason)
                state.last_reason = verdict.reason
                if state.breaker.generation != generation:
                    self.changes.tell(announcement.turned(key, state.breaker, now))

    def _give_back(self, ticket: Ticket) -> bool:
        was_open, ticket.is_open = ticket.is_open, False
        self.open_tickets -= was_open
        return was_open
