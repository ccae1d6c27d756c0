"""What the spans of a call must say, from what its caller was told: the report, the status, the configuration. Pure.

Which attribute says what is docs/observability.md's and the OpenTelemetry conventions'; the telemetry's own code is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remora_client.report import Attempt, FailoverReport, Target

from .witness import Told

SERVICE = "remora"
SERVERS_FAULT = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that make a SERVER span an error: OpenTelemetry, Semantic Conventions for gRPC, status of server spans."""
CANCELLED = "CANCELLED"
PRESENT = "present"
"""A value that cannot be known beforehand, but has to be there."""
_FINISH = {"STOP": "stop", "LENGTH": "length", "TOOL_CALLS": "tool_calls", "CONTENT_FILTER": "content_filter"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One span. attributes: exactly these; a float may be off by a few milliseconds, PRESENT may be anything."""

    name: str
    kind: str
    is_error: bool
    attributes: Mapping[str, Any]
    optional: frozenset[str] = frozenset()


def rpc_span(told: Told) -> Expected:
    """The SERVER span."""
    method, report = f"remora.v1.ChatService/{told.call.method}", told.report
    is_error = told.code in SERVERS_FAULT
    attributes = {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "rpc.response.status_code": told.code,
        "network.peer.address": "127.0.0.1",
        "remora.request_id": told.call.request_id,
        "remora.reason": report.reason if told.code not in ("OK", CANCELLED) else None,
        "error.type": report.reason if is_error else None,
    }
    return Expected(method, "server", is_error, _known(attributes))


def operation_span(told: Told) -> Expected:
    """The span of the call below it."""
    report = told.report
    is_error = report.reason not in (None, CANCELLED)
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": told.alias,
        "gen_ai.request.stream": True if told.call.method == "Chat" else None,
        "remora.request_id": told.call.request_id,
        "remora.attempts": len(report.attempts),
        "remora.failed_over": report.failed_over,
        "remora.reason": report.reason,
        "error.type": report.reason if is_error else None,
        **_answered_by(report.actual_target),
    }
    return Expected(f"chat {told.alias}", "internal", is_error, _known(attributes))


def _answered_by(target: Target | None) -> dict[str, Any]:
    if target is None:
        return {}
    return {"remora.provider": target.provider, "remora.model": target.model, "remora.profile": target.profile}


def attempt_span(attempt: Attempt, told: Told, ports: Mapping[str, int]) -> Expected:
    """The CLIENT span of an attempt. `ports`: where each provider listens, on loopback."""
    target, reason = attempt.target, attempt.reason
    is_error = reason not in (None, CANCELLED)
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": target.model,
        "gen_ai.request.stream": True,  # answers in one piece are streamed from providers too
        "gen_ai.request.temperature": told.call.temperature,
        "gen_ai.response.finish_reasons": _finish(attempt, told),
        "gen_ai.response.time_to_first_chunk": attempt.first_content_s,
        "server.address": "127.0.0.1",
        "server.port": ports[target.provider],
        "http.request.method": "POST",
        "http.response.status_code": attempt.upstream_status,
        "http.request.resend_count": _asked_before(attempt, told.report) if attempt.kind == "RETRY" else None,
        "error.type": reason if is_error else None,
        "remora.reason": CANCELLED if reason == CANCELLED else None,
        "remora.provider": target.provider,
        "remora.profile": target.profile,
        "remora.attempt.index": attempt.index,
        "remora.attempt.kind": (attempt.kind or "").lower(),
        "remora.upstream.code": attempt.upstream_code,
        "remora.upstream.request_id": attempt.upstream_request_id,
        "remora.retry_after_s": attempt.retry_after_s,
        **_answer(attempt),
    }
    # A stream that broke has told who answers, or has not yet.
    is_partial = attempt.upstream_status == 200 and reason is not None
    optional = ("gen_ai.response.id", "gen_ai.response.model") if is_partial else ()
    return Expected(f"chat {target.model}", "client", is_error, _known(attributes), frozenset(optional))


def _answer(attempt: Attempt) -> dict[str, Any]:
    """Who says that it answered, and the tokens."""
    told: dict[str, Any] = {}
    if attempt.reason is None:
        told = {"gen_ai.response.id": PRESENT, "gen_ai.response.model": attempt.target.model}
    if (usage := attempt.usage) is not None:
        told |= {
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens,
            "gen_ai.usage.cache_write.input_tokens": usage.cache_write_input_tokens,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
            "remora.usage.estimated": True if usage.estimated else None,
        }
    return told


def _finish(attempt: Attempt, told: Told) -> str | None:
    """As Jaeger shows a list: JSON. Nothing where the caller went away."""
    if attempt.reason is not None:
        return '["error"]' if attempt.reason != CANCELLED else None
    return f'["{_FINISH[told.finish or "STOP"]}"]'


def _asked_before(attempt: Attempt, report: FailoverReport) -> int:
    return sum(other.target == attempt.target for other in report.attempts if other.index < attempt.index)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A report's reasons are members of an enum of text; what is compared is the text."""
    return {
        key: str(value) if isinstance(value, str) else value for key, value in attributes.items() if value is not None
    }
