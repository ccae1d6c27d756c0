"""What happened to one entry of a chain in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Protocol

from .catalog import Target
from .chain import Link
from .classify import Verdict
from .conclusion import Ending
from .reasons import Reason, Row, Then
from .report import SkipCause, Skipped
from .tuning import Tuning
from .value import value_type

SLOW_REASONS = frozenset({Reason.TIMEOUT, Reason.DEADLINE})
_SAME_AGAIN = frozenset({Reason.STREAM_BROKEN, Reason.MALFORMED_RESPONSE, Reason.EMPTY_RESPONSE})
CREDENTIAL_REASONS = frozenset({Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING})


@value_type
class Unavailable:
    """Why a target may not be called now. `until`: the instant it may be; `stated_until`: never earlier than this.

    `message`: for a person, such as "open for 12 s". `is_slot`: it returns when any of the attempts under way ends, and
    `until` is only a guess.
    """

    cause: SkipCause
    until: float
    reason: Reason | None
    message: str
    stated_until: float = float("-inf")
    is_slot: bool = False


class Health(Protocol):
    """What the walk asks about targets. Asking changes nothing."""

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why not now; None if it may be called."""
        ...

    def is_closed(self, target: Target, now: float) -> bool:
        """Whether its breaker is closed: traffic flows."""
        ...

    def may_probe_early(self, target: Target, now: float) -> bool:
        """Whether only its breaker or our own ladder is in the way, and nobody has asked it early just now."""
        ...


