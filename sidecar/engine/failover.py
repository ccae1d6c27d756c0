"""THE loop: one call, from its chain to the complete answer or one honest error.

The call owns a set of live attempts that feed it events. It takes what waits, judges their clocks, and asks its course
for the next step when none is left. A plain failover is the case of one live attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..core.chain import Chain
from ..core.content import Request
from ..core.course import Course
from ..core.deadline import Deadline
from ..core.errors import CallError
from ..core.events import (
    CallerEvent,
    CallFailed,
    Completed,
)
from ..core.reasons import Reason
from ..core.report import Report
from ..core.step import Start, Stop
from .admission import Admission
from .alarm import Alarm
from .race import Race
from .services import Services
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
        self._admission = Admission(services, request)
        self._course = Course(chain, deadline, self._admission, services.retries, services.rand, services.tuning)
        self._course.arrange = self._admission.arranged
        self._alarm = Alarm()
        self._race = Race(
            services,
            request,
            chain,
            self._course,
            self._admission,
            deadline,
            number,
            buffered=buffered,
            wake=self._alarm.ring,
        )
        self._closing = self._race.closing
        self._error: CallError | None = None
        self._is_over = False
        self._interrupt: tuple[Reason, str] | None = None
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
                if self._race.is_empty:
                    await self._launch()
                else:
                    await self._wait()
                self._race.collect()
                self._is_over = self._race.completed is not None
                if out := self._race.delivery.take():
                    return out
        except CallError as error:
            self._is_over = True
            out = self._race.delivery.take()
            if self._request.include_attempts and error.report is not None:
                out.append(CallFailed(error.reason, error.message, error.report))
            if not out:
                raise
            self._error = error
            return out

    @property
    def size_bytes(self) -> int:
        """Bytes of the caller's request."""
        return self._request.size_bytes

    @property
    def request(self) -> Request:
        """What was asked."""
        return self._request

    @property
    def completed(self) -> Completed | None:
        """The end of the answer."""
        return self._race.completed

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
        self._race.abandon(message)
        self._alarm.stop()
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
            if not self._course.breaks.resumes:
                self._race.begins_again()
            if isinstance(step, Stop):
                raise self._failure(step.reason, step.message, step.retry_after_s)
            step = await self._rest(step)
            now = self._clock.now()
            ticket = self._admission.acquire(step, self._number, now)
            if isinstance(ticket, Ticket):
                self._race.start(step, ticket, now)
                return
            self._course.refused(step, now)

    # Waiting.

    async def _wait(self) -> None:
        """Until an attempt has something, or a clock runs out."""
        wait_s = self._race.look_at() - self._clock.now()
        if wait_s > 0.0:
            await self._pause(wait_s)

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

    def _check_interrupt(self) -> None:
        if self._interrupt is None:
            return
        reason, message = self._interrupt
        self._race.abandon(message)
        raise self._failure(reason, message)

    def _failure(self, reason: Reason, message: str, retry_after_s: float | None = None) -> CallError:
        return self._closing.failed(reason, message, retry_after_s, self._clock.now())
