"""The walk of one call along its chain: which target next, after which wait, and when to stop (failover.md §5).

The engine asks `step(now)` and does what it says; it tells what became of it with `started`, `failed`, `refused`.
Nothing here waits, sends, or changes anybody's health.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from .backoff import Rand, backoff
from .budget import Budget
from .catalog import Target
from .chain import Chain, Link
from .classify import Verdict
from .conclusion import Ending, conclude, soonest_return_s, summary
from .deadline import MIN_ATTEMPT_S, SPLIT_AMONG, Deadline
from .policy import DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_WAIT_S
from .reasons import TABLE, Again, Reason, Then
from .report import AttemptKind, SkipCause, Skipped

SHORT_WAIT_S = 3.0
PER_ENTRY = 3
PER_ENTRY_CREDENTIAL = 5
KEPT_FOR_UNTRIED = 2
WAITS = 2
SPREAD_S = 1.0
CREDENTIAL_REASONS = frozenset({Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING})


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a target may not be called now. `until`: the instant it may be; `stated_until`: never earlier than this.

    `message`: for a person, such as "open for 12 s".
    """

    cause: SkipCause
    until: float
    reason: Reason | None
    message: str
    stated_until: float = float("-inf")


class Health(Protocol):
    """What the walk asks about targets. Asking changes nothing."""

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why not now; None if it may be called."""
        ...


@dataclass(frozen=True, slots=True)
class Start:
    """Wait `wait_s`, then call `target`. `short`: the ladder's own cooldown does not hold, only the stated wait."""

    link: Link
    target: Target
    kind: AttemptKind
    wait_s: float = 0.0
    short: bool = False
    other_callable: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The call has failed. `retry_after_s`: the soonest return of anything, if known."""

    reason: Reason
    message: str
    retry_after_s: float | None


@dataclass(slots=True)
class _Leg:
    """What happened to one entry in this call, by profiles: `tried`; `excluded`, passed over while another may be asked;
    `final`, not asked again in this call however long it waits."""

    link: Link
    excluded: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    final: set[str] = field(default_factory=set)
    retries: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    verdict: Verdict | None = None
    only_credential_failures: bool = True
    done: bool = False
    asked_one_profile: bool = False
    skip: Unavailable | None = None


class Course:
    """One call's walk. `rand`: injected randomness; `budget`: the process's retry budget."""

    def __init__(self, chain: Chain, deadline: Deadline, health: Health, budget: Budget, rand: Rand) -> None:
        self._legs = [_Leg(link) for link in chain.links]
        self._deadline = deadline
        self._health = health
        self._budget = budget
        self._rand = rand
        policies = [link.policy for link in chain.links]
        self._max_attempts = policies[0].max_attempts or DEFAULT_MAX_ATTEMPTS
        wait_s = policies[0].max_wait_s
        self._wait_left_s = DEFAULT_MAX_WAIT_S if wait_s is None else wait_s
        self._waits_left = WAITS
        self._short_wait_left = True
        self._attempts = 0
        self._last: tuple[_Leg, Target] | None = None
        self._ended_by: Verdict | None = None
        self._again: Start | None = None

    @property
    def attempts(self) -> int:
        """Attempts started so far."""
        return self._attempts

    def step(self, now: float) -> Start | Stop:
        """What to do now."""
        if self._ended_by is not None:
            return self._stop(self._ended_by.reason, now)
        again, self._again = self._again, None
        if self._attempts >= self._max_attempts:
            return self._exhausted(now)
        if again is not None:
            return again
        start = self._next_start(now)
        if start is not None:
            return start if self._deadline.admits_attempt(now) else self._out_of_time(now)
        return self._wait(now) or self._exhausted(now)

    def started(self, start: Start) -> None:
        """The attempt was made."""
        leg = self._leg_of(start.link)
        self._attempts += 1
        leg.attempts += 1
        leg.tried.add(start.target.profile)
        leg.skip = None
        self._last = (leg, start.target)

    def refused(self, start: Start, now: float) -> None:
        """The permit was refused after all: somebody else was first."""
        leg = self._leg_of(start.link)
        self._note_skip(leg, now)
        if leg.verdict is not None:
            self._leave(leg, start.target, leg.verdict, now)

    def asks_other_profile(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether a missing model may be a missing permission, and another profile is about to be asked.

        Then the evidence is against the profile with the model, not yet against the entry.
        """
        leg = self._leg_of(start.link)
        others = (t for t in leg.link.targets if t.profile not in leg.tried)
        return (
            TABLE[verdict.reason].then is Then.ONE_PROFILE
            and verdict.other_profile
            and not leg.asked_one_profile
            and self._may_stay(leg, now)
            and any(self._health.unavailable(target, now) is None for target in others)
        )

    def failed(self, start: Start, verdict: Verdict, now: float, *, committed: bool = False) -> None:
        """The attempt failed, and health has been told. `committed`: content of it has reached the caller."""
        leg = self._leg_of(start.link)
        row = TABLE[verdict.reason]
        leg.verdict = verdict
        if verdict.reason not in CREDENTIAL_REASONS:
            leg.only_credential_failures = False
        if row.then is Then.STOP or committed:
            self._ended_by = verdict
            return
        self._note_final(leg, start.target, verdict)
        self._again = self._same_target(leg, start.target, verdict, now)
        if self._again is None:
            self._leave(leg, start.target, verdict, now)

    def skipped(self) -> tuple[Skipped, ...]:
        """The entries passed over for their health, never tried, with why."""
        return tuple(
            Skipped(leg.link.entry, leg.skip.cause, leg.skip.message, leg.skip.reason)
            for leg in self._legs
            if leg.skip is not None and leg.attempts == 0
        )

    # Asking the same target again.

    def _same_target(self, leg: _Leg, target: Target, verdict: Verdict, now: float) -> Start | None:
        allowed = self._retries_allowed(leg, target, verdict, now)
        retries = leg.retries.get(target.profile, 0)
        if retries >= allowed or not self._may_stay(leg, now):
            return None
        wait_s = backoff(retries, self._rand)
        if verdict.retry_after_s is not None:
            wait_s = max(wait_s, verdict.retry_after_s)
        fits = self._deadline.admits_attempt(now, wait_s)
        if not fits or self._health.unavailable(target, now + wait_s) or self._long(verdict):
            return None
        if not self._budget.draw(now):
            return None
        leg.retries[target.profile] = retries + 1
        return Start(leg.link, target, AttemptKind.RETRY, wait_s, False, self._others(leg, now))

    def _retries_allowed(self, leg: _Leg, target: Target, verdict: Verdict, now: float) -> int:
        if verdict.should_retry is False:
            return 0
        again = TABLE[verdict.reason].again
        is_last = not self._others(leg, now)
        if again is Again.ONCE:
            return 1
        if again is Again.BACKOFF:
            if verdict.reason is Reason.UNKNOWN and verdict.status is not None and 300 <= verdict.status < 500:
                return 0
            return 2 if is_last else 1
        if again is Again.IF_LAST:
            return 2 if is_last and not self._other_endpoint(leg, target, now) else 0
        return 0

    @staticmethod
    def _long(verdict: Verdict) -> bool:
        """A stated wait longer than a short one is no retry: the call goes on, or waits for whatever returns first."""
        return verdict.retry_after_s is not None and verdict.retry_after_s > SHORT_WAIT_S

    # Leaving a target, a profile, an entry.

    @staticmethod
    def _note_final(leg: _Leg, target: Target, verdict: Verdict) -> None:
        """What waiting cannot mend is not asked again: a refused key, a missing model, a target that forbids it."""
        row = TABLE[verdict.reason]
        if not row.temporary and row.then is Then.ENTRY:
            leg.final.update(t.profile for t in leg.link.targets)
        elif not row.temporary or verdict.should_retry is False:
            leg.final.add(target.profile)

    def _leave(self, leg: _Leg, target: Target, verdict: Verdict, now: float) -> None:
        leg.excluded.add(target.profile)
        match TABLE[verdict.reason].then:
            case Then.PROFILE:
                leg.done = self._fresh_target(leg, now) is None
                if leg.done and verdict.reason is Reason.RATE_LIMITED:
                    self._again = self._short_wait(leg, now)
            case Then.OTHER_ENDPOINT:
                leg.excluded |= {t.profile for t in leg.link.targets if t.base_url == target.base_url}
                leg.done = self._fresh_target(leg, now) is None
            case Then.ONE_PROFILE:
                leg.done = not verdict.other_profile or leg.asked_one_profile
                leg.asked_one_profile = True
            case _:
                leg.done = True

    def _other_endpoint(self, leg: _Leg, target: Target, now: float) -> bool:
        return any(
            t.base_url != target.base_url and t.profile not in leg.excluded and not self._health.unavailable(t, now)
            for t in leg.link.targets
        )

    def _short_wait(self, leg: _Leg, now: float) -> Start | None:
        """Once a call: wait for a stated return of at most 3 s, when the untried alternatives are only other models."""
        if not self._short_wait_left or not self._may_stay(leg, now) or self._same_model_elsewhere(leg, now):
            return None
        best: tuple[float, Target] | None = None
        for target in leg.link.targets:
            may_return = target.profile in leg.tried and target.profile not in leg.final
            held = self._health.unavailable(target, now) if may_return else None
            if held is None or held.reason is not Reason.RATE_LIMITED or held.stated_until < now:
                continue
            if best is None or held.stated_until < best[0]:
                best = (held.stated_until, target)
        if best is None:
            return None
        wait_s = best[0] - now
        fits = wait_s <= min(SHORT_WAIT_S, self._wait_left_s) and self._deadline.admits_attempt(now, wait_s)
        if not fits or not self._budget.draw(now):
            return None
        self._short_wait_left = False
        self._wait_left_s -= wait_s
        return Start(leg.link, best[1], self._kind(leg, best[1]), wait_s, True, self._others(leg, now))

    def _same_model_elsewhere(self, leg: _Leg, now: float) -> bool:
        return any(
            other.link.entry.model == leg.link.entry.model and self._is_untried_callable(other, now)
            for other in self._legs
            if other is not leg
        )

    # Going on.

    def _next_start(self, now: float) -> Start | None:
        for leg in self._legs:
            if leg.done or (leg.attempts and not self._may_stay(leg, now)):
                continue
            target = self._fresh_target(leg, now)
            if target is not None:
                return Start(leg.link, target, self._kind(leg, target), other_callable=self._others(leg, now))
            self._note_skip(leg, now)
        return None

    def _fresh_target(self, leg: _Leg, now: float) -> Target | None:
        """The first profile of the entry not excluded in this call and callable now."""
        for target in leg.link.targets:
            if target.profile not in leg.excluded and self._health.unavailable(target, now) is None:
                return target
        return None

    def _wait(self, now: float) -> Start | None:
        """Nothing is callable: wait for the soonest return, at most twice and 10 s in all, inside the deadline."""
        if self._waits_left == 0:
            return None
        returns = [
            (held.until, index, leg, target)
            for index, leg in enumerate(self._legs)
            for target in leg.link.targets
            if target.profile not in leg.final and (held := self._health.unavailable(target, now)) is not None
        ]
        if not returns:
            return None
        until, _, leg, target = min(returns, key=lambda entry: entry[:2])
        wait_s = until - now
        if wait_s > self._wait_left_s or not self._deadline.admits_attempt(now, wait_s):
            return None
        spread_s = min(SPREAD_S * self._rand(), self._wait_left_s - wait_s)
        if self._deadline.admits_attempt(now, wait_s + spread_s):
            wait_s += spread_s
        self._waits_left -= 1
        self._wait_left_s -= wait_s
        leg.done = False
        leg.excluded.discard(target.profile)
        return Start(leg.link, target, self._kind(leg, target), wait_s)

    # Questions.

    def _may_stay(self, leg: _Leg, now: float) -> bool:
        """Whether one more attempt on an entry already tried leaves enough for the untried ones."""
        if not self._others(leg, now):
            return self._attempts < self._max_attempts
        limit = PER_ENTRY_CREDENTIAL if leg.only_credential_failures else PER_ENTRY
        return leg.attempts < limit and self._attempts < self._max_attempts - KEPT_FOR_UNTRIED

    def _others(self, leg: _Leg, now: float) -> int:
        """How many other entries are untried and callable now, counted up to as many as a deadline is split among."""
        count = 0
        for other in self._legs:
            if other is not leg and self._is_untried_callable(other, now):
                count += 1
                if count == SPLIT_AMONG:
                    break
        return count

    def _is_untried_callable(self, leg: _Leg, now: float) -> bool:
        return leg.attempts == 0 and not leg.done and self._fresh_target(leg, now) is not None

    def _kind(self, leg: _Leg, target: Target) -> AttemptKind:
        if self._last is None:
            return AttemptKind.FIRST
        if self._last[0] is not leg:
            return AttemptKind.FAILOVER
        return AttemptKind.RETRY if self._last[1] == target else AttemptKind.ROTATION

    def _leg_of(self, link: Link) -> _Leg:
        return next(leg for leg in self._legs if leg.link is link)

    def _note_skip(self, leg: _Leg, now: float) -> None:
        held = [h for t in leg.link.targets if (h := self._health.unavailable(t, now)) is not None]
        leg.skip = min(held, key=lambda h: h.until, default=leg.skip)

    # Ending.

    def _exhausted(self, now: float) -> Stop:
        return self._stop(conclude(self._endings(now)), now)

    def _out_of_time(self, now: float) -> Stop:
        stop = self._stop(Reason.DEADLINE, now)
        message = f"less than {MIN_ATTEMPT_S} s were left for another attempt"
        return replace(stop, message=f"{message}; {stop.message}" if self._attempts else message)

    def _stop(self, reason: Reason, now: float) -> Stop:
        endings = self._endings(now)
        return Stop(reason, summary(endings), soonest_return_s(endings, now))

    def _endings(self, now: float) -> list[Ending]:
        endings: list[Ending] = []
        for leg in self._legs:
            entry, verdict, skip = leg.link.entry, leg.verdict, leg.skip
            if verdict is not None:
                ending = Ending(entry, verdict.reason, verdict.status, len(leg.tried))
            elif skip is not None:
                ending = Ending(entry, skip.reason, skipped=skip.message)
            else:
                continue
            endings.append(replace(ending, returns_at=self._returns_at(leg, now)))
        return endings

    def _returns_at(self, leg: _Leg, now: float) -> float | None:
        """When the first target of a wholly held entry returns; None if one is callable."""
        held = [self._health.unavailable(target, now) for target in leg.link.targets]
        instants = [h.until for h in held if h is not None]
        return min(instants) if len(instants) == len(held) else None
