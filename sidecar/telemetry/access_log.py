"""One line for each rpc of ChatService: always the same fields, null where a value is not known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from ..core.events import Completed
from ..core.observation import Rpc
from ..core.report import Report
from ..core.usage import Usage
from . import names
from .line_writer import Lines

FIELDS: dict[str, str] = {
    "ts": "when the rpc ended, UTC with milliseconds",
    "level": "`info`",
    "logger": "`remora.access`",
    "message": "`request`",
    "method": "service and method",
    "code": "the gRPC status by name",
    "reason": "one of docs/errors.md",
    "request_id": "the id that GetReport takes",
    "trace_id": "of the trace, sampled or not",
    "span_id": "of the rpc's span",
    "duration_ms": "from arrival to status",
    "first_content_ms": (
        "from arrival to the first content sent, even if that broke off or was void later (RESTART); of Complete and Embed, to "
        "the first that the answering attempt gave"
    ),
    "requested_model": "as the caller asked; `default_model` where it named none",
    "provider": "of the answer; of a failed call, of its last attempt",
    "model": "of the answer; of a failed call, of its last attempt",
    "profile": "of the answer; of a failed call, of its last attempt",
    "attempts": "how many upstream calls were made",
    "failed_over": "whether another target than the first answered",
    "input_tokens": "of all attempts",
    "output_tokens": "of all attempts",
    "cost_nano_dollars": "of all attempts, where every price is known",
    "streamed": "true for Chat, false for Complete and Embed",
}
log = logging.getLogger("remora.access")
Field = str | int | float | bool | None


class AccessLog:
    """Lines are gathered until `write`. `stream`: where they go; a function since tests and supervisors replace stderr.

    `shown`: a caller's name as it may be shown.
    """

    def __init__(self, stream: Callable[[], Lines], shown: Callable[[str], str]) -> None:
        self._stream = stream
        self._shown = shown
        self._lines: list[bytes] = []

    def note(self, rpc: Rpc, request_id: str) -> None:
        """Makes the line, unless the log's level is above info. `request_id`: as it may be shown."""
        if log.isEnabledFor(logging.INFO):
            self._lines.append(orjson.dumps(self.fields(rpc, request_id), option=orjson.OPT_APPEND_NEWLINE))

    def write(self) -> None:
        """Writes the lines made since the last time, as one piece."""
        if self._lines:
            lines, self._lines = self._lines, []  # those that cannot be written are lost, not kept
            self._stream().write(b"".join(lines).decode())

    def fields(self, rpc: Rpc, request_id: str) -> dict[str, Field]:
        """The line's fields, in the order of `FIELDS`."""
        ended = datetime.fromtimestamp(rpc.started_at + rpc.duration_s, UTC)
        operation = rpc.operation
        report = operation.report if operation is not None else None
        usage, cost = _spent(operation.completed if operation is not None else None, report)
        asked = report.requested_model if report is not None else rpc.requested_model
        last = report.attempts[-1] if report is not None and report.attempts else None
        target = report.actual if report is not None and report.actual is not None else last.target if last else None
        return {
            "ts": ended.isoformat(timespec="milliseconds"),
            "level": "info",
            "logger": "remora.access",
            "message": "request",
            "method": f"{rpc.service}/{rpc.method}",
            "code": rpc.code,
            "reason": rpc.reason.value if rpc.reason is not None else None,
            "request_id": request_id,
            "trace_id": rpc.trace.trace_id,
            "span_id": rpc.trace.span_id,
            "duration_ms": round(rpc.duration_s * 1000, 1),
            "first_content_ms": _first_content_ms(rpc, report),
            "requested_model": self._shown(asked) if asked else None,
            "provider": target.entry.provider if target is not None else None,
            "model": self._shown(target.entry.model) if target is not None else None,
            "profile": target.profile if target is not None else None,
            "attempts": len(report.attempts) if report is not None else None,
            "failed_over": report.failed_over if report is not None else None,
            "input_tokens": usage.input_tokens if usage is not None else None,
            "output_tokens": usage.output_tokens if usage is not None else None,
            "cost_nano_dollars": cost,
            "streamed": operation.is_streamed if operation is not None else rpc.method == names.CHAT_STREAMED,
        }


def _first_content_ms(rpc: Rpc, report: Report | None) -> float | None:
    if report is None or report.first_content_s is None:
        return None
    return round(max(0.0, report.started_at + report.first_content_s - rpc.started_at) * 1000, 1)


def _spent(completed: Completed | None, report: Report | None) -> tuple[Usage | None, int | None]:
    """Tokens and nano-dollars of all attempts; None where none told any, or a price is not known."""
    if completed is not None:
        return completed.total_usage, completed.cost
    usage: Usage | None = None
    cost: int | None = 0
    for attempt in report.attempts if report is not None else ():
        if attempt.usage is not None:
            usage = attempt.usage if usage is None else usage.plus(attempt.usage)
            cost = None if cost is None or attempt.cost is None else cost + attempt.cost
    return usage, cost if usage is not None else None
