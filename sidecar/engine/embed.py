"""One call for vectors: its texts in batches, each a call of the loop, one after the other inside one deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from ..core.batch import batches, joined, max_inputs, size_of
from ..core.catalog import Entry
from ..core.chain import Chain
from ..core.content import Embedding, Request
from ..core.deadline import Deadline
from ..core.errors import CallError
from ..core.events import Completed
from ..core.reasons import Reason
from ..core.report import Report
from ..core.usage import Usage
from .embed_size import FLOAT_BYTES, check_size
from .failover import CRASHED, GONE, Call
from .services import Services


class EmbedCall:
    """One call. `answer` gives all vectors, or raises CallError with the report of all batches so far.

    Use as an async context manager, as a Call. Each batch is a walk along the chain of its own, with attempts and waits of
    its own; the deadline and the report are the call's. The texts are the request's `embedding`, which must be there.
    """

    def __init__(self, services: Services, request: Request, chain: Chain, number: int, deadline: Deadline) -> None:
        self._services = services
        self._request = request
        self._chain = chain
        self._number = number
        self._deadline = deadline
        self._present: Call | None = None
        self._earlier: Report | None = None
        self._interrupt: tuple[Reason, str] | None = None
        self._entry: Entry | None = None
        self._attempts = 0
        self._is_over = False
        self.report: Report | None = None
        self.completed: Completed | None = None
        self.vectors: list[bytes] = []
        self.on_close: Callable[[EmbedCall], None] | None = None

    async def __aenter__(self) -> EmbedCall:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_bug = isinstance(error, Exception) and not isinstance(error, CallError)
        self.close(Reason.INTERNAL if is_bug else Reason.CANCELLED, CRASHED if is_bug else GONE)

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
        return self._attempts + (self._present.attempts if self._present is not None else 0)

    def close(self, reason: Reason = Reason.CANCELLED, message: str = GONE) -> None:
        """Ends what is upstream at once and books it as cancelled. Harmless when the call is over."""
        if self._present is not None:
            self._present.close(reason, message)
        if self.on_close is not None:
            self.on_close(self)
        if not self._is_over:
            self._is_over = True
            if self._present is not None and self._present.report is not None:
                self._keep(self._with(self._present.report))

    def interrupt(self, reason: Reason, message: str) -> None:
        """Ends the call soon, with `reason` and its report."""
        self._interrupt = (reason, message)
        if self._present is not None:
            self._present.interrupt(reason, message)

    async def answer(self) -> Completed:
        """The end of the call; `vectors` has one for each text then. Usage and cost are those of all batches."""
        wanted = _wanted(self._request)
        parts = list(batches(wanted, max_inputs(self._chain)))
        done: list[Completed] = []
        for number, texts in enumerate(parts, 1):
            batch = replace(wanted, inputs=texts, length=self._length)
            try:
                done.append(await self._ask(batch, len(texts) == len(wanted.inputs)))
                check_size(len(wanted.inputs), self._length)
            except CallError as error:
                if len(parts) > 1:
                    error.message = f"batch {number} of {len(parts)}: {error.message}"
                raise self._failed(error) from None
        return self._completed(done)

    async def _ask(self, batch: Embedding, is_all: bool) -> Completed:
        size = self._request.size_bytes if is_all else sum(map(size_of, batch.inputs))
        request = replace(self._request, embedding=batch, size_bytes=size)
        deadline = self._deadline if self._earlier is None else self._later_deadline()
        chain = _beginning_with(self._entry, self._chain)
        call = self._present = Call(self._services, request, chain, self._number, deadline, buffered=True)
        call.without_keeping()
        if self._interrupt is not None:
            call.interrupt(*self._interrupt)
        async with call:
            async for _ in call:
                pass
        completed = call.completed
        if completed is None or call.report is None:
            raise AssertionError("a call ends with Completed or raises")
        self._attempts += call.attempts
        self._present = None
        self._earlier = self._with(call.report)
        self._entry = completed.target.entry
        self.vectors += completed.vectors
        return completed

    def _later_deadline(self) -> Deadline:
        """Without a deadline of the caller's each batch may take as long to its vectors as the first."""
        if self._deadline.is_callers:
            return self._deadline
        afresh = Deadline.starting(self._services.clock.now(), None, self._services.deadline)
        ends_at = self._deadline.ends_at
        return replace(afresh, first_content_by=min(afresh.first_content_by, ends_at), ends_at=ends_at)

    @property
    def _length(self) -> int | None:
        """Of the vectors so far."""
        return len(self.vectors[0]) // FLOAT_BYTES if self.vectors else None

    def _with(self, report: Report) -> Report:
        return report if self._earlier is None else joined(self._earlier, report)

    def _failed(self, error: CallError) -> CallError:
        """The error with the report of the whole call."""
        report = error.report
        if report is not None:
            report = self._with(report)
        elif self._earlier is not None:  # the batch was answered, and the call ends all the same
            report = self._earlier
        if report is not None:
            error.report = replace(
                report,
                actual=None,
                failed_over=False,
                reason=error.reason,
                message=error.message,
                first_content_s=None,
            )
            error.attempted = error.attempted or bool(report.attempts)
            self._keep(error.report)
        self._is_over = True
        return error

    def _completed(self, done: list[Completed]) -> Completed:
        usage, total, cost = Usage(), Usage(), 0
        is_cost_known = all(one.cost is not None for one in done)
        for one in done:
            usage, total, cost = usage.plus(one.usage), total.plus(one.total_usage), cost + (one.cost or 0)
        last = done[-1]
        report = self._earlier or last.report
        self._keep(report)
        self._is_over = True
        self.completed = replace(
            last,
            usage=usage,
            total_usage=total,
            cost=cost if is_cost_known else None,
            failed_over=report.failed_over,
            report=report,
            vectors=(),
        )
        return self.completed

    def _keep(self, report: Report) -> None:
        self.report = report
        self._services.reports.add(report, self._services.clock.now())


def _beginning_with(entry: Entry | None, chain: Chain) -> Chain:
    """The chain with the entry that answered before as its first link: vectors of one model are comparable."""
    return replace(chain, links=tuple(sorted(chain.links, key=lambda link: link.entry != entry)))


def _wanted(request: Request) -> Embedding:
    if request.embedding is None:
        raise AssertionError("a request for vectors has texts")
    return request.embedding
