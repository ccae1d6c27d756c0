"""Rpcs that have ended, as the edge tells them, and a telemetry configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sidecar.core.catalog import Entry, Target
from sidecar.core.content import Message, Part, Request, Role, Text
from sidecar.core.events import Completed, Finish
from sidecar.core.observation import Operation, Rpc
from sidecar.core.reasons import Reason
from sidecar.core.report import Attempt, AttemptKind, Report
from sidecar.core.trace import Trace
from sidecar.core.usage import Usage

BEGAN = 1_800_000_000.0
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CALLER_ID = "b7ad6b7169203331"
RPC_ID, OPERATION_ID = "1111111111111111", "2222222222222222"
ATTEMPT_IDS = ("3333333333333330", "3333333333333331", "3333333333333332")
REQUEST_ID = "req-1"
PROMPT, ANSWER = "What is planted in the prompt?", "What is planted in the answer."


@dataclass(frozen=True)
class Configured:
    """A telemetry section."""

    endpoint: str | None = None
    protocol: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    sample_ratio: float | None = None
    export_timeout_s: float | None = None
    capture_content: bool = False
    propagate_upstream: bool = False
    access_log: bool = True


def target(provider: str = "openai", model: str = "gpt-x", profile: str = "main") -> Target:
    """One thing that can answer."""
    return Target(Entry(provider, model), profile, f"https://{provider}.example/v1", "key-id")


def attempt(index: int = 0, **changed: object) -> Attempt:
    """One that answered, half a second long, unless changed."""
    made = Attempt(
        index=index,
        target=target(),
        kind=AttemptKind.FIRST if index == 0 else AttemptKind.FAILOVER,
        started_at=BEGAN + 0.001 + index,
        duration_s=0.5,
        upstream_status=200,
        upstream_request_id="up-1",
        first_content_s=0.2,
        usage=Usage(10, 20, cached_input_tokens=4),
        cost=1500,
        protocol="openai",
        finish="stop",
        response_id="chatcmpl-1",
        response_model="gpt-x-2026",
        span_id=ATTEMPT_IDS[index],
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # a test's own changes


def failed(index: int, reason: Reason = Reason.OVERLOADED, **changed: object) -> Attempt:
    """One that failed with a message that quotes upstream."""
    nothing: dict[str, object] = {
        "first_content_s": None,
        "usage": None,
        "cost": None,
        "finish": None,
        "response_id": None,
        "response_model": None,
    }
    told = {"reason": reason, "upstream_status": 503, "message": f"upstream quotes: {PROMPT}"}
    return attempt(index, **{**nothing, **told, **changed})


def request(**changed: object) -> Request:
    """One user turn."""
    made = Request("smart", (Message(Role.USER, (Part(Text(PROMPT)),)),), max_output_tokens=64, temperature=0.5)
    return replace(made, **changed)  # type: ignore[arg-type]  # a test's own changes


def operation(*attempts: Attempt, **changed: object) -> Operation:
    """A streamed call that its last attempt answered, unless changed (fields of the report)."""
    made = attempts or (attempt(),)
    last = made[-1]
    report = Report(
        request_id=REQUEST_ID,
        trace_id=TRACE_ID,
        requested_model="smart",
        started_at=BEGAN,
        duration_s=last.started_at + last.duration_s - BEGAN,
        attempts=made,
        actual=last.target if last.reason is None else None,
        failed_over=len(made) > 1,
        reason=last.reason,
        first_content_s=_first_content_s(last),
    )
    report = replace(report, **changed)  # type: ignore[arg-type]  # a test's own changes
    is_answered = report.reason is None and report.attempts
    return Operation(request(), report, completed(report) if is_answered else None, True, OPERATION_ID)


def _first_content_s(last: Attempt) -> float | None:
    """From arrival to the first content of an attempt that answered."""
    if last.reason is not None or last.first_content_s is None:
        return None
    return last.started_at + last.first_content_s - BEGAN


def completed(report: Report) -> Completed:
    """The answer of a report's last attempt."""
    usage = report.attempts[-1].usage or Usage()
    message = Message(Role.ASSISTANT, (Part(Text(ANSWER)),))
    return Completed(
        finish=Finish.STOP,
        message=message,
        usage=usage,
        total_usage=usage,
        cost=1500,
        requested_model=report.requested_model,
        target=report.attempts[-1].target,
        response_id="chatcmpl-1",
        failed_over=report.failed_over,
        report=report,
        trace_id=TRACE_ID,
    )


def rpc(made: Operation | None = None, **changed: object) -> Rpc:
    """A Chat with a caller's trace."""
    duration_s = made.report.duration_s + 0.001 if made is not None else 0.002
    reason = made.report.reason if made is not None else None
    ended = Rpc(
        service="remora.v1.ChatService",
        method="Chat",
        code="OK" if reason is None else "UNAVAILABLE",
        reason=reason,
        request_id=REQUEST_ID,
        trace=Trace(TRACE_ID, RPC_ID, CALLER_ID, True, "vendor=1"),
        started_at=BEGAN - 0.0005,
        duration_s=duration_s,
        peer="ipv4:127.0.0.1:55555",
        operation=made,
        requested_model=made.report.requested_model if made is not None else "",
    )
    return replace(ended, **changed)  # type: ignore[arg-type]  # a test's own changes
