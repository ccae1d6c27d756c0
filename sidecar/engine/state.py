"""The one owner of mutable health: breakers and cooldowns of every target, asked before and told after each attempt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..core.backoff import Rand
from ..core.breaker import Breaker, BreakerState, Outcome, Permit, Refusal
from ..core.catalog import Catalog, Target
from ..core.classify import Verdict
from ..core.cooldown import Cooldown
from ..core.evidence import BreakerSettings, Evidence
from ..core.leg import Unavailable
from ..core.reasons import BREAKER_UNKNOWN_STREAK, TABLE, Blame, Effect, Reason
from ..core.report import SkipCause
from ..core.window import Record

MAX_UNDECLARED = 1000
"""State of models that no configuration names is bounded: the least recently used goes first."""

EntryKey = tuple[str, str, str]
"""(provider, base URL, model)."""

SPLIT_BLAMES_FROM_S = 2.0
"""A limit that only the split of a deadline made this short may be held against a target from this length on."""


@dataclass(slots=True)
class EntryState:
    """What is known of one (provider, base URL, model). `endpoint`: connections, shared by all models at the base URL."""

    breaker: Breaker
    endpoint: Evidence
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
    state: EntryState
    reach: Record
    started_at: float
    request: int
    has_content: bool = False
    is_open: bool = True


class HealthState:
    """Breakers per (provider, base URL, model); cooldowns per credential, credential with model, and entry.

    An endpoint that does not answer is evidence against every model there, and an answer of any of them is evidence for
    it: so connections are judged per (provider, base URL), by the breakers' own rules.
    """

    def __init__(self, catalog: Catalog, settings: BreakerSettings, rand: Rand) -> None:
        self._settings = settings
        self._rand = rand
        self._entries: dict[EntryKey, EntryState] = {}
        self._undeclared: OrderedDict[EntryKey, EntryState] = OrderedDict()
        self._endpoints: dict[tuple[str, str], Evidence] = {}
        self._profiles: dict[str, Cooldown] = {}
        self._pairs: dict[tuple[str, str], Cooldown] = {}
        self._undeclared_pairs: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.open_tickets = 0
        for key in declared_keys(catalog):
            self._entries[key] = self._new(key)

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why the target may not be called now; the hindrance that lasts longest. None if it may be."""
        return self._hindrance(target, self._known(target), now, short=False)

    def acquire(self, target: Target, request: int, now: float, *, short: bool = False) -> Ticket | Unavailable:
        """Leave for one attempt. `short`: a short wait has passed, so of the pair only the stated wait holds."""
        state = self._entry(target)
        hindrance = self._hindrance(target, state, now, short=short)
        if hindrance is not None:
            return hindrance
        permit = state.breaker.acquire(now, request)
        assert isinstance(permit, Permit), "a breaker that was not in the way has refused"
        for cooldown in self._cooldowns(target, state):
            cooldown.admit(now)
        state.attempts += 1
        self.open_tickets += 1
        return Ticket(target, permit, state, state.endpoint.started(now, request), now, request)

    def content(self, ticket: Ticket, now: float) -> None:
        """The attempt's first content came: success so far."""
        state = ticket.state
        ticket.has_content = True
        state.breaker.report(ticket.permit, Outcome.CONTENT, now)
        state.endpoint.settled(ticket.reach, False)
        state.successes += 1
        state.consecutive_failures = state.unknown_streak = 0
        state.last_content_at = now
        for cooldown in self._cooldowns(ticket.target, state):
            cooldown.success(ticket.started_at)

    def progress(self, ticket: Ticket, now: float) -> None:
        """More content came."""
        ticket.state.last_content_at = now
        if ticket.permit.is_probe:
            ticket.state.breaker.report(ticket.permit, Outcome.PROGRESS, now)

    def finished(self, ticket: Ticket, now: float) -> None:
        """The attempt ended well, with content or meant to be without."""
        if not self._give_back(ticket):
            return
        if not ticket.has_content:
            self.content(ticket, now)
        ticket.state.breaker.report(ticket.permit, Outcome.FINISHED, now)

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
        state.last_reason, state.last_error = verdict.reason, message
        blame = Blame.PROFILE_MODEL if narrow else row.blame
        cools = row.effect is Effect.COOLDOWN or verdict.retry_after_s is not None
        if cools and blame not in (Blame.REQUEST, Blame.REQUEST_MODEL):
            blamed = self._blamed(ticket.target, state, blame)
            blamed.hit(verdict.reason, verdict.retry_after_s, ticket.started_at, now)
        if row.blame is Blame.ENDPOINT:
            self._unreached(ticket, now, verdict.reason)
        elif verdict.status is not None:
            state.endpoint.settled(ticket.reach, False)
        self._end(ticket, self._outcome(state, row.effect), verdict.reason, now)

    def timed_out(self, ticket: Ticket, now: float) -> None:
        """A limit that only the split of a deadline had shortened ran out: counts against a target that gave content to
        nobody since the attempt began, after at least 2 s; else it says nothing."""
        is_silent = ticket.state.last_content_at < ticket.started_at
        if not is_silent or now - ticket.started_at < SPLIT_BLAMES_FROM_S:
            self.neutral(ticket, now)
        elif self._give_back(ticket):
            ticket.state.last_reason = Reason.TIMEOUT
            self._end(ticket, Outcome.FAILED, Reason.TIMEOUT, now)

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

    def _hindrance(self, target: Target, state: EntryState | None, now: float, *, short: bool) -> Unavailable | None:
        worst: Unavailable | None = None
        pair = self._pairs.get((target.key_id, target.entry.model))
        for cooldown in (self._profiles.get(target.key_id), pair, state.cooldown if state is not None else None):
            if cooldown is None:
                continue
            until = cooldown.until_callable(now)
            if short and cooldown is pair:
                until = cooldown.stated_until if now < cooldown.stated_until else None
            if until is not None and (worst is None or until > worst.until):
                message = f"cooling for {_seconds(until - now)}"
                worst = Unavailable(SkipCause.COOLING, until, cooldown.reason, message, cooldown.stated_until)
        refusal = state.breaker.refusal(now) if state is not None else None
        if refusal is not None and (worst is None or refusal.until > worst.until):
            worst = _open(refusal, now)
        return worst

    def _end(self, ticket: Ticket, outcome: Outcome, reason: Reason | None, now: float) -> None:
        """An attempt ended without success: tells its breaker, and frees the doors it held."""
        state = ticket.state
        if outcome is Outcome.FAILED:
            state.failures += 1
            state.successes -= ticket.has_content
            state.consecutive_failures += 1
        state.breaker.report(ticket.permit, outcome, now, reason)
        state.endpoint.withdrawn(ticket.reach)
        for cooldown in self._cooldowns(ticket.target, state):
            cooldown.ended(ticket.started_at)

    def _outcome(self, state: EntryState, effect: Effect) -> Outcome:
        if effect is not Effect.UNKNOWN_STREAK:
            state.unknown_streak = 0
            return Outcome.FAILED if effect is Effect.BREAKER else Outcome.NEUTRAL
        state.unknown_streak += 1
        if state.unknown_streak < BREAKER_UNKNOWN_STREAK:
            return Outcome.NEUTRAL
        state.unknown_streak = 0
        return Outcome.FAILED

    def _unreached(self, ticket: Ticket, now: float, reason: Reason) -> None:
        """The endpoint did not answer: counts against every model there, which open together once that is enough."""
        endpoint = ticket.state.endpoint
        endpoint.settled(ticket.reach, True)
        if not endpoint.condemns(ticket.reach, now):
            return
        endpoint.clear()
        own = _key(ticket.target)
        for key, state in self.entries():
            if key[:2] == own[:2]:
                state.breaker.trip(now, reason)
                state.last_reason = reason

    def _blamed(self, target: Target, state: EntryState, blame: Blame) -> Cooldown:
        """The cooldown of what a reason blames; one that blames nobody can only cool the narrowest, the pair."""
        if blame is Blame.PROFILE:
            return self._profiles.setdefault(target.key_id, Cooldown())
        if blame in (Blame.ENTRY, Blame.ENDPOINT):
            return state.cooldown
        key = (target.key_id, target.entry.model)
        cooldown = self._pairs.setdefault(key, Cooldown())
        if _key(target) not in self._entries:
            self._undeclared_pairs[key] = None
            self._undeclared_pairs.move_to_end(key)
            if len(self._undeclared_pairs) > MAX_UNDECLARED:
                oldest, _ = self._undeclared_pairs.popitem(last=False)
                del self._pairs[oldest]
        return cooldown

    def _cooldowns(self, target: Target, state: EntryState) -> list[Cooldown]:
        found = (self._profiles.get(target.key_id), self._pairs.get((target.key_id, target.entry.model)))
        return [state.cooldown, *(cooldown for cooldown in found if cooldown is not None)]

    def _give_back(self, ticket: Ticket) -> bool:
        was_open, ticket.is_open = ticket.is_open, False
        self.open_tickets -= was_open
        return was_open

    def _known(self, target: Target) -> EntryState | None:
        key = _key(target)
        return self._entries.get(key) or self._undeclared.get(key)

    def _entry(self, target: Target) -> EntryState:
        key = _key(target)
        state = self._entries.get(key)
        if state is not None:
            return state
        state = self._undeclared.get(key)
        if state is None:
            state = self._undeclared[key] = self._new(key)
            if len(self._undeclared) > MAX_UNDECLARED:
                self._undeclared.popitem(last=False)
        else:
            self._undeclared.move_to_end(key)
        return state

    def _new(self, key: EntryKey) -> EntryState:
        endpoint = self._endpoints.setdefault(key[:2], Evidence(self._settings))
        return EntryState(Breaker(self._settings, self._rand), endpoint)


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


def _key(target: Target) -> EntryKey:
    return (target.entry.provider, target.base_url, target.entry.model)


def _open(refusal: Refusal, now: float) -> Unavailable:
    state = "open" if refusal.state is BreakerState.OPEN else "half-open, probed by another call,"
    return Unavailable(SkipCause.OPEN, refusal.until, refusal.reason, f"{state} for {_seconds(refusal.until - now)}")


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.0f} s" if duration_s >= 10 else f"{max(duration_s, 0.1):.1f} s"
