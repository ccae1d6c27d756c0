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
MESSAGE_BYTES = 600
MESSAGE_ENCODED_BYTES = 900
"""The status message travels percent-encoded: a character outside ASCII takes up to twelve bytes."""
CUT_CHARACTERS = 120
CUT_BYTES = 60
METADATA_BYTES = 200
DOMAIN = "remora"

GRPC_CODES: dict[Code, grpc.StatusCode] = {code: grpc.StatusCode[code.value] for code in Code}


def status_of(error: CallError, request_id: str, trace_id: str) -> status_pb2.Status:
    """The status. A detail that would not fit is cut, in the order of `fitted`, never left out without a count."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(TABLE[error.reason].code.value), message=_status_message(error.message)
    )
    metadata = {"request_id": request_id, "trace_id": trace_id, **error.metadata}
    info = error_details_pb2.ErrorInfo(
        reason=error.reason.value,
        domain=DOMAIN,
        metadata={name: cut_bytes(value, METADATA_BYTES) for name, value in metadata.items()},
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
    attempts, then messages left out and names cut; with counts of what is missing."""
    message = report_message(report)
    if message.ByteSize() <= limit_bytes:
        return message
    for attempt in message.attempts:
        attempt.message = cut(attempt.message, CUT_CHARACTERS)
    for skip in message.skipped:
        skip.message = cut(skip.message, CUT_CHARACTERS)
    message.message = _status_message(message.message)
    message.truncated.messages = True
    while message.ByteSize() > limit_bytes and message.skipped:
        message.skipped.pop()
        message.truncated.skipped += 1
    while message.ByteSize() > limit_bytes and len(message.attempts) > 2:
        del message.attempts[len(message.attempts) // 2]
        message.truncated.attempts += 1
    if message.ByteSize() > limit_bytes:
        _bare(message)
    return message


def _bare(message: report_pb2.FailoverReport) -> None:
    """Leaves out the attempts' messages and cuts every name: two attempts then take less than 1 KiB."""
    message.message = cut_bytes(message.message, CUT_CHARACTERS)
    message.requested_model = cut_bytes(message.requested_model, CUT_BYTES)
    for attempt in message.attempts:
        attempt.ClearField("message")
        attempt.target.model = cut_bytes(attempt.target.model, CUT_BYTES)
        attempt.target.provider = cut_bytes(attempt.target.provider, CUT_BYTES)
        attempt.target.profile = cut_bytes(attempt.target.profile, CUT_BYTES)
        if attempt.HasField("upstream_code"):
            attempt.upstream_code = cut_bytes(attempt.upstream_code, CUT_BYTES)
        if attempt.HasField("upstream_request_id"):
            attempt.upstream_request_id = cut_bytes(attempt.upstream_request_id, CUT_BYTES)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, with an ellipsis where something is missing."""
    whole = text.encode()
    return text if len(whole) <= limit else whole[: limit - 3].decode("utf-8", "ignore") + "…"


def _status_message(text: str) -> str:
    text = cut_bytes(text, MESSAGE_BYTES)
    while sum(map(_encoded_bytes, text)) > MESSAGE_ENCODED_BYTES:
        text = cut(text, len(text) * 3 // 4)
    return text


def _encoded_bytes(char: str) -> int:
    return 1 if " " <= char <= "~" and char != "%" else 3 * len(char.encode())


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
            field=cut(field.path, CUT_CHARACTERS), description=cut(field.description, METADATA_BYTES)
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
