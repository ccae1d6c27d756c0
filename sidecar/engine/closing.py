"""How a call ends: Completed, or one error, with the report of everything before it, which is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.chain import Chain
from ..core.content import Message, Request
from ..core.course import Course
from ..core.errors import CallError
from ..core.events import Completed, Finish
from ..core.reasons import Reason
from ..core.report import Report, Skipped
from ..core.usage import Usage
from .attempt import Attempt
from .delivery import Delivery
from .ledger import Ledger
from .services import Services


class Closing:
    """Of one call. `delivery`: what the caller gets. `keeps_report`: for those who ask later; `report`: the newest made."""

    def __init__(
        self,
        services: Services,
        request: Request,
        chain: Chain,
        course: Course,
        ledger: Ledger,
        delivery: Delivery,
    ) -> None:
        self._services = services
        self._request = request
        self._chain = chain
        self._course = course
        self._ledger = ledger
        self._delivery = delivery
        self.keeps_report = True
        self.report: Report | None = None

    def failed_over(self, attempt: Attempt) -> bool:
        """Whether the attempt's entry is not the chain's first."""
        entry, first = attempt.start.target.entry, self._chain.first
        return entry is not first and entry != first

    def completed(
        self,
        attempt: Attempt,
        message: Message | None,
        now: float,
        finish: Finish,
        *,
        inferred: bool = False,
    ) -> Completed:
        """The attempt gave the answer, or its last piece; all are booked. `message`: the assistant's turn, if the caller
        wants it."""
        start, failed_over, sent_at = attempt.start, self.failed_over(attempt), self._delivery.first_sent_at
        report = self._ledger.report(
            self._skipped(),
            now,
            answered_by=start,
            failed_over=failed_over,
            first_content_at=sent_at if sent_at is not None else attempt.first_content_at,
        )
        self._keep(report, now)
        return Completed(
            finish=finish,
            message=message,
            usage=self._usage(self._delivery.spliced or (attempt,)),
            total_usage=self._ledger.total_usage(),
            cost=self._ledger.total_cost(),
            requested_model=self._chain.requested,
            target=start.target,
            response_id=attempt.response_id,
            failed_over=failed_over,
            report=report,
            trace_id=self._request.trace_id,
            vectors=attempt.vectors,
            end_inferred=inferred,
        )

    def _usage(self, spliced: Sequence[Attempt]) -> Usage:
        """Of the answer as delivered: its input once, its output in pieces."""
        first, *others = (self._delivered(attempt) for attempt in spliced)
        for other in others:
            first = first.going_on(other)
        return first

    def _delivered(self, attempt: Attempt) -> Usage:
        """Less what an attempt said that the caller had already."""
        usage = self._ledger.usage_of(attempt) or Usage(self._request.estimated_tokens, 0, estimated=True)
        cut = attempt.splice.cut if attempt.splice is not None else 0
        if not cut:
            return usage
        share = 1.0 - min(cut, attempt.characters) / attempt.characters
        return replace(usage, output_tokens=round(usage.output_tokens * share), estimated=True)

    def failed(self, reason: Reason, message: str, retry_after_s: float | None, now: float) -> CallError:
        """The error to raise. `retry_after_s`: the soonest return of anything, if known."""
        sent_at = self._delivery.first_sent_at
        report = self._ledger.report(self._skipped(), now, first_content_at=sent_at, reason=reason, message=message)
        self._keep(report, now)
        return CallError(
            reason,
            message,
            retry_after_s=retry_after_s,
            report=report,
            attempted=bool(report.attempts or self._course.skipped()),
            metadata=self._ledger.metadata(reason),
        )

    def _keep(self, report: Report, now: float) -> None:
        self.report = report
        if self.keeps_report:
            self._services.reports.add(report, now)

    def _skipped(self) -> tuple[Skipped, ...]:
        return self._chain.skipped + self._course.skipped()
