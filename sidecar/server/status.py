"""A CallError as a gRPC status: code, one line, and details that always arrive (at most 4 KiB together)."""

from __future__ import annotations

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from ..core.errors import CallError
from ..core.reasons import TABLE, Code, Reason
from ..core.report import Report
from ..pb import report_pb2
from .outgoing import duration
from .outgoing import report as report_message

DETAILS_BYTES = 4096
MESSAGE_CHARACTERS = 600
CUT_CHARACTERS = 120
METADATA_CHARACTERS = 200
DOMAIN = "remora"

GRPC_CODES: dict[Code, grpc.StatusCode] = {code: grpc.StatusCode[code.value] for code in Code}


def status_of(error: CallError, request_id: str, trace_id: str) -> status_pb2.Status:
    """The status. A detail that would not fit is cut, in the order of `fitted`, never left out without a count."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(TABLE[error.reason].code.value), message=cut(error.message, MESSAGE_CHARACTERS)
    )
    metadata = {"request_id": request_id, "trace_id": trace_id, **error.metadata}
    info = error_details_pb2.ErrorInfo(
        reason=error.reason.value,
        domain=DOMAIN,
        metadata={name: cut(value, METADATA_CHARACTERS) for name, value in metadata.items()},
    )
    details: list[Message] = [info]
    if error.retry_after_s is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration(error.retry_after_s)))
    if error.fields:
        details.append(_bad_request(error, DETAILS_BYTES // 2))
    _pack(status, details)
    if error.report is not None:
        _pack(status, [fitted(error.report, DETAILS_BYTES - status.ByteSize() - 100)])
    return status


def fitted(report: Report, limit_bytes: int) -> report_pb2.FailoverReport:
    """The report within `limit_bytes`: messages cut to 120 characters, then skipped entries dropped, then middle
    attempts, then what messages are left; with counts of what is missing."""
    message = report_message(report)
    if message.ByteSize() <= limit_bytes:
        return message
    for attempt in message.attempts:
        attempt.message = cut(attempt.message, CUT_CHARACTERS)
    for skip in message.skipped:
        skip.message = cut(skip.message, CUT_CHARACTERS)
    message.message = cut(message.message, MESSAGE_CHARACTERS)
    message.truncated.messages = True
    while message.ByteSize() > limit_bytes and message.skipped:
        message.skipped.pop()
        message.truncated.skipped += 1
    while message.ByteSize() > limit_bytes and len(message.attempts) > 2:
        del message.attempts[len(message.attempts) // 2]
        message.truncated.attempts += 1
    if message.ByteSize() > limit_bytes:
        message.message = cut(message.message, CUT_CHARACTERS)
        message.requested_model = cut(message.requested_model, CUT_CHARACTERS)
        for attempt in message.attempts:
            attempt.ClearField("message")
            attempt.target.model = cut(attempt.target.model, CUT_CHARACTERS)
    return message


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def pushback(error: CallError) -> str | None:
    """The trailer `grpc-retry-pushback-ms`: -1 when an attempt was made or refused for health; none while draining."""
    if error.reason is Reason.DRAINING:
        return None
    return "-1" if error.attempted or error.reason is Reason.ALL_UNAVAILABLE else None


def _bad_request(error: CallError, limit_bytes: int) -> error_details_pb2.BadRequest:
    message = error_details_pb2.BadRequest()
    left_out = 0
    for field in error.fields:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=cut(field.path, CUT_CHARACTERS), description=cut(field.description, METADATA_CHARACTERS)
        )
        if message.ByteSize() + violation.ByteSize() > limit_bytes:
            left_out += 1
        else:
            message.field_violations.append(violation)
    if left_out:
        message.field_violations.add(field="…", description=f"and {left_out} more")
    return message


def _pack(status: status_pb2.Status, details: list[Message]) -> None:
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
