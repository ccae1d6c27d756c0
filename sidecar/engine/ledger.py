"""The books of one call: every attempt and skip as it happens, the report of them, tokens and cost."""

from __future__ import annotations

import logging
from dataclasses import replace

from ..core.catalog import Price, Target
from ..core.classify import Verdict
from ..core.content import Request
from ..core.mending import Mended
from ..core.reasons import TABLE, Reason
from ..core.redaction import Redactor
from ..core.report import Attempt as Record
from ..core.report import Repair, Report, Skipped
from ..core.step import Start
from ..core.usage import Usage
from .attempt import Attempt

log = logging.getLogger("remora.engine")
MESSAGE_CHARACTERS = 500
LABEL_CHARACTERS = 100


class Ledger:
    """`started_at`: the clock's `now` at arrival; `started_wall`: epoch seconds."""

    def __init__(self, request: Request, redactor: Redactor, started_at: float, started_wall: float) -> None:
        self._request = request
        self._redactor = redactor
        self._started_at = started_at
        self._started_wall = started_wall
        self._records: list[Record] = []
        self._verdicts: dict[int, Verdict] = {}
        self._repairs: list[Repair] = []
        self._costs_known = True
        self.requested_model = request.model

    @property
    def attempts(self) -> tuple[Record, ...]:
        """Attempts that have ended, in order of their end."""
        return tuple(self._records)

    def redacted(self, message: str) -> str:
        """Text from upstream, safe to show: redacted, then cut."""
        return self._redactor.redact_then_cut(message, MESSAGE_CHARACTERS)

    def _label(self, text: str | None) -> str | None:
        """A short name from upstream, safe to show: a provider may echo anything there too."""
        return self._redactor.redact_then_cut(text, LABEL_CHARACTERS) if text else None

    def repaired(self, index: int, *repairs: Mended) -> None:
        """The request was changed after the refusal of this attempt, or before it was sent."""
        self._repairs += [Repair(index, made.reason, made.message) for made in repairs]

    def book(self, attempt: Attempt, verdict: Verdict | None, now: float) -> Record:
        """Books an attempt that has ended; `verdict` None: it gave the answer."""
        start, index = attempt.start, attempt.index
        usage = self.usage_of(attempt)
        first = attempt.first_content_at
        cost = cost_of(usage, start.link.model.price) if usage is not None else 0
        self._costs_known = self._costs_known and cost is not None
        record = Record(
            index=index,
            target=start.target,
            kind=start.kind,
            started_at=attempt.started_wall,
            duration_s=now - attempt.started_at,
            reason=verdict.reason if verdict is not None else None,
            upstream_status=attempt.status,
            upstream_code=self._label(verdict.code) if verdict is not None else None,
            upstream_request_id=self._label(attempt.request_id),
            message=self.redacted(verdict.message) if verdict is not None else "",
            first_content_s=first - attempt.started_at if first is not None else None,
            wait_s=start.wait_s,
            usage=usage,
            cost=cost if usage is not None else None,
            retry_after_s=verdict.retry_after_s if verdict is not None else None,
            protocol=start.link.provider.protocol,
            finish=attempt.finish.value if attempt.finish is not None else None,
            response_id=self._label(attempt.response_id),
            response_model=self._label(attempt.response_model),
            span_id=attempt.span_id,
            is_streamed=start.link.model.streaming and self._request.embedding is None,
            embeds=self._request.embedding is not None,
        )
        self._records.append(record)
        self._repairs += [Repair(index, made.prevents, made.message) for made in attempt.repairs]
        if verdict is not None:
            self._verdicts[index] = verdict
        return record

    def usage_of(self, attempt: Attempt) -> Usage | None:
        """As told; estimated where content came without it, or where we ended it while it was under way; else None.

        What is told before the end counts little of the output: then what came is estimated, if that is more. No estimate is
        above the limit that the caller asked for.
        """
        told, came = attempt.usage, 0
        if attempt.first_content_at is not None and self._request.embedding is None:
            came = max(1, min(attempt.characters // 4, self._request.max_output_tokens or attempt.characters))
        if told is not None:
            is_more = attempt.finish is None and came > told.output_tokens
            return replace(told, output_tokens=came, estimated=True) if is_more else told
        if attempt.first_content_at is None and not attempt.is_given_up:
            return None
        return Usage(self._request.estimated_tokens, came, estimated=True)

    def tokens_of(self, attempt: Attempt) -> int | None:
        """What counts against a limit of tokens: those used, none where the provider refused; None: not known."""
        usage = self.usage_of(attempt)
        if usage is not None:
            return usage.input_tokens + usage.output_tokens
        return 0 if attempt.status not in (None, 200) else None

    def total_usage(self) -> Usage:
        """Of all attempts booked."""
        total: Usage | None = None
        for record in self._records:
            if record.usage is not None:
                total = record.usage if total is None else total.plus(record.usage)
        return total or Usage()

    def total_cost(self) -> int | None:
        """Nano-dollars of all attempts booked; None when a price is not known."""
        return sum(record.cost or 0 for record in self._records) if self._costs_known else None

    def metadata(self, reason: Reason) -> dict[str, str]:
        """ErrorInfo metadata of the attempt that decided: the last with the call's reason, else the last."""
        if not self._records:
            return {}
        decided = [record for record in self._records if record.reason is reason]
        record = (decided or self._records)[-1]
        verdict = self._verdicts.get(record.index)
        found = {
            "provider": record.target.entry.provider,
            "model": record.target.entry.model,
            "profile": record.target.profile,
            "upstream_status": record.upstream_status,
            "upstream_code": record.upstream_code,
            "limit": verdict.limit if verdict is not None else None,
            "parameter": self._label(verdict.parameter) if verdict is not None else None,
        }
        return {name: str(value) for name, value in found.items() if value is not None}

    def report(
        self,
        skipped: tuple[Skipped, ...],
        now: float,
        *,
        answered_by: Start | None = None,
        failed_over: bool = False,
        first_content_at: float | None = None,
        reason: Reason | None = None,
        message: str = "",
    ) -> Report:
        """The report as of now. `first_content_at`: on the clock of `now`, of what the caller got."""
        return Report(
            request_id=self._request.request_id,
            trace_id=self._request.trace_id,
            requested_model=self.requested_model,
            started_at=self._started_wall,
            arrived_at=self._started_at,
            duration_s=now - self._started_at,
            attempts=tuple(sorted(self._records, key=_index) if len(self._records) > 1 else self._records),
            skipped=skipped,
            repairs=tuple(self._repairs),
            actual=answered_by.target if answered_by is not None else None,
            failed_over=failed_over,
            reason=reason,
            message=message,
            first_content_s=first_content_at - self._started_at if first_content_at is not None else None,
        )


def _index(record: Record) -> int:
    return record.index


def cost_of(usage: Usage, price: Price | None) -> int | None:
    """Nano-dollars: tokens × micro-dollars per million tokens ÷ 1,000, rounded. Cached input at its own price."""
    if price is None:
        return None
    cached = usage.cached_input_tokens or 0
    cached_price = price.input if price.cached_input is None else price.cached_input
    fresh = max(0, usage.input_tokens - cached)
    return (fresh * price.input + cached * cached_price + usage.output_tokens * price.output + 500) // 1000


def log_refused_key(target: Target, reason: Reason, request_id: str) -> None:
    """Loudly: somebody must act. The key then rests for a minute at least, so this cannot flood a log."""
    log.error(
        "profile %s at %s cannot be used: %s",
        target.profile,
        target.entry.provider,
        TABLE[reason].sentence,
        extra={
            "provider": target.entry.provider,
            "model": target.entry.model,
            "profile": target.profile,
            "reason": reason.value,
            "request_id": request_id,
        },
    )
