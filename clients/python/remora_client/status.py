"""Turns a gRPC status into a typed error: the only place that reads status details."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from ._pb import report_pb2
from .errors import (
    Cancelled,
    ContentFiltered,
    ContextTooLong,
    CredentialsRejected,
    DeadlineExceeded,
    FieldError,
    InternalError,
    InvalidRequest,
    NotBuilt,
    NotFound,
    QuotaExhausted,
    RateLimited,
    RemoraError,
    ResourceExhausted,
    SidecarLost,
    StreamBroken,
    Unauthenticated,
    Unavailable,
)
from .reason import Reason, reason_named
from .report import report_from, seconds

DETAILS_KEY = "grpc-status-details-bin"
_DOMAIN = "remora"
_DETAILS: tuple[type[Message], ...] = (ErrorInfo, RetryInfo, BadRequest, report_pb2.FailoverReport)

# Where a reason says more than its status code does.
_BY_REASON: dict[str, type[RemoraError]] = {
    Reason.CONTEXT_LENGTH: ContextTooLong,
    Reason.CONTENT_FILTERED: ContentFiltered,
    Reason.RATE_LIMITED: RateLimited,
    Reason.BUSY: RateLimited,
    Reason.BILLING: QuotaExhausted,
    Reason.SPEND_LIMIT: QuotaExhausted,
    Reason.STREAM_BROKEN: StreamBroken,
}

_BY_CODE: dict[grpc.StatusCode, type[RemoraError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.FAILED_PRECONDITION: CredentialsRejected,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNIMPLEMENTED: NotBuilt,
    grpc.StatusCode.INTERNAL: InternalError,
}


def error_from(error: grpc.RpcError, address: str) -> RemoraError:
    """The typed error of a failed call; also for one that carries no details, such as a broken connection."""
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return RemoraError(f"the call to the sidecar at {address} failed")
    return decode(error.code(), error.details() or "", error.trailing_metadata() or (), address)


def decode(
    code: grpc.StatusCode, text: str, trailers: Iterable[tuple[str, str | bytes]], address: str = ""
) -> RemoraError:
    """The typed error of a status: its class by reason, else by code; what cannot be read is left out."""
    trailing = dict(trailers)
    found = _details(trailing.get(DETAILS_KEY))
    info = next((d for d in found if isinstance(d, ErrorInfo) and d.domain == _DOMAIN), None)
    if info is None and code is grpc.StatusCode.UNAVAILABLE:
        return SidecarLost(f"the connection to the sidecar at {address} broke; the call may have run", code=code)
    if info is None and code is grpc.StatusCode.DEADLINE_EXCEEDED:
        text = "the call's time ran out"  # gRPC's own words differ, and sound like something else
    reason = reason_named(info.reason) if info is not None else None
    kind = _BY_REASON.get(reason or "") or _BY_CODE.get(code, RemoraError)
    error = kind(text or code.name.replace("_", " ").lower(), reason=reason, code=code)
    for detail in found:
        _apply(error, detail)
    error.request_id = error.request_id or _text(trailing.get("remora-request-id"))
    error.trace_id = error.trace_id or _text(trailing.get("remora-trace-id"))
    return error


def _apply(error: RemoraError, detail: Message) -> None:
    match detail:
        case ErrorInfo() if detail.domain == _DOMAIN:
            error.metadata = dict(detail.metadata)
            error.request_id = error.metadata.get("request_id", "")
            error.trace_id = error.metadata.get("trace_id", "")
        case RetryInfo():
            error.retry_after_s = seconds(detail.retry_delay)
        case BadRequest():
            error.field_errors = tuple(FieldError(v.field, v.description) for v in detail.field_violations)
        case report_pb2.FailoverReport():
            error.report = report_from(detail)


def _details(raw: str | bytes | None) -> list[Message]:
    if not isinstance(raw, bytes):
        return []
    try:
        packed = Status.FromString(raw).details
    except DecodeError:
        return []
    return [detail for detail in map(_unpacked, packed) if detail is not None]


def _unpacked(packed: AnyMessage) -> Message | None:
    for kind in _DETAILS:
        if packed.TypeName() == kind.DESCRIPTOR.full_name:
            try:
                return kind.FromString(packed.value)
            except DecodeError:
                return None
    return None


def _text(value: str | bytes | None) -> str:
    return value if isinstance(value, str) else ""
