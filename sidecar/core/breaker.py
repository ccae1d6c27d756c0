"""The circuit breaker of one (provider, base URL, model).

Rules (failover.md §7):

    closed ──(three failures in a row, or half of a full window: `evidence`)──▶ open
    closed ──(the endpoint it shares with others does not answer: `trip`)──▶ open
    open ──(its time is over, and somebody asks)──▶ half-open: one permit, with a lease and a generation
    half-open ──(the probe gave content for 2 s, or finished)──▶ closed
    half-open ──(the probe failed)──▶ open
    open ──(nothing else is callable: `acquire_early`)──▶ one permit before its time, closing it if it answers
    half-open ──(the probe was cancelled or neutral, or its lease ran out)──▶ open, and at once ready to probe

Ask first, report later: `acquire` gives a permit, `report` takes it back with an outcome. Outcomes of an older
generation are ignored. `state` and `refusal` change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from .backoff import Rand
from .evidence import BreakerSettings, Evidence
from .reasons import Reason
from .value import value_type
from .window import Record


class BreakerState(StrEnum):
    """Closed: traffic flows."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """What became of an attempt.

    CONTENT: its first content came (success so far). PROGRESS: more content came. FINISHED: it ended well.
    FAILED: it failed in a way that blames the target. NEUTRAL: cancelled, or nobody's fault.
    """

    CONTENT = "content"
    PROGRESS = "progress"
    FINISHED = "finished"
    FAILED = "failed"
    NEUTRAL = "neutral"


@dataclass(slots=True, eq=False)
class Permit:
    """Leave to make one attempt. Opaque to its holder, who must report it exactly once to its end.

    A probe has a lease; any other attempt has a record among the evidence. `is_early`: a probe before its time.
    """

    generation: int
    record: Record | None
    lease_until: float = 0.0
    is_early: bool = False
    content_at: float | None = None

    @property
    def is_probe(self) -> bool:
        """Whether it is the one attempt of a half-open breaker."""
        return self.record is None


@value_type
class Refusal:
    """No permit. `until`: the instant to ask again; for a probe that is out, the end of its lease."""

    state: BreakerState
    until: float
    reason: Reason | None


@dataclass(slots=True)
class _Row:
    """Openings in a row."""

    openings: int = 0
    closed_at: float | None = None


@dataclass(slots=True)
class Breaker:
    """One breaker. Every method takes `now`, monotonic seconds; `rand` gives the jitter of an opening.

    `generation`: grows with each opening, closing and reset. `cause`: of the newest of these, in words; "" at first.
    """

    settings: BreakerSettings
    rand: Rand
    openings: int = 0
    since: float | None = None
    last_reason: Reason | None = None
    cause: str = ""
    generation: int = 0
    _open_until: float | None = None
    _probe: Permit | None = None
    _row: _Row = field(default_factory=_Row)
    _evidence: Evidence = field(init=False)

    def __post_init__(self) -> None:
        self._evidence = Evidence(self.settings)

    def state(self, now: float) -> BreakerState:
        """Closed, open, or half-open (a probe is out, or would be admitted)."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    def refusal(self, now: float) -> Refusal | None:
        """Why a permit would be refused at `now`; None if it would be given."""
        if self._open_until is None:
            return None
        if now < self._open_until:
            return Refusal(BreakerState.OPEN, self._open_until, self.last_reason)
        if self._probe is not None and now < self._probe.lease_until:
            return Refusal(BreakerState.HALF_OPEN, self._probe.lease_until, self.last_reason)
        return None

    def acquire(self, now: float, request: int) -> Permit | Refusal:
        """A permit for one attempt of `request`, or why not."""
        refused = self.refusal(now)
        if refused is not None:
            return refused
        if self._open_until is None:
            return Permit(self.generation, self._evidence.started(now, request))
        self._probe = Permit(self.generation, None, now + self.settings.lease_s)
        return self._probe

    def may_probe_early(self, now: float) -> bool:
        """Whether `acquire_early` would give a permit, or none is needed. Changes nothing."""
        return self._probe is None or self._open_until is None or now >= self._probe.lease_until

    def acquire_early(self, now: float, request: int) -> Permit | Refusal:
        """The half-open permit though the time is not over; an ordinary one where it is closed.

        If this probe fails before that time, the opening stays as it was: an early look is no reason to park it longer.
        """
        if self._open_until is None or now >= self._open_until:
            return self.acquire(now, request)
        if not self.may_probe_early(now):
            return Refusal(BreakerState.OPEN, self._open_until, self.last_reason)
        self._probe = Permit(self.generation, None, now + self.settings.lease_s, is_early=True)
        return self._probe

    def report(self, permit: Permit, outcome: Outcome, now: float, reason: Reason | None = None) -> None:
        """Takes an outcome. Ignored when the permit is of an older generation, or of a probe that lost its lease."""
        if permit.generation != self.generation:
            return
        if permit.record is None:
            if permit is self._probe:
                self._report_probe(permit, outcome, now, reason)
            return
        match outcome:
            case Outcome.CONTENT | Outcome.FINISHED:
                self._evidence.settled(permit.record, False)
            case Outcome.FAILED:
                self._failed(permit.record, now, reason)
            case Outcome.NEUTRAL:
                self._evidence.withdrawn(permit.record)
            case Outcome.PROGRESS:
                pass
            case _:
                assert_never(outcome)

    def trip(self, now: float, reason: Reason) -> None:
        """Opens: what it stands for shares an endpoint that does not answer. Nothing happens unless it is closed."""
        if self._open_until is None:
            self.last_reason = reason
            self._open(now, "the endpoint does not answer")

    def retune(self, settings: BreakerSettings) -> None:
        """From now on these numbers hold; a period already begun, open or leased, ends as it was set."""
        self.settings = settings
        self._evidence.retune(settings)

    def reset(self) -> None:
        """Forgets everything but the totals; results of attempts under way are ignored."""
        self.generation += 1
        self._open_until = self._probe = self.last_reason = self.since = None
        self.cause = ""
        self._row = _Row()
        self._evidence.clear()

    def _report_probe(self, permit: Permit, outcome: Outcome, now: float, reason: Reason | None) -> None:
        match outcome:
            case Outcome.CONTENT:
                permit.content_at = now
            case Outcome.PROGRESS:
                if permit.content_at is not None and now - permit.content_at >= self.settings.proven_after_s:
                    self._close(now)
            case Outcome.FINISHED:
                self._close(now)
            case Outcome.FAILED:
                self.last_reason = reason
                if permit.is_early and self._open_until is not None and now < self._open_until:
                    self._probe = None
                else:
                    self._open(now, "the probe failed")
            case Outcome.NEUTRAL:
                self._probe = None
            case _:
                assert_never(outcome)

    def _failed(self, record: Record, now: float, reason: Reason | None) -> None:
        self._evidence.settled(record, True)
        self.last_reason = reason
        charge = self._evidence.charge(record, now)
        if charge is not None:
            self._open(now, charge)

    def _open(self, now: float, cause: str) -> None:
        if self._row.closed_at is not None and now - self._row.closed_at >= self.settings.row_ends_after_s:
            self._row = _Row()
        self._row = _Row(self._row.openings + 1)
        doublings = max(0, self._row.openings - self.settings.flat_openings)
        length = min(self.settings.open_s * 2.0 ** min(doublings, 16), self.settings.open_max_s)
        self._open_until = now + length * (1.0 + self.settings.jitter * (2.0 * self.rand() - 1.0))
        self._probe = None
        self.generation += 1
        self.openings += 1
        self.since = now
        self.cause = f"{cause}: {self.last_reason}" if self.last_reason is not None else cause
        self._evidence.clear()

    def _close(self, now: float) -> None:
        self._open_until = self._probe = None
        self.generation += 1
        self._row.closed_at = now
        self.since = now
        self.last_reason = None
        self.cause = "the probe answered"
