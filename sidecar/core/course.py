"""The walk of one call along its chain: which target next, after which wait, and when to stop (failover.md §5).

The engine asks `step(now)` and does what it says; it tells what became of it with `started`, `failed`, `refused`.
Nothing here waits, sends, or changes anybody's health.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .backoff import Rand, backoff
from .budget import Budget
from .catalog import Target
from .chain import Chain, Link
from .classify import Verdict
from .conclusion import conclude, soonest_return_s, summary
from .deadline import MIN_ATTEMPT_S, SPLIT_AMONG, Deadline
from .leg import Health, Leg
from .policy import DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_WAIT_S
from .reasons import TABLE, Again, Reason, Then
from .report import AttemptKind, Skipped
from .value import value_type

SHORT_WAIT_S = 3.0
PER_ENTRY = 3
PER_ENTRY_CREDENTIAL = 5
KEPT_FOR_UNTRIED = 2
WAITS = 2
SPREAD_S = 1.0


@value_type
class Start:
    """Wait `wait_s`, then call `target`. `short`: the ladder's own cooldown does not hold, only the stated wait.

    `other_callable`: untried entries that are callable now, counted up to as many as a deadline is split among. `slots`:
    the wait is for one of these to be free, which may come sooner: ask `freed`.
    """

    link: Link
    target: Target
    kind: AttemptKind
    wait_s: float = 0.0
    short: bool = False
    other_callable: int = 0
    slots: tuple[Target, ...] = ()


@value_type
class Stop:
    """The call has failed. `retry_after_s`: the soonest return of anything, if known."""

    reason: Reason
    message: str
    retry_after_s: float | None


class Course:
    """One call's walk. `rand`: injected randomness; `budget`: the process's retry budget."""

    def __init__(self, chain: Chain, deadline: Deadline, health: Health, budget: Budget, rand: Rand) -> None:
        self._legs = [Leg(link, health) for link in chain.links]
        self._deadline = deadline
        self._health = health
        self._budget = budget
        self._rand = rand
        policy = chain.links[0].policy
        self._max_attempts = policy.max_attempts or DEFAULT_MAX_ATTEMPTS
        self._wait_left_s = DEFAULT_MAX_WAIT_S if policy.max_wait_s is None else policy.max_wait_s
        self._waits_left = WAITS
        self._short_wait_left = True
        self._attempts = 0
        self._last: tuple[Leg, Target] | None = None
        self._ended_by: Verdict | None = None
        self._again: Start | None = None
        self._renewed: set[tuple[str, str]] = set()
        self.arrange: Callable[[Link, float], tuple[Target, ...]] = lambda link, now: link.targets
        """The order in which the targets of an entry are asked, decided when the walk comes to it."""

    @property
    def attempts(self) -> int:
        """Attempts started so far."""
        return self._attempts

    def step(self, now: float) -> Start | Stop:
        """What to do now."""
        if self._ended_by is not None:
            return self._ended(self._ended_by.reason, now)
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
        leg.started(start.target)
        self._last = (leg, start.target)

    def freed(self, start: Start, waited_s: float, now: float) -> Start | None:
        """What to do instead after `waited_s` of a wait for slots: call what is free now; None if nothing is."""
        for target in start.slots:
            if self._health.unavailable(target, now) is None:
                self._wait_left_s += start.wait_s - waited_s
                leg = next(leg for leg in self._legs if leg.link.entry == target.entry)
                return Start(leg.link, target, self._kind(leg, target), waited_s)
        return None

    def refused(self, start: Start, now: float) -> None:
        """The permit was refused after all: somebody else was first."""
        leg = self._leg_of(start.link)
        leg.note_skip(now)
        if leg.verdict is not None:
            self._leave(leg, start.target, leg.verdict, now)

    def asks_other_profile(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether a missing model may be a missing permission, and another profile is about to be asked.

        Then the evidence is against the profile with the model, not yet against the entry.
        """
        leg = self._leg_of(start.link)
        return (
            TABLE[verdict.reason].then is Then.ONE_PROFILE
            and verdict.other_profile
            and not leg.asked_one_profile
            and self._may_stay(leg, now)
            and leg.has_untried_profile(now)
        )

    def failed(self, start: Start, verdict: Verdict, now: float, *, committed: bool = False) -> None:
        """The attempt failed, and health has been told. `committed`: content of it has reached the caller."""
        leg = self._leg_of(start.link)
        leg.failed(start.target, verdict)
        if committed or TABLE[verdict.reason].then is Then.STOP:
            self._ended_by = verdict
            return
        self._again = self._same_target(leg, start.target, verdict, now)
        if self._again is None:
            self._leave(leg, start.target, verdict, now)

    def may_renew(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether, should the refused key have been replaced, the same profile may be tried once more (failover.md §3).

        Once a call and profile, within the call's other bounds.
        """
        if verdict.reason is not Reason.AUTHENTICATION or _profile_of(start.target) in self._renewed:
            return False
        return self._may_stay(self._leg_of(start.link), now) and self._deadline.admits_attempt(now)

    def renewed(self, start: Start, target: Target, verdict: Verdict, now: float) -> None:
        """Instead of `failed`: the key refused was an old one. `target`: the same profile with the new one, next."""
        for leg in self._legs:
            leg.renewed(start.target, target)
        leg = self._leg_of(start.link)
        leg.verdict = verdict
        self._renewed.add(_profile_of(target))
        self._again = Start(leg.link, target, AttemptKind.RETRY, other_callable=self._others(leg, now))

    def skipped(self) -> tuple[Skipped, ...]:
        """The entries passed over for their health, never tried, with why."""
        return tuple(skipped for leg in self._legs if (skipped := leg.skipped()) is not None)

    # Asking the same target again.

    def _same_target(self, leg: Leg, target: Target, verdict: Verdict, now: float) -> Start | None:
        retries = leg.retries.get(target.profile, 0)
        if retries >= self._retries_allowed(leg, target, verdict, now) or not self._may_stay(leg, now):
            return None
        wait_s = backoff(retries, self._rand)
        if verdict.retry_after_s is not None:
            if verdict.retry_after_s > SHORT_WAIT_S:
                return None  # no retry: the call goes on, or waits for whatever returns first
            wait_s = max(wait_s, verdict.retry_after_s)
        if not self._deadline.admits_attempt(now, wait_s) or self._health.unavailable(target, now + wait_s):
            return None
        if not self._budget.draw(now):
            return None
        leg.retries[target.profile] = retries + 1
        return Start(leg.link, target, AttemptKind.RETRY, wait_s, False, self._others(leg, now))

    def _retries_allowed(self, leg: Leg, target: Target, verdict: Verdict, now: float) -> int:
        again = TABLE[verdict.reason].again
        if verdict.should_retry is False or _is_unknown_refusal(verdict):
            return 0
        if again is Again.ONCE:
            return 1
        if again is Again.BACKOFF:
            return 1 if self._others(leg, now) else 2
        if again is Again.IF_LAST and not self._others(leg, now) and not leg.has_other_endpoint(target, now):
            return 2
        return 0

    # Leaving a target, a profile, an entry.

    def _leave(self, leg: Leg, target: Target, verdict: Verdict, now: float) -> None:
        leg.exclude(target, verdict, now)
        if leg.done and verdict.reason is Reason.RATE_LIMITED:
            self._again = self._short_wait(leg, now)

    def _short_wait(self, leg: Leg, now: float) -> Start | None:
        """Once a call: wait for a stated return of at most 3 s, when the untried alternatives are only other models."""
        if not self._short_wait_left or not self._may_stay(leg, now) or self._same_model_elsewhere(leg, now):
            return None
        soonest = leg.soonest_stated(now)
        if soonest is None:
            return None
        wait_s, target = soonest[0] - now, soonest[1]
        fits = wait_s <= min(SHORT_WAIT_S, self._wait_left_s) and self._deadline.admits_attempt(now, wait_s)
        if not fits or not self._budget.draw(now):
            return None
        self._short_wait_left = False
        self._wait_left_s -= wait_s
        return Start(leg.link, target, self._kind(leg, target), wait_s, True, self._others(leg, now))

    def _same_model_elsewhere(self, leg: Leg, now: float) -> bool:
        return any(
            other.link.entry.model == leg.link.entry.model and other.is_untried_callable(now)
            for other in self._legs
            if other is not leg
        )

    # Going on.

    def _next_start(self, now: float) -> Start | None:
        for leg in self._legs:
            if leg.done or (leg.attempts and not self._may_stay(leg, now)):
                continue
            if not leg.attempts:
                leg.arranged(self.arrange(leg.link, now))
            target = leg.fresh_target(now)
            if target is not None:
                return Start(leg.link, target, self._kind(leg, target), other_callable=self._others(leg, now))
            leg.note_skip(now)
        return None

    def _wait(self, now: float) -> Start | None:
        """Nothing is callable: wait for the soonest return, at most twice and 10 s in all, inside the deadline."""
        returns = [
            (held, index, leg, target)
            for index, leg in enumerate(self._legs)
            for target in leg.link.targets
            if target.profile not in leg.final and (held := self._health.unavailable(target, now)) is not None
        ]
        if self._waits_left == 0 or not returns:
            return None
        soonest, _, leg, target = min(returns, key=lambda entry: (entry[0].until, entry[1]))
        slots = tuple(target for held, _, _, target in returns if held.is_slot)
        known = min((held.until for held, *_ in returns if not held.is_slot), default=float("inf"))
        wait_s = self._slot_wait_s(known, now) if slots else self._spread_wait_s(soonest.until - now, now)
        if wait_s is None:
            return None
        self._waits_left -= 1
        self._wait_left_s -= wait_s
        for held, _, other, returned in returns:
            if held.is_slot or held.until <= now + wait_s:
                other.returned(returned)
        return Start(leg.link, target, self._kind(leg, target), wait_s, slots=slots)

    def _spread_wait_s(self, wait_s: float, now: float) -> float | None:
        """A wait of `wait_s`, with what spreads those who wait for the same; None if it is too long."""
        if wait_s > self._wait_left_s or not self._deadline.admits_attempt(now, wait_s):
            return None
        spread_s = min(SPREAD_S * self._rand(), self._wait_left_s - wait_s)
        return wait_s + spread_s if self._deadline.admits_attempt(now, wait_s + spread_s) else wait_s

    def _slot_wait_s(self, known: float, now: float) -> float | None:
        """As long as may be waited for a slot, until something else returns at `known`; None if not at all."""
        wait_s = min(self._wait_left_s, self._deadline.remaining_s(now) - MIN_ATTEMPT_S, known - now)
        return wait_s if wait_s > 0.0 else None

    # Questions.

    def _may_stay(self, leg: Leg, now: float) -> bool:
        """Whether one more attempt on an entry already tried leaves enough for the untried ones."""
        if not self._others(leg, now):
            return self._attempts < self._max_attempts
        limit = PER_ENTRY_CREDENTIAL if leg.only_credential_failures else PER_ENTRY
        return leg.attempts < limit and self._attempts < self._max_attempts - KEPT_FOR_UNTRIED

    def _others(self, leg: Leg, now: float) -> int:
        count = 0
        for other in self._legs:
            if other is not leg and other.is_untried_callable(now):
                count += 1
                if count == SPLIT_AMONG:
                    break
        return count

    def _kind(self, leg: Leg, target: Target) -> AttemptKind:
        if self._last is None:
            return AttemptKind.FIRST
        if self._last[0] is not leg:
            return AttemptKind.FAILOVER
        return AttemptKind.RETRY if self._last[1] == target else AttemptKind.ROTATION

    def _leg_of(self, link: Link) -> Leg:
        return next(leg for leg in self._legs if leg.link.entry == link.entry)

    # Ending.

    def _ended(self, reason: Reason, now: float) -> Stop:
        """Ended early. What stops a call is not mended by waiting for other entries."""
        stop = self._stop(reason, now)
        return replace(stop, retry_after_s=None) if TABLE[reason].then is Then.STOP else stop

    def _exhausted(self, now: float) -> Stop:
        return self._stop(None, now)

    def _out_of_time(self, now: float) -> Stop:
        stop = self._stop(Reason.DEADLINE, now)
        message = f"less than {MIN_ATTEMPT_S} s were left for another attempt"
        return replace(stop, message=f"{message}; {stop.message}" if self._attempts else message)

    def _stop(self, reason: Reason | None, now: float) -> Stop:
        """`reason`: what ended the call early; None: concluded from how its entries ended."""
        endings = [ending for leg in self._legs if (ending := leg.ending(now)) is not None]
        return Stop(reason or conclude(endings), summary(endings), soonest_return_s(endings, now))


def _profile_of(target: Target) -> tuple[str, str]:
    return target.entry.provider, target.profile


def _is_unknown_refusal(verdict: Verdict) -> bool:
    """An unexplained 3xx or 4xx answers the same request the same way."""
    return verdict.reason is Reason.UNKNOWN and verdict.status is not None and 300 <= verdict.status < 500
