"""The one owner of mutable health: breakers and cooldowns of every target, asked before and told after each attempt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..core.backoff import Rand
from ..core.breaker import Breaker, BreakerSettings, BreakerState, Outcome, Permit, Refusal
from ..core.catalog import Catalog, Target
from ..core.classify import Verdict
from ..core.cooldown import Cooldown
from ..core.course import Unavailable
from ..core.reasons import BREAKER_UNKNOWN_STREAK, TABLE, Blame, Effect, Reason
from ..core.report import SkipCause

MAX_UNDECLARED = 1000
"""State of models that no configuration names is bounded: the least recently used goes first."""

EntryKey = tuple[str, str, str]
"""(provider, base URL, model)."""


@dataclass(slots=True)
class EntryState:
    """What is known of one (provider, base URL, model)."""

    breaker: Breaker
    cooldown: Cooldown = field(default_factory=Cooldown)
    attempts: int = 0
    successes: int = 0
    failures: int = 0
    consecutive_failures: int = 0
    unknown_streak: int = 0
    last_reason: Reason | None = None
    last_error: str = ""
    last_content_at: float = float("-inf")


@dataclass(slots=True, eq=False)
class Ticket:
    """Leave to make one attempt on a target. Must be given back exactly once, by `finished`, `failed` or `neutral`."""

    target: Target
    permit: Permit
    started_at: float
    request: int
    is_open: bool = True


class HealthState:
    """Breakers per (provider, base URL, model); cooldowns per credential, credential with model, and entry."""

    def __init__(self, catalog: Catalog, settings: BreakerSettings, rand: Rand) -> None:
        self._settings = settings
        self._rand = rand
        self._entries: dict[EntryKey, EntryState] = {}
        self._undeclared: OrderedDict[EntryKey, EntryState] = OrderedDict()
        self._profiles: dict[str, Cooldown] = {}
        self._pairs: OrderedDict[tuple[str, str], Cooldown] = OrderedDict()
        self.open_tickets = 0
        for key in declared_keys(catalog):
            self._entries[key] = self._new()

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why the target may not be called now; the hindrance that lasts longest. None if it may be."""
        return self._hindrance(target, now, short=False)

    def acquire(self, target: Target, request: int, now: float, *, short: bool = False) -> Ticket | Unavailable:
        """Leave for one attempt. `short`: a short wait has passed, so of the pair only the stated wait holds."""
        hindrance = self._hindrance(target, now, short=short)
        if hindrance is not None:
            return hindrance
        state = self._entry(target)
        permit = state.breaker.acquire(now, request)
        if isinstance(permit, Refusal):
            return _open(permit, now)
        for cooldown in self._cooldowns(target):
            cooldown.admit(now)
        state.attempts += 1
        self.open_tickets += 1
        return Ticket(target, permit, now, request)

    def content(self, ticket: Ticket, now: float) -> None:
        """The attempt's first content came: success so far."""
        state = self._entry(ticket.target)
        state.breaker.report(ticket.permit, Outcome.CONTENT, now)
        state.successes += 1
        state.consecutive_failures = state.unknown_streak = 0
        state.last_content_at = now
        for cooldown in self._cooldowns(ticket.target):
            cooldown.success(ticket.started_at)

    def progress(self, ticket: Ticket, now: float) -> None:
        """More content came."""
        state = self._entry(ticket.target)
        state.last_content_at = now
        if ticket.permit.is_probe:
            state.breaker.report(ticket.permit, Outcome.PROGRESS, now)

    def finished(self, ticket: Ticket, now: float) -> None:
        """The attempt ended well."""
        if self._give_back(ticket):
            self._entry(ticket.target).breaker.report(ticket.permit, Outcome.FINISHED, now)

    def neutral(self, ticket: Ticket, now: float) -> None:
        """The attempt ended and says nothing of its target: cancelled, or nobody's fault."""
        if self._give_back(ticket):
            self._entry(ticket.target).breaker.report(ticket.permit, Outcome.NEUTRAL, now)
            for cooldown in self._cooldowns(ticket.target):
                cooldown.neutral()

    def failed(self, ticket: Ticket, verdict: Verdict, message: str, now: float, *, narrow: bool = False) -> None:
        """The attempt failed: what its reason blames takes the effect its row names.

        `message`: redacted, for display. `narrow`: a missing model may be a missing permission; only the pair cools.
        """
        if not self._give_back(ticket):
            return
        state = self._entry(ticket.target)
        row = TABLE[verdict.reason]
        state.last_reason, state.last_error = verdict.reason, message
        blamed = self._blamed(ticket.target, Blame.PROFILE_MODEL if narrow else row.blame)
        if row.effect is Effect.COOLDOWN or verdict.retry_after_s is not None:
            blamed.hit(verdict.reason, verdict.retry_after_s, ticket.started_at, now)
        for cooldown in self._cooldowns(ticket.target):
            if cooldown is not blamed:
                cooldown.neutral()
        outcome = self._outcome(state, row.effect)
        if outcome is Outcome.FAILED:
            state.failures += 1
            state.consecutive_failures += 1
        state.breaker.report(ticket.permit, outcome, now, verdict.reason)
        if row.blame is Blame.ENDPOINT:
            self._fail_siblings(ticket, now, verdict.reason)

    def timed_out(self, ticket: Ticket, now: float) -> None:
        """A limit that only the split of a deadline had shortened ran out: counts against a target that gave content to
        nobody since the attempt began, after at least 2 s; else it says nothing."""
        state = self._entry(ticket.target)
        silent = state.last_content_at < ticket.started_at and now - ticket.started_at >= 2.0
        if not silent:
            self.neutral(ticket, now)
        elif self._give_back(ticket):
            state.failures += 1
            state.consecutive_failures += 1
            state.last_reason = Reason.TIMEOUT
            state.breaker.report(ticket.permit, Outcome.FAILED, now, Reason.TIMEOUT)

    def entries(self) -> Iterable[tuple[EntryKey, EntryState]]:
        """Every entry known, declared ones first."""
        yield from self._entries.items()
        yield from self._undeclared.items()

    def entry(self, target: Target) -> EntryState:
        """The state of a target's entry."""
        return self._entry(target)

    def profile_cooldown(self, key_id: str) -> Cooldown | None:
        """The cooldown of a credential, if it ever had one."""
        return self._profiles.get(key_id)

    def pair_cooldowns(self, key_id: str) -> list[tuple[str, Cooldown]]:
        """(model, cooldown) of a credential."""
        return [(model, cooldown) for (key, model), cooldown in self._pairs.items() if key == key_id]

    def _hindrance(self, target: Target, now: float, *, short: bool) -> Unavailable | None:
        worst: Unavailable | None = None
        pair = self._pairs.get((target.key_id, target.entry.model))
        state = self._entry(target)
        for cooldown in (self._profiles.get(target.key_id), pair, state.cooldown):
            if cooldown is None:
                continue
            until = cooldown.until_callable(now)
            if short and cooldown is pair:
                until = cooldown.stated_until if now < cooldown.stated_until else None
            if until is not None and (worst is None or until > worst.until):
                worst = Unavailable(
                    SkipCause.COOLING,
                    until,
                    cooldown.reason,
                    f"cooling for {_seconds(until - now)}",
                    cooldown.stated_until,
                )
        refusal = state.breaker.refusal(now)
        if refusal is not None and (worst is None or refusal.until > worst.until):
            worst = _open(refusal, now)
        return worst

    def _outcome(self, state: EntryState, effect: Effect) -> Outcome:
        if effect is Effect.UNKNOWN_STREAK:
            state.unknown_streak += 1
            if state.unknown_streak < BREAKER_UNKNOWN_STREAK:
                return Outcome.NEUTRAL
            state.unknown_streak = 0
            return Outcome.FAILED
        state.unknown_streak = 0
        return Outcome.FAILED if effect is Effect.BREAKER else Outcome.NEUTRAL

    def _fail_siblings(self, ticket: Ticket, now: float, reason: Reason) -> None:
        own = _key(ticket.target)
        for key, state in self.entries():
            if key != own and key[:2] == own[:2]:
                state.breaker.fail(ticket.request, now, reason)
                state.last_reason = reason

    def _blamed(self, target: Target, blame: Blame) -> Cooldown:
        """The cooldown of what a reason blames; a reason that blames nobody can only cool the narrowest, the pair."""
        if blame is Blame.PROFILE:
            return self._profiles.setdefault(target.key_id, Cooldown())
        if blame in (Blame.ENTRY, Blame.ENDPOINT):
            return self._entry(target).cooldown
        key = (target.key_id, target.entry.model)
        cooldown = self._pairs.setdefault(key, Cooldown())
        self._pairs.move_to_end(key)
        while len(self._pairs) > MAX_UNDECLARED:
            self._pairs.popitem(last=False)
        return cooldown

    def _cooldowns(self, target: Target) -> list[Cooldown]:
        found = [
            self._profiles.get(target.key_id),
            self._pairs.get((target.key_id, target.entry.model)),
            self._entry(target).cooldown,
        ]
        return [cooldown for cooldown in found if cooldown is not None]

    def _give_back(self, ticket: Ticket) -> bool:
        was_open, ticket.is_open = ticket.is_open, False
        self.open_tickets -= was_open
        return was_open

    def _entry(self, target: Target) -> EntryState:
        key = _key(target)
        state = self._entries.get(key)
        if state is not None:
            return state
        state = self._undeclared.get(key)
        if state is None:
            state = self._undeclared[key] = self._new()
            if len(self._undeclared) > MAX_UNDECLARED:
                self._undeclared.popitem(last=False)
        else:
            self._undeclared.move_to_end(key)
        return state

    def _new(self) -> EntryState:
        return EntryState(Breaker(self._settings, self._rand))


def declared_keys(catalog: Catalog) -> list[EntryKey]:
    """(provider, base URL, model) of every declared model at every base URL its provider's profiles speak to."""
    return list(
        dict.fromkeys(
            (provider.name, provider.url_of(profile), model)
            for provider in catalog.providers.values()
            for profile in provider.profiles
            for model in provider.models
        )
    )


def is_serving(state: EntryState, now: float) -> bool:
    """Whether an entry's own breaker and cooldown let a call through now."""
    closed = state.breaker.state(now) is not BreakerState.OPEN
    return closed and state.cooldown.until_callable(now) is None


def _key(target: Target) -> EntryKey:
    return (target.entry.provider, target.base_url, target.entry.model)


def _open(refusal: Refusal, now: float) -> Unavailable:
    state = "open" if refusal.state is BreakerState.OPEN else "half-open, probed by another call,"
    return Unavailable(SkipCause.OPEN, refusal.until, refusal.reason, f"{state} for {_seconds(refusal.until - now)}")


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.0f} s" if duration_s >= 10 else f"{max(duration_s, 0.1):.1f} s"