@dataclass(slots=True, eq=False)
class Leg:
    """One entry's part of the walk, by profiles: `tried`; `excluded`, passed over while another may be asked; `final`,
    not asked again in this call however long it waits. `done`: the walk goes on elsewhere. `ruled_out`: for good, since it
    would answer like another entry did. `breaks`: answers of it that broke off after the caller had some of them; `vain`: how
    often in a row it has failed since then without adding to what was sent. `was_slow`: nothing came of it in time, and it has
    not been asked again since; `has_returned`: it was.
    `cannot_go_on`: it does not take up the answer of another; `done_before`: what held before that."""

    link: Link
    health: Health
    tuning: Tuning
    tried: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    final: set[str] = field(default_factory=set)
    retries: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    verdict: Verdict | None = None
    only_credential_failures: bool = True
    done: bool = False
    ruled_out: bool = False
    asked_one_profile: bool = False
    breaks: int = 0
    vain: int = 0
    was_slow: bool = False
    has_returned: bool = False
    cannot_go_on: bool = False
    done_before: bool = False
    skip: Unavailable | None = None
    noted_at: float = 0.0

    def row(self, reason: Reason) -> Row:
        """What follows from a reason here."""
        return self.tuning.row(reason, self.link.policy)

    @property
    def is_out(self) -> bool:
        """Whether waiting for it is no use either."""
        return self.ruled_out or self.cannot_go_on

    def fresh_target(self, now: float) -> Target | None:
        """The first profile not excluded in this call and callable now."""
        for target in self.link.targets:
            if target.profile not in self.excluded and self.health.unavailable(target, now) is None:
                return target
        return None

    def is_untried_callable(self, now: float) -> bool:
        """Whether nothing was tried here, and something may be."""
        return self.attempts == 0 and not self.done and self.fresh_target(now) is not None

    def has_other_endpoint(self, target: Target, now: float) -> bool:
        """Whether a profile with another base URL may be asked."""
        return any(
            t.base_url != target.base_url and t.profile not in self.excluded and not self.health.unavailable(t, now)
            for t in self.link.targets
        )

    def has_untried_profile(self, now: float) -> bool:
        """Whether a profile not asked in this call is callable now."""
        return any(t.profile not in self.tried and self.health.unavailable(t, now) is None for t in self.link.targets)

    def arranged(self, targets: tuple[Target, ...]) -> None:
        """In this order they are asked from now on."""
        if targets is not self.link.targets:
            self.link = replace(self.link, targets=targets)

    def started(self, target: Target) -> None:
        """An attempt is made."""
        self.attempts += 1
        self.tried.add(target.profile)
        self.has_returned = self.has_returned or self.was_slow
        self.skip = None

    def failed(self, target: Target, verdict: Verdict) -> None:
        """It failed. What waiting cannot mend is not asked again: a refused key, a missing model, what forbids it."""
        self.verdict = verdict
        self.vain += self.breaks > 0
        self.was_slow = verdict.is_own and verdict.reason in SLOW_REASONS and not self.has_returned
        self.only_credential_failures = self.only_credential_failures and verdict.reason in CREDENTIAL_REASONS
        row = self.row(verdict.reason)
        is_entrys = row.then in (Then.ENTRY, Then.OVERFLOW) or (
            row.then is Then.ONE_PROFILE and not verdict.other_profile
        )
        if not row.temporary and is_entrys:
            self.final.update(t.profile for t in self.link.targets)
        elif not row.temporary or verdict.should_retry is False:
            self.final.add(target.profile)

    def renewed(self, old: Target, new: Target) -> None:
        """A profile has another key than when the call began: its state is the new key's from now on."""
        if any(_is_same_profile(target, old) for target in self.link.targets):
            targets = (
                replace(target, key_id=new.key_id) if _is_same_profile(target, old) else target
                for target in self.link.targets
            )
            self.link = replace(self.link, targets=tuple(targets))

    def exclude(self, target: Target, verdict: Verdict, now: float) -> None:
        """The target is left: whether the entry still has one to ask follows from the verdict."""
        self.excluded.add(target.profile)
        match self.row(verdict.reason).then:
            case Then.PROFILE:
                self.done = self.fresh_target(now) is None
            case Then.OTHER_ENDPOINT:
                self.excluded |= {t.profile for t in self.link.targets if t.base_url == target.base_url}
                self.done = self.fresh_target(now) is None
            case Then.ONE_PROFILE:
                self.done = not verdict.other_profile or self.asked_one_profile
                self.asked_one_profile = True
            case _:
                self.done = True

    def broke(self, target: Target, verdict: Verdict, now: float, *, went_on: bool) -> None:
        """Its answer broke off: it is left for others, and comes back when none is left. `went_on`: it had added something to
        what was sent before."""
        self.failed(target, verdict)
        self.exclude(target, verdict, now)
        self.breaks += 1
        if went_on:
            self.vain = 0

    def passes(self) -> None:
        """It does not go on with an answer that broke off."""
        if not self.cannot_go_on:
            self.cannot_go_on, self.done_before, self.done = True, self.done, True

    def begins_again(self) -> None:
        """Another answer, or this one from its beginning: that it may give."""
        if self.cannot_go_on:
            self.cannot_go_on, self.done = False, self.done_before

    def target_that_broke(self, now: float, vain_limit: int) -> Target | None:
        """When no other entry is left: a profile of it, rather one that was not asked yet. None where it was come back to in
        vain so often, without being out of order: it would answer the same once more."""
        if not self.breaks or self.cannot_go_on:
            return None
        if self.vain >= vain_limit and self.verdict is not None and self.verdict.reason in _SAME_AGAIN:
            return None
        return self.any_target(now)

    def slow_target(self, now: float) -> Target | None:
        """Of an entry that was only slower than another: a profile of it, once."""
        return self.any_target(now) if self.was_slow and not self.breaks and not self.cannot_go_on else None

    def any_target(self, now: float) -> Target | None:
        """One that may be asked now, tried or not, rather one that was not."""
        targets = sorted(self.link.targets, key=lambda target: target.profile in self.tried)
        callable_now = (t for t in targets if t.profile not in self.final and not self.health.unavailable(t, now))
        return next(callable_now, None)

    def returned(self, target: Target) -> None:
        """What held the target is over by the end of a wait: it may be asked again."""
        self.excluded.discard(target.profile)
        self.done = False

    def rule_out(self, message: str, now: float) -> None:
        """Asking here is no use: what was found elsewhere holds here too."""
        self.done = self.ruled_out = True
        self.skip, self.noted_at = Unavailable(SkipCause.CAPABILITY, float("inf"), None, message), now

    def early_targets(self, now: float) -> Iterator[tuple[float, Target]]:
        """Targets not asked in this call that may be probed before their time, with when they return."""
        if self.is_out or (self.verdict is not None and self.row(self.verdict.reason).then is not Then.PROFILE):
            return
        for target in self.link.targets:
            held = self.health.unavailable(target, now) if target.profile not in self.tried | self.final else None
            if held is not None and self.health.may_probe_early(target, now):
                yield held.until, target

    def soonest_stated(self, now: float) -> tuple[float, Target] | None:
        """The tried target that is rate limited and said the soonest return, with that instant."""
        best: tuple[float, Target] | None = None
        for target in self.link.targets:
            if target.profile not in self.tried or target.profile in self.final:
                continue
            held = self.health.unavailable(target, now)
            if held is None or held.reason is not Reason.RATE_LIMITED or held.stated_until < now:
                continue
            if best is None or held.stated_until < best[0]:
                best = (held.stated_until, target)
        return best

    def note_skip(self, now: float) -> None:
        """The entry is passed over: keeps what holds it, the soonest return of its targets."""
        held = [h for t in self.link.targets if (h := self.health.unavailable(t, now)) is not None]
        self.skip = min(held, key=lambda h: h.until, default=None)
        self.noted_at = now

    def skipped(self) -> Skipped | None:
        """For the report: passed over and never tried, with why."""
        if self.skip is None or self.attempts:
            return None
        skip, noted_at = self.skip, self.noted_at
        wait_s = skip.until - noted_at
        return Skipped(
            self.link.entry, skip.cause, skip.message, skip.reason, wait_s if isfinite(wait_s) else None, noted_at
        )

    def ending(self, now: float) -> Ending | None:
        """How it ended; None where the walk never came."""
        if self.verdict is not None:
            ending = Ending(self.link.entry, self.verdict.reason, self.verdict.status, len(self.tried))
        elif self.skip is not None:
            ending = Ending(self.link.entry, self.skip.reason, skipped=self.skip.message)
        else:
            return None
        return replace(ending, returns_at=self._returns_at(now))

    def _returns_at(self, now: float) -> float | None:
        """When the first target returns, if all are held; None if one is callable, or waiting is no use."""
        if self.ruled_out:
            return None
        held = [self.health.unavailable(target, now) for target in self.link.targets]
        instants = [h.until for h in held if h is not None]
        return min(instants) if len(instants) == len(held) else None


def _is_same_profile(one: Target, other: Target) -> bool:
    return (one.entry.provider, one.profile, one.key_id) == (other.entry.provider, other.profile, other.key_id)
