"""THE loop: one call, from its chain to the complete answer or one honest error.

The call owns a set of live attempts that feed it events. It takes what waits, judges their clocks, and asks its course
for the next step when none is left. A plain failover is the case of one live attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..core.chain import Chain
from ..core.classify import Verdict
from ..core.content import Message, Request
from ..core.course import Course, Start, Stop
from ..core.deadline import Deadline, LimitedBy
from ..core.errors import CallError
from ..core.events import (
    AttemptEnded,
    CallerEvent,
    CallFailed,
    Citation,
    Completed,
    Delta,
    Finish,
    PartCompleted,
    Upstream,
)
from ..core.leg import CREDENTIAL_REASONS
from ..core.reasons import Reason
from ..core.report import Report, Skipped
from ..core.usage import Usage
from .admission import Admission
from .alarm import Alarm
from .attempt import Attempt
from .delivery import MAX_ANSWER_BYTES, Delivery
from .launch import launch
from .ledger import Ledger, log_refused_key
from .limits import clocks_of, local_verdict, slow_verdict
from .services import Services
from .state import Ticket

GONE = "the caller went away"
CRASHED = "an unexpected error inside the sidecar; its log has it"


class Call:
    """One call. Iterate for batches of events; the last batch ends with Completed, or CallError is raised.

    Use as an async context manager: leaving it closes what is still upstream, at once. `buffered`: nothing is committed
    before the end, so every failure moves on silently.
    """

    def __init__(
        self, services: Services, request: Request, chain: Chain, number: int, deadline: Deadline, *, buffered: bool
    ) -> None:
        self._services = services
        self._clock = services.clock
        self._request = request
        self._chain = chain
        self._number = number
        self._deadline = deadline
        self._admission = Admission(services, request)
        self._course = Course(chain, deadline, self._admission, services.retries, services.rand)
        self._course.arrange = self._admission.arranged
        self._ledger = Ledger(request, services.redactor, self._clock.now(), self._clock.wall())
        self._ledger.requested_model = chain.requested
        self._live: list[Attempt] = []
        self._indexes: dict[Attempt, int] = {}
        self._delivery = Delivery(buffered=buffered, wants_message=not request.omit_message)
        self._has_content = False
        self._alarm = Alarm()
        self._error: CallError | None = None
        self._is_over = False
        self._interrupt: tuple[Reason, str] | None = None
        self.report: Report | None = None
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
            now = self._clock.now()
            self._keep(self._ledger.report(self._skipped(), now, reason=reason, message=message))

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
        clocks = clocks_of(start, self._request, self._deadline, self._services.timing, now)
        attempt = Attempt(start, ticket, clocks, self._services.max_pending_bytes, self._clock, self._alarm.ring)
        if self._request.trace is not None:
            attempt.span_id = self._services.new_span_id()
        attempt.reservation = self._admission.reserve(start, now)
        self._live.append(attempt)
        self._indexes[attempt] = self._course.attempts
        self._services.observer.attempt_started(start.target.entry.provider, start.target.entry.model)
        launch(attempt, self._request, self._services)

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
        elif not isinstance(event, (PartCompleted, Citation)):
            attempt.note(event, now)
            return
        self._delivery.deliver(attempt, event)

    def _first_content(self, attempt: Attempt, now: float) -> None:
        self._services.health.content(attempt.ticket, now)
        self._has_content = True
        self._delivery.begin(attempt, failed_over=self._failed_over(attempt))

    def _complete(self, attempt: Attempt, now: float) -> None:
        if attempt.first_content_at is None and attempt.finish is Finish.STOP:
            verdict = local_verdict(Reason.EMPTY_RESPONSE, "the model finished without saying anything", attempt.status)
            self._fail_attempt(attempt, verdict, now)
            return
        self._services.health.finished(attempt.ticket, now)
        self._live.remove(attempt)
        attempt.abort()
        self._delivery.begin(attempt, failed_over=self._failed_over(attempt))
        message = self._delivery.finish(attempt)
        self._book(attempt, None, now)
        self.completed = self._completed(attempt, message, now)
        self._delivery.tell(self.completed)
        self._is_over = True

    def _completed(self, attempt: Attempt, message: Message | None, now: float) -> Completed:
        start = attempt.start
        report = self._ledger.report(self._skipped(), now, answered_by=start, failed_over=self._failed_over(attempt))
        self._keep(report)
        return Completed(
            finish=attempt.finish or Finish.OTHER,
            message=message,
            usage=self._ledger.usage_of(attempt) or Usage(self._request.estimated_tokens, 0, estimated=True),
            total_usage=self._ledger.total_usage(),
            cost=self._ledger.total_cost(),
            requested_model=self._chain.requested,
            target=start.target,
            response_id=attempt.response_id,
            failed_over=report.failed_over,
            report=report,
            trace_id=self._request.trace_id,
        )

    # Failing.

    def _judge_clocks(self, attempt: Attempt, now: float) -> None:
        if now < attempt.due_at():
            return
        if attempt.finish is not None:
            self._complete(attempt, now)
        elif attempt.first_content_at is not None:
            reason = Reason.DEADLINE if attempt.clocks.idle_is_callers else Reason.STREAM_BROKEN
            self._fail_attempt(attempt, local_verdict(reason, "the answer fell silent", attempt.status), now)
        else:
            self._fail_attempt(attempt, slow_verdict(attempt.clocks.first_content, attempt.status), now)

    def _check_interrupt(self) -> None:
        if self._interrupt is None:
            return
        reason, message = self._interrupt
        self._abandon(message)
        raise self._failure(reason, message, None)

    def _refuse_size(self, attempt: Attempt, now: float) -> None:
        """Nobody's fault, and no other model would do better: the call ends here."""
        message = (
            f"the answer passed {MAX_ANSWER_BYTES} bytes, the most one message can carry; Chat with omit_message can"
        )
        verdict = local_verdict(Reason.STREAM_BROKEN, message, attempt.status)
        self._end(attempt, verdict, now, LimitedBy.CALLER, blames=False)
        raise self._failure(Reason.STREAM_BROKEN, message, None)

    def _run_out_of_time(self, now: float) -> None:
        for attempt in list(self._live):
            verdict = local_verdict(Reason.DEADLINE, "the call's time ran out", attempt.status)
            self._end(attempt, verdict, now, LimitedBy.CALLER)
        raise self._failure(Reason.DEADLINE, f"the deadline ran out after {self._course.attempts} attempts", None)

    def _fail_attempt(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        narrow = self._course.asks_other_profile(attempt.start, verdict, now)
        self._end(attempt, verdict, now, attempt.clocks.first_content.limited_by, narrow=narrow)
        if self._course.may_renew(attempt.start, verdict, now):
            renewed = self._services.vault.reread(attempt.start.target)
            if renewed is not None:
                self._course.renewed(attempt.start, renewed, verdict, now)
                return
        is_committed = attempt is self._delivery.committed
        self._course.failed(attempt.start, verdict, now, committed=is_committed)

    def _end(
        self,
        attempt: Attempt,
        verdict: Verdict,
        now: float,
        limited_by: LimitedBy,
        *,
        narrow: bool = False,
        blames: bool = True,
    ) -> None:
        """Ends an attempt that failed: upstream, in its target's health, and in the books."""
        attempt.abort()
        self._live.remove(attempt)
        self._delivery.drop(attempt)
        health = self._services.health
        if not blames or (verdict.reason is Reason.STREAM_BROKEN and attempt.was_stalled_by_us):
            health.neutral(attempt.ticket, now)
        elif verdict.reason is Reason.DEADLINE:
            if limited_by is LimitedBy.SPLIT and attempt.first_content_at is None:
                health.timed_out(attempt.ticket, now)
            else:
                health.neutral(attempt.ticket, now)
        else:
            health.failed(attempt.ticket, verdict, self._ledger.redacted(verdict.shown), now, narrow=narrow)
            if verdict.reason in CREDENTIAL_REASONS:
                log_refused_key(attempt.start.target, verdict.reason, self._request.request_id)
        self._book(attempt, verdict, now)

    def _abandon(self, message: str) -> None:
        """Ends everything upstream; says nothing of anybody's health."""
        now = self._clock.now()
        for attempt in self._live:
            attempt.abort()
            self._services.health.neutral(attempt.ticket, now)
            self._book(attempt, local_verdict(Reason.CANCELLED, message, attempt.status), now)
        self._live.clear()

    def _book(self, attempt: Attempt, verdict: Verdict | None, now: float) -> None:
        if attempt.reservation is not None:
            attempt.reservation.release(self._ledger.tokens_of(attempt))
        record = self._ledger.book(attempt, verdict, now, self._indexes[attempt])
        self._services.observer.attempt_ended(record)
        if self._request.include_attempts:
            self._delivery.tell(AttemptEnded(record))

    def _failure(self, reason: Reason, message: str, retry_after_s: float | None) -> CallError:
        report = self._ledger.report(self._skipped(), self._clock.now(), reason=reason, message=message)
        self._keep(report)
        return CallError(
            reason,
            message,
            retry_after_s=retry_after_s,
            report=report,
            attempted=bool(report.attempts or self._course.skipped()),
            metadata=self._ledger.metadata(reason),
        )

    def _keep(self, report: Report) -> None:
        self.report = report
        self._services.reports.add(report, self._clock.now())

    def _skipped(self) -> tuple[Skipped, ...]:
        return self._chain.skipped + self._course.skipped()

    def _failed_over(self, attempt: Attempt) -> bool:
        return attempt.start.target.entry != self._chain.first
