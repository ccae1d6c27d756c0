"""The walk of one call along its chain: which target next, after which wait, and when to stop (failover.md §5).

The engine asks `step(now)` and does what it says; it tells what became of it with `started`, `failed`, `refused`.
Nothing here waits, sends, or changes anybody's health.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .again import retries_allowed
from .backoff import Rand, backoff
from .breaks import Breaks
from .budget import Budget
from .catalog import Target
from .chain import Chain, Link
from .classify import Verdict
from .deadline import Deadline
from .leg import CREDENTIAL_REASONS, Health, Leg
from .legs import Legs
from .overflow import may_go_elsewhere, may_truncate
from .patience import Patience
from .policy import DEFAULT_MAX_ATTEMPTS
from .reasons import TABLE, Again, Reason, Then
from .report import AttemptKind, Skipped
from .step import Start, Stop
from .stopping import out_of_time, stop
from .truncation import Truncation
from .tuning import Tuning

_DEFAULTS = Tuning()


class Course:
    """One call's walk. `rand`: injected randomness; `budget`: the process's retry budget."""

    def __init__(
        self,
        chain: Chain,
        deadline: Deadline,
        health: Health,
        budget: Budget,
        rand: Rand,
        tuning: Tuning = _DEFAULTS,
    ) -> None:
        self._legs = Legs(chain, health, tuning)
        self.breaks = Breaks(self._legs, tuning.retry, rand)
        self._deadline = deadline
        self._health = health
        self._budget = budget
        self._rand = rand
        self._retry = tuning.retry
        policy = chain.links[0].policy
        self._max_attempts = policy.max_attempts or DEFAULT_MAX_ATTEMPTS
        self._may_probe_early = policy.last_resort is not False
        self._patience = Patience(policy, tuning.retry, deadline, rand)
        self._attempts = 0
        self._last: tuple[Leg, Target] | None = None
        self._ended_by: Verdict | None = None
        self._is_final = False
        self._again: Start | None = None
        self._renewed: set[tuple[str, str]] = set()
        self._truncation = Truncation()
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
            return stop(self._legs, self.breaks.verdict, now)
        if again is not None:
            return again
        start = self._next_start(now) or self._come_back(now)
        if start is None and self.breaks.or_restart:
            self.breaks.begin_again()
            start = self._next_start(now) or self._come_back(now)
        start = start or self._truncated(now)
        if start is not None:
            return start if self._deadline.admits_attempt(now, start.wait_s) else self._out_of_time(now)
        return self._wait(now) or self._last_resort(now) or stop(self._legs, self.breaks.verdict, now)

    def content_came(self) -> Deadline:
        """Content of the call came. The deadline from now on."""
        self._deadline = self._deadline.after_content()
        self._patience.content_came(self._deadline)
        return self._deadline

    def started(self, start: Start) -> None:
        """The attempt was made."""
        leg = self._legs.of(start.link)
        self._attempts += 1
        leg.started(start.target)
        self._last = (leg, start.target)

    def freed(self, start: Start, waited_s: float, now: float) -> Start | None:
        """What to do instead after `waited_s` of a wait for slots: call what is free now; None if nothing is."""
        for target in start.slots:
            if self._health.unavailable(target, now) is None:
                self._patience.gave_back(start.wait_s - waited_s)
                leg = self._legs.of_target(target)
                return Start(leg.link, target, self._kind(leg, target), waited_s)
        return None

    def refused(self, start: Start, now: float) -> None:
        """The permit was refused after all: somebody else was first."""
        leg = self._legs.of(start.link)
        leg.note_skip(now)
        if leg.verdict is not None:
            self._leave(leg, start.target, leg.verdict, now)

    def asks_other_profile(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether a missing model may be a missing permission, and another profile is about to be asked.

        Then the evidence is against the profile with the model, not yet against the entry.
        """
        leg = self._legs.of(start.link)
        return (
            leg.row(verdict.reason).then is Then.ONE_PROFILE
            and verdict.other_profile
            and not leg.asked_one_profile
            and self._may_stay(leg, now)
            and leg.has_untried_profile(now)
        )

    def hedge(self, now: float, beside: Start | None = None) -> Start | None:
        """The next entry, to be asked beside those under way: untried, callable, its breaker closed. None if there is none,
        or one of them has ended what others could do for the call. `beside`: the one under way, where it is alone; an answer
        that broke off may then go on at an entry that was asked before."""
        if self._ended_by is not None or not self._may_start_more(now):
            return None
        for leg in self._legs:
            if leg.done or leg.attempts or leg.link.behind is not None:
                continue
            leg.arranged(self.arrange(leg.link, now))
            target = leg.fresh_target(now)
            if target is None:
                leg.note_skip(now)
            elif self._health.is_closed(target, now):
                return Start(leg.link, target, AttemptKind.HEDGE, other_callable=self._others(leg, now))
        return self._hedge_back(self._legs.of(beside.link), now) if beside is not None and self.breaks.any else None

    def _hedge_back(self, slow: Leg, now: float) -> Start | None:
        found = self.breaks.come_back(now, lambda leg, now: leg is not slow and self._may_stay(leg, now))
        if found is None or found[2] > 0.0 or not self._health.is_closed(found[1], now):
            return None
        return Start(found[0].link, found[1], AttemptKind.HEDGE)

    def has_others(self, start: Start, now: float) -> bool:
        """Whether an untried entry is callable, beside that of an attempt under way."""
        return self._ended_by is None and self._may_start_more(now) and self._others(self._legs.of(start.link), now) > 0

    def _may_start_more(self, now: float) -> bool:
        return self._attempts < self._max_attempts and self._deadline.admits_attempt(now)

    def failed(
        self, start: Start, verdict: Verdict, now: float, *, committed: bool = False, beside: bool = False
    ) -> None:
        """The attempt failed, and health has been told. `committed`: content of it has reached the caller. `beside`: others
        are under way, and the call goes on with them; its target is left."""
        leg = self._legs.of(start.link)
        leg.failed(start.target, verdict)
        then = leg.row(verdict.reason).then
        if self.breaks.verdict is not None and verdict.reason in (Reason.INVALID_REQUEST, Reason.CONTEXT_LENGTH):
            then = Then.ENTRY  # the first one took the request: what is refused is how we go on with it
        if committed or then is Then.STOP or (then is Then.OVERFLOW and not may_go_elsewhere(leg.link.policy)):
            self._ended_by = verdict
            self._is_final = TABLE[verdict.reason].then in (Then.STOP, Then.OVERFLOW)
            return
        if then is Then.OVERFLOW:
            self._legs.rule_out_small_windows(leg, verdict, now)
        if beside:
            leg.exclude(start.target, verdict, now)
            return
        self._again = self._same_target(leg, start.target, verdict, now)
        if self._again is None:
            self._leave(leg, start.target, verdict, now)

    def may_recover(self, start: Start, verdict: Verdict) -> bool:
        """Whether the call may go on after an answer broke off whose beginning the caller has."""
        leg = self._legs.of(start.link)
        then = leg.row(verdict.reason).then
        return then is not Then.STOP and not (then is Then.OVERFLOW and not may_go_elsewhere(leg.link.policy))

    def broke(self, start: Start, verdict: Verdict, now: float, *, seen: bool) -> None:
        """Instead of `failed`: the answer broke off after its first content, and the call goes on. `seen`: the caller has some
        of it; else what was asked before is asked again."""
        self.breaks.broke(self._legs.of(start.link), start.target, verdict, now, seen=seen)
        self._again = None
        self._truncation.drop()

    def passes(self, start: Start, verdict: Verdict) -> None:
        """Instead of `failed`: it did not go on with the answer, which is nobody's fault; it is not asked to again."""
        leg = self._legs.of(start.link)
        leg.verdict = leg.verdict or verdict
        leg.passes()

    def asks_otherwise(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Instead of `failed`: the same target is asked next, to go on in another way, if the call's bounds allow."""
        leg = self._legs.of(start.link)
        if self._ended_by is not None or not self._may_stay(leg, now) or not self._deadline.admits_attempt(now):
            return False
        if self._health.unavailable(start.target, now) is not None:
            return False
        leg.verdict = leg.verdict or verdict
        self._again = Start(leg.link, start.target, self._same_kind(), other_callable=self._others(leg, now))
        return True

    def may_repair(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether the same target may be asked once more with the request repaired, if it can be (failover.md §6).

        Within the call's other bounds, and not while the caller's policy for overflows wants a larger window first.
        """
        leg = self._legs.of(start.link)
        row = leg.row(verdict.reason)
        if row.again is not Again.REPAIRED or self._ended_by is not None:
            return False
        if row.then is Then.OVERFLOW and not may_truncate(
            leg.link.policy, self._legs.has_larger_window(leg, verdict, now)
        ):
            return False
        if not self._may_stay(leg, now, verdict) or not self._deadline.admits_attempt(now):
            return False
        return self._health.unavailable(start.target, now) is None

    def repaired(self, start: Start, verdict: Verdict, now: float) -> None:
        """Instead of `failed`: the same target is asked next, with the request repaired."""
        leg = self._legs.of(start.link)
        leg.verdict, leg.only_credential_failures = verdict, False
        self._again = Start(leg.link, start.target, self._same_kind(), other_callable=self._others(leg, now))

    def may_truncate_later(self, start: Start, verdict: Verdict) -> bool:
        """Whether the caller's policy wants turns dropped here, should no larger window answer. The first that refused it is
        asked again then."""
        is_open = self._ended_by is None and not self.breaks.any
        return is_open and self._truncation.wants(self._legs.of(start.link), verdict)

    def truncates_later(self, start: Start) -> None:
        """Beside `failed`: the request is shortened for this target, which is asked once more when nothing else is left."""
        self._truncation.keep(self._legs.of(start.link), start.target)

    def may_renew(self, start: Start, verdict: Verdict, now: float) -> bool:
        """Whether, should the refused key have been replaced, the same profile may be tried once more (failover.md §3).

        Once a call and profile, within the call's other bounds.
        """
        is_known = _profile_of(start.target) in self._renewed
        if verdict.reason is not Reason.AUTHENTICATION or is_known or self._ended_by is not None:
            return False
        return self._may_stay(self._legs.of(start.link), now) and self._deadline.admits_attempt(now)

    def renewed(self, start: Start, target: Target, verdict: Verdict, now: float) -> None:
        """Instead of `failed`: the key refused was an old one. `target`: the same profile with the new one, next."""
        for leg in self._legs:
            leg.renewed(start.target, target)
        leg = self._legs.of(start.link)
        leg.verdict = verdict
        self._renewed.add(_profile_of(target))
        self._again = Start(leg.link, target, self._same_kind(), other_callable=self._others(leg, now))

    def skipped(self) -> tuple[Skipped, ...]:
        """The entries passed over for their health, or left for last, never tried, with why."""
        behind = [leg.link.behind for leg in self._legs if leg.link.behind and not leg.attempts and not leg.skip]
        return (*behind, *self._legs.skipped())

    # Asking the same target again.

    def _same_target(self, leg: Leg, target: Target, verdict: Verdict, now: float) -> Start | None:
        retries = leg.retries.get(target.profile, 0)
        is_last = not self._others(leg, now)
        again = leg.row(verdict.reason).again
        allowed = retries_allowed(again, verdict, self._retry, is_last=is_last)
        if is_last and allowed and again is Again.IF_LAST and leg.has_other_endpoint(target, now):
            return None
        if retries >= allowed or not self._may_stay(leg, now):
            return None
        wait_s = backoff(retries, self._rand, self._retry.backoff_s, self._retry.backoff_limit_s)
        if verdict.retry_after_s is not None:
            if verdict.retry_after_s > self._retry.short_wait_s:
                return None  # no retry: the call goes on, or waits for whatever returns first
            wait_s = max(wait_s, verdict.retry_after_s)
        if not self._deadline.admits_attempt(now, wait_s) or self._health.unavailable(target, now + wait_s):
            return None
        if not self._budget.draw(now):
            return None
        leg.retries[target.profile] = retries + 1
        return Start(leg.link, target, self._same_kind(), wait_s, False, self._others(leg, now))

    # Leaving a target, a profile, an entry.

    def _leave(self, leg: Leg, target: Target, verdict: Verdict, now: float) -> None:
        leg.exclude(target, verdict, now)
        if leg.done and verdict.reason is Reason.RATE_LIMITED:
            self._again = self._short_wait(leg, now)

    def _short_wait(self, leg: Leg, now: float) -> Start | None:
        """Once a call: wait for a stated return that is near, when the untried alternatives are only other models."""
        if not self._may_stay(leg, now) or self._legs.has_same_model(leg, now):
            return None
        wait = self._patience.short(leg, now)
        if wait is None or not self._budget.draw(now):
            return None
        self._patience.took_short(wait)
        return Start(leg.link, wait.target, self._kind(leg, wait.target), wait.wait_s, True, self._others(leg, now))

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

    def _come_back(self, now: float) -> Start | None:
        if not self.breaks.any or (self.breaks.or_restart and self._attempts >= self._max_attempts - 1):
            return None  # what is left of the attempts is for the restart
        found = self.breaks.come_back(now, self._may_stay)
        if found is None:
            return None
        leg, target, wait_s = found
        return Start(leg.link, target, self._kind(leg, target), wait_s)

    def _truncated(self, now: float) -> Start | None:
        """No larger window has answered: the shortened request, to the target that refused the whole one."""
        found = self._truncation.take(self._health, now)
        return Start(found[0].link, found[1], self._kind(*found)) if found is not None else None

    def _wait(self, now: float) -> Start | None:
        """Nothing is callable: wait for the soonest return."""
        wait = self._patience.longest(self._legs, now)
        if wait is None:
            return None
        return Start(wait.leg.link, wait.target, self._kind(wait.leg, wait.target), wait.wait_s, slots=wait.slots)

    def _last_resort(self, now: float) -> Start | None:
        """Waiting is no use: a target that only its breaker or our own ladder holds is asked early, the one that returns
        first."""
        if not self._may_probe_early or not self._deadline.admits_attempt(now):
            return None
        found = self._legs.early(now)
        if found is None:
            return None
        leg, target = found
        return Start(leg.link, target, self._kind(leg, target), early=True)

    # Questions.

    def _may_stay(self, leg: Leg, now: float, verdict: Verdict | None = None) -> bool:
        """Whether one more attempt on an entry already tried leaves enough for the untried ones. `verdict`: of a failure
        that the leg does not know yet."""
        if not self._others(leg, now):
            return self._attempts < self._max_attempts
        retry = self._retry
        is_credential = leg.only_credential_failures and (verdict is None or verdict.reason in CREDENTIAL_REASONS)
        limit = retry.attempts_per_entry_credential if is_credential else retry.attempts_per_entry
        return leg.attempts < limit and self._attempts < self._max_attempts - retry.attempts_reserved

    def _others(self, leg: Leg, now: float) -> int:
        return self._legs.others(leg, now, max(1, self._deadline.settings.split_entries))

    def _kind(self, leg: Leg, target: Target) -> AttemptKind:
        if self._last is None:
            return AttemptKind.FIRST
        if self._last[0] is not leg and not self.breaks.resumes:
            return AttemptKind.FAILOVER
        return self._same_kind() if self.breaks.resumes or self._last[1] == target else AttemptKind.ROTATION

    def _same_kind(self) -> AttemptKind:
        """Of the same target once more."""
        return AttemptKind.RESUME if self.breaks.resumes else AttemptKind.RETRY

    # Ending.

    def _ended(self, reason: Reason, now: float) -> Stop:
        """Ended early. What stops a call is not mended by waiting for other entries."""
        stopped = stop(self._legs, self.breaks.verdict, now, reason)
        return replace(stopped, retry_after_s=None) if self._is_final else stopped

    def _out_of_time(self, now: float) -> Stop:
        return out_of_time(self._legs, self.breaks.verdict, now, self._attempts, self._deadline.settings.min_attempt_s)


def _profile_of(target: Target) -> tuple[str, str]:
    return target.entry.provider, target.profile
