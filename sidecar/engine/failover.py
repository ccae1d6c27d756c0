"""THE loop: one call, from its chain to the complete answer or one honest error.

The call owns a set of live attempts that feed it events. It takes what waits, judges their clocks, and asks its course
for the next step when none is left. A plain failover is the case of one live attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..core.chain import Chain
from ..core.classify import Verdict
from ..core.content import Request
from ..core.course import Course
from ..core.deadline import Deadline, LimitedBy
from ..core.errors import CallError
from ..core.events import (
    CallerEvent,
    CallFailed,
    Citation,
    Completed,
    Delta,
    Finish,
    PartCompleted,
    Upstream,
    Vectors,
)
from ..core.mending import Mending
from ..core.reasons import Again, Reason, Then
from ..core.report import Report
from ..core.step import Start, Stop
from .admission import Admission
from .alarm import Alarm
from .attempt import Attempt
from .closing import Closing
from .delivery import MAX_ANSWER_BYTES, Delivery
from .hedging import Hedging
from .launch import launch
from .ledger import Ledger
from .limits import believed, clocks_of, local_verdict, slow_verdict
from .services import Services
from .settling import Settling
from .state import Ticket

GONE = "the caller went away"
CRASHED = "an unexpected error inside the sidecar; its log has it"


class Call:
    """One call. Iterate for batches of events; the last batch ends with Completed, or CallError is raised.

    Use as an async context manager: leaving it closes what is still upstream, at once. `buffered`: nothing is committed
    before the end, so every failure moves on silently. `keeps_report`: whether its report is one by itself, to be found later.
    """

    def __init__(
        self, services: Services, request: Request, chain: Chain, number: int, deadline: Deadline, *, buffered: bool
    ) -> None:
        self._services = services
        self._clock = services.clock
        self._request = request
        self._number = number
        self._deadline = deadline
        self._admission = Admission(services, request)
        self._course = Course(chain, deadline, self._admission, services.retries, services.rand, services.tuning)
        self._course.arrange = self._admission.arranged
        self._ledger = Ledger(request, services.redactor, self._clock.now(), self._clock.wall())
        self._ledger.requested_model = chain.requested
        self._closing = Closing(services, request, chain, self._course, self._ledger)
        self._live: list[Attempt] = []
        self._mending = Mending(request, services.lessons)
        self._delivery = Delivery(buffered=buffered, wants_message=not request.omit_message)
        self._settling = Settling(services, request, self._ledger, self._delivery.tell)
        self._hedging = Hedging(services, self._course, self._admission, number)
        self._has_content = False
        self._alarm = Alarm()
        self._error: CallError | None = None
        self._is_over = False
        self._interrupt: tuple[Reason, str] | None = None
        self.completed: Completed | None = None
        self.on_close: Callable[[Call], None] | None = None

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_bug = isinstance(error, Exception) and not isinstance(error, CallError)
        self.close(Reason.INTERNAL if is_bug else Reason.CANCELLED, CRASHED if is_bug else GONE)

    def __aiter__(self) -> Call:
        return self

    async def __anext__(self) -> list[CallerEvent]:
        if self._error is not None:
            raise self._error
        if self._is_over:
            raise StopAsyncIteration
        try:
            while True:
                self._check_interrupt()
                if not self._live:
                    await self._launch()
                self._collect()
                if out := self._delivery.take():
                    return out
                if self._live:
                    await self._wait()
        except CallError as error:
            self._is_over = True
            if not self._request.include_attempts or error.report is None:
                raise
            self._error = error
            return [*self._delivery.take(), CallFailed(error.reason, error.message, error.report)]

    @property
    def size_bytes(self) -> int:
        """Bytes of the caller's request."""
        return self._request.size_bytes

    @property
    def request(self) -> Request:
        """What was asked."""
        return self._request

    @property
    def report(self) -> Report | None:
        """Of a call that is over."""
        return self._closing.report

    def without_keeping(self) -> Call:
        """The same call, whose report is not kept: it is a part of another."""
        self._closing.keeps_report = False
        return self

    @property
    def attempts(self) -> int:
        """Upstream calls made so far."""
        return self._course.attempts

    def close(self, reason: Reason = Reason.CANCELLED, message: str = GONE) -> None:
        """Ends everything upstream at once and books it as cancelled. Harmless when the call is over."""
        self._abandon(message)
        if self.on_close is not None:
            self.on_close(self)
        if not self._is_over:
            self._is_over = True
            self._failure(reason, message)

    def interrupt(self, reason: Reason, message: str) -> None:
        """Ends the call soon, with `reason` and its report."""
        self._interrupt = (reason, message)
        self._alarm.ring()

    # Starting attempts.

    async def _launch(self) -> None:
        """Does what the course says until an attempt is under way. Raises CallError when the call has failed."""
        while True:
            step = self._course.step(self._clock.now())
            if isinstance(step, Stop):
                raise self._failure(step.reason, step.message, step.retry_after_s)
            step = await self._rest(step)
            now = self._clock.now()
            ticket = self._admission.acquire(step, self._number, now)
            if isinstance(ticket, Ticket):
                self._start(step, ticket, now)
                return
            self._course.refused(step, now)

    def _start(self, start: Start, ticket: Ticket, now: float) -> None:
        self._course.started(start)
        timing, is_silent_probe = self._services.timing, ticket.is_silent_probe
        clocks = clocks_of(start, self._request, self._deadline, timing, now, is_silent_probe=is_silent_probe)
        attempt = Attempt(start, ticket, clocks, self._services.max_pending_bytes, self._clock, self._alarm.ring)
        if self._request.trace is not None:
            attempt.span_id = self._services.new_span_id()
        attempt.reservation = self._admission.reserve(start, now)
        self._live.append(attempt)
        attempt.index = self._course.attempts
        self._services.observer.attempt_started(start.target.entry.provider, start.target.entry.model)
        self._ledger.repaired(attempt.index, *self._mending.told(start.link, start.target, now))
        launch(attempt, self._request, self._mending.adjustment(start.link, start.target, now), self._services)

    # Waiting.

    async def _wait(self) -> None:
        """Until an attempt has something, or a clock runs out."""
        look_at = self._call_due_at()
        for attempt in self._live:
            if attempt.ended or attempt.has_events:
                return
            look_at = min(look_at, attempt.look_at())
        await self._pause(look_at - self._clock.now())

    async def _rest(self, start: Start) -> Start:
        """The whole wait, whatever wakes the call meanwhile; only an interrupt ends it, or a slot it is for: what to
        start then."""
        if start.wait_s <= 0.0:
            return start
        began = self._clock.now()
        leave = self._services.limiter.wait_for_slots((slot.key_id for slot in start.slots), self._alarm.ring)
        try:
            while (left := began + start.wait_s - self._clock.now()) > 0.0:
                await self._pause(left)
                self._check_interrupt()
                now = self._clock.now()
                if (freed := self._course.freed(start, now - began, now)) is not None:
                    return freed
        finally:
            leave()
        return start

    async def _pause(self, duration_s: float) -> None:
        """Until woken, `duration_s` at the most."""
        if self._interrupt is None:
            await self._alarm.sleep(duration_s)

    def _call_due_at(self) -> float:
        return self._deadline.ends_at if self._has_content else self._deadline.first_content_by

    # Taking what came.

    def _collect(self) -> None:
        now = self._clock.now()
        for attempt in list(self._live):
            if attempt not in self._live:
                continue  # another answered first, just now
            ended, failure = attempt.ended, attempt.failure
            for event in attempt.take():
                self._event(attempt, event, now)
            if attempt.crash is not None:
                raise attempt.crash
            if self._delivery.is_too_large(attempt):
                self._refuse_size(attempt, now)
            elif attempt.is_complete:
                self._complete(attempt, now)
            elif failure is not None and ended:
                self._fail_attempt(attempt, failure, now)
            else:
                self._judge_clocks(attempt, now)
            if self._is_over:
                return
        if self._live and now >= self._call_due_at():
            self._run_out_of_time(now)

    def _event(self, attempt: Attempt, event: Upstream, now: float) -> None:
        if isinstance(event, Delta):
            is_first = attempt.first_content_at is None
            attempt.content(event, now)
            if is_first:
                self._first_content(attempt, now)
            else:
                self._services.health.progress(attempt.ticket, now)
        elif isinstance(event, Vectors):
            attempt.embedded(event, now)
            self._first_content(attempt, now)
            return
        elif not isinstance(event, (PartCompleted, Citation)):
            attempt.note(event, now)
            return
        self._delivery.deliver(attempt, event)

    def _first_content(self, attempt: Attempt, now: float) -> None:
        self._services.health.content(attempt.ticket, now)
        self._has_content = True
        self._win(attempt, now)

    def _win(self, attempt: Attempt, now: float) -> None:
        """The attempt is the answer from now on; what is under way beside it has lost."""
        for other in [other for other in self._live if other is not attempt]:
            self._leave(other)
            verdict = self._settling.lost(other, now)
            if verdict is not None:
                self._course.failed(other.start, verdict, now, beside=True)
        self._delivery.begin(attempt, failed_over=self._closing.failed_over(attempt))

    def _complete(self, attempt: Attempt, now: float) -> None:
        if attempt.first_content_at is None and (verdict := self._unsaid(attempt)) is not None:
            self._fail_attempt(attempt, verdict, now)
            return
        self._win(attempt, now)
        self._live.remove(attempt)
        message = self._delivery.finish(attempt)
        self._settling.answered(attempt, now)
        self.completed = self._closing.completed(attempt, message, now)
        self._delivery.tell(self.completed)
        self._is_over = True

    def _unsaid(self, attempt: Attempt) -> Verdict | None:
        """Why an answer without any content is none; None where its end is the answer."""
        if attempt.finish is Finish.STOP:
            return local_verdict(Reason.EMPTY_RESPONSE, "the model finished without saying anything", attempt.status)
        row = self._services.tuning.row(Reason.CONTENT_FILTERED, attempt.start.link.policy)
        if attempt.finish is Finish.CONTENT_FILTERED and row.then is not Then.STOP:
            return local_verdict(
                Reason.CONTENT_FILTERED, "the provider's filter ended it before it began", attempt.status
            )
        return None

    # Failing.

    def _judge_clocks(self, attempt: Attempt, now: float) -> None:
        if now < attempt.due_at():
            return
        if attempt.finish is not None:
            self._complete(attempt, now)
        elif attempt.first_content_at is not None:
            reason = Reason.DEADLINE if attempt.clocks.idle_is_callers else Reason.STREAM_BROKEN
            self._fail_attempt(attempt, local_verdict(reason, "the answer fell silent", attempt.status), now)
        elif attempt.is_slow or attempt.clocks.outer is None:
            self._fail_attempt(attempt, slow_verdict(attempt.first_content, attempt.status), now)
        else:
            attempt.is_slow = True
            self._help(attempt, now)

    def _help(self, attempt: Attempt, now: float) -> None:
        """Its first limit has run out. One hedge at the most is under way beside it: where both have used up their shares of
        a deadline, the older one makes room for the next entry."""
        if len(self._live) > 1:
            older, share = self._live[0], attempt.clocks.first_content
            if older is not attempt and share.limited_by is LimitedBy.SPLIT and self._course.hedge(now) is not None:
                self._give_up_slow(older, slow_verdict(older.clocks.first_content, older.status), now)
            return
        found = self._hedging.decide(attempt, now)
        if isinstance(found, Verdict):
            self._give_up_slow(attempt, found, now)
        elif found is not None:
            self._start(found.start, found.ticket, now)

    def _give_up_slow(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """It is not waited for any longer. A probe goes on without the call."""
        if attempt.ticket.is_silent_probe and attempt.is_silent:
            self._leave(attempt)
            self._settling.unseen(attempt, f"{verdict.message}; it goes on unseen, as a probe", now)
            self._course.failed(attempt.start, verdict, now, beside=True)
        else:
            attempt.is_slow = False  # its first limit is the one that ends it, and is judged for blame
            self._fail_attempt(attempt, verdict, now)

    def _check_interrupt(self) -> None:
        if self._interrupt is None:
            return
        reason, message = self._interrupt
        self._abandon(message)
        raise self._failure(reason, message)

    def _refuse_size(self, attempt: Attempt, now: float) -> None:
        """Nobody's fault, and no other model would do better: the call ends here."""
        message = (
            f"the answer passed {MAX_ANSWER_BYTES} bytes, the most one message can carry; Chat with omit_message can"
        )
        self._leave(attempt)
        self._settling.blameless(attempt, local_verdict(Reason.STREAM_BROKEN, message, attempt.status), now)
        raise self._failure(Reason.STREAM_BROKEN, message)

    def _run_out_of_time(self, now: float) -> None:
        for attempt in list(self._live):
            self._leave(attempt)
            self._settling.blameless(
                attempt, local_verdict(Reason.DEADLINE, "the call's time ran out", attempt.status), now
            )
        raise self._failure(Reason.DEADLINE, f"the deadline ran out after {self._course.attempts} attempts")

    def _fail_attempt(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """Ends it, and tells the course what follows: the same target with another key or a repaired request, or as the
        table says."""
        start, course = attempt.start, self._course
        verdict = believed(verdict, self._services.stated_limit_s)
        is_committed = attempt is self._delivery.committed
        narrow = course.asks_other_profile(start, verdict, now)
        self._leave(attempt)
        self._settling.failed(attempt, verdict, now, narrow=narrow)
        if self._live:
            self._learn(start, verdict, now)
            course.failed(start, verdict, now, beside=True)
            self._go_on_with_others(now)
            return
        if course.may_renew(start, verdict, now):
            renewed = self._services.vault.reread(start.target)
            if renewed is not None:
                course.renewed(start, renewed, verdict, now)
                return
        self._learn(start, verdict, now)
        if not is_committed and course.may_repair(start, verdict, now):
            mended = self._mending.mend(start.link, start.target, verdict, now)
            if mended is not None:
                self._ledger.repaired(attempt.index, mended)
                course.repaired(start, verdict, now)
                return
        course.failed(start, verdict, now, committed=is_committed)

    def _learn(self, start: Start, verdict: Verdict, now: float) -> None:
        if self._services.tuning.row(verdict.reason, start.link.policy).again is Again.REPAIRED:
            self._mending.learn(start.link.entry, verdict, now)

    def _abandon(self, message: str) -> None:
        """Ends everything upstream; says nothing of anybody's health."""
        live, self._live = self._live, []
        for attempt in live:
            self._settling.abandoned(attempt, message, self._clock.now())

    def _leave(self, attempt: Attempt) -> None:
        """The attempt is not to be heard any more."""
        self._live.remove(attempt)
        self._delivery.drop(attempt)

    def _go_on_with_others(self, now: float) -> None:
        """One of two has failed: if the other is slow, the next entry may take its place."""
        for other in list(self._live):
            if other.is_slow and other.first_content_at is None:
                self._help(other, now)

    def _failure(self, reason: Reason, message: str, retry_after_s: float | None = None) -> CallError:
        return self._closing.failed(reason, message, retry_after_s, self._clock.now())
