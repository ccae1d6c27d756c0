"""Core values as messages of the contract: events, reports, errors' details."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from ..core import content as c
from ..core import events as e
from ..core import report as r
from ..core.catalog import Entry, Target
from ..core.reasons import Reason
from ..core.usage import Usage
from ..pb import chat_pb2, content_pb2, error_reason_pb2, report_pb2

_ROLES = {
    c.Role.SYSTEM: content_pb2.ROLE_SYSTEM,
    c.Role.USER: content_pb2.ROLE_USER,
    c.Role.ASSISTANT: content_pb2.ROLE_ASSISTANT,
    c.Role.TOOL: content_pb2.ROLE_TOOL,
}

_REASONS = {why: error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{why.value}") for why in Reason}
_KINDS = {kind: report_pb2.AttemptKind.Value(f"ATTEMPT_KIND_{kind.name}") for kind in r.AttemptKind}
_CAUSES = {cause: report_pb2.SkipCause.Value(f"SKIP_CAUSE_{cause.name}") for cause in r.SkipCause}
_FINISHES = {finish: chat_pb2.FinishReason.Value(f"FINISH_REASON_{finish.name}") for finish in e.Finish}

MAX_PACKED = 128
"""Twice what waits to be kept; who keeps nothing leaves them here."""
_packed: dict[int, tuple[r.Report, bytes]] = {}
"""Reports that went out in an answer, until they are kept: to build the message once more costs ten times its bytes. By
identity, which is theirs as long as they are here."""

Done = TypeVar("Done", chat_pb2.Completed, chat_pb2.CompleteResponse)


def duration(seconds: float) -> Duration:
    """Seconds, 0 or more, rounded to microseconds."""
    message = Duration()
    _put_seconds(message, seconds)
    return message


def timestamp(epoch_s: float) -> Timestamp:
    """Epoch seconds, rounded to microseconds."""
    message = Timestamp()
    _put_seconds(message, epoch_s)
    return message


def _put_seconds(message: Duration | Timestamp, seconds: float) -> None:
    microseconds = round(seconds * 1e6) if seconds > 0.0 else 0
    message.seconds, message.nanos = microseconds // 1_000_000, microseconds % 1_000_000 * 1000


def reason(value: Reason | None) -> error_reason_pb2.ErrorReason.ValueType:
    """The proto value of a reason; UNSPECIFIED for none."""
    return _REASONS[value] if value is not None else error_reason_pb2.ERROR_REASON_UNSPECIFIED


def target(value: Target | Entry) -> report_pb2.Target:
    """A target, or an entry without a profile."""
    message = report_pb2.Target()
    put_target(message, value)
    return message


def put_target(message: report_pb2.Target, value: Target | Entry) -> None:
    """A target, or an entry without a profile, into a message where it stands."""
    if isinstance(value, Target):
        message.profile = value.profile
        value = value.entry
    message.provider, message.model = value.provider, value.model


def put_usage(message: report_pb2.Usage, value: Usage) -> None:
    """Tokens, into a message where it stands."""
    message.input_tokens, message.output_tokens = value.input_tokens, value.output_tokens
    message.estimated = value.estimated
    if value.cached_input_tokens is not None:
        message.cached_input_tokens = value.cached_input_tokens
    if value.cache_write_input_tokens is not None:
        message.cache_write_input_tokens = value.cache_write_input_tokens
    if value.reasoning_tokens is not None:
        message.reasoning_tokens = value.reasoning_tokens


def attempt(value: r.Attempt) -> report_pb2.Attempt:
    """One attempt."""
    message = report_pb2.Attempt()
    _put_attempt(message, value)
    return message


def _put_attempt(message: report_pb2.Attempt, value: r.Attempt) -> None:
    message.index, message.kind = value.index, _KINDS[value.kind]
    put_target(message.target, value.target)
    if value.reason is not None:
        message.reason = _REASONS[value.reason]
    if value.upstream_status is not None:
        message.upstream_status = value.upstream_status
    if value.upstream_code is not None:
        message.upstream_code = value.upstream_code
    if value.upstream_request_id is not None:
        message.upstream_request_id = value.upstream_request_id
    if value.message:
        message.message = value.message
    _put_seconds(message.start_time, value.started_at)
    _put_seconds(message.total_duration, value.duration_s)
    if value.first_content_s is not None:
        _put_seconds(message.first_content_duration, value.first_content_s)
    if value.wait_s > 0:
        _put_seconds(message.wait_duration, value.wait_s)
    if value.retry_after_s is not None:
        _put_seconds(message.retry_after_duration, value.retry_after_s)
    if value.usage is not None:
        put_usage(message.usage, value.usage)
    if value.cost is not None:
        message.cost.nano_dollars = value.cost


def _put_skipped(message: report_pb2.SkippedEntry, value: r.Skipped) -> None:
    put_target(message.target, value.entry)
    message.cause, message.reason, message.message = _CAUSES[value.cause], reason(value.reason), value.message
    if value.retry_after_s is not None:
        _put_seconds(message.retry_after_duration, value.retry_after_s)


def report(value: r.Report) -> report_pb2.FailoverReport:
    """The whole report."""
    message = report_pb2.FailoverReport()
    put_report(message, value)
    return message


def packed_report(value: r.Report) -> bytes:
    """The whole report as bytes of its message."""
    _, packed = _packed.pop(id(value), (None, None))
    return packed if packed is not None else report(value).SerializeToString()


def put_report(message: report_pb2.FailoverReport, value: r.Report) -> None:
    """Into a message where it stands: a message built by itself would be copied into the one around it."""
    message.request_id, message.trace_id = value.request_id, value.trace_id
    message.requested_model, message.failed_over = value.requested_model, value.failed_over
    if value.actual is not None:
        put_target(message.actual_target, value.actual)
    for made in value.attempts:
        _put_attempt(message.attempts.add(), made)
    for skipped in value.skipped:
        _put_skipped(message.skipped.add(), skipped)
    for repair in value.repairs:
        message.repairs.add(attempt_index=repair.attempt_index, reason=reason(repair.reason), message=repair.message)
    message.reason, message.message = reason(value.reason), value.message
    _put_seconds(message.start_time, value.started_at)
    _put_seconds(message.total_duration, value.duration_s)


def _put_message(message: content_pb2.Message, value: c.Message) -> None:
    message.role = _ROLES[value.role]
    for part in value.parts:
        _put_part(message.parts.add(), part)


def _put_part(out: content_pb2.Part, part: c.Part) -> None:
    if part.issuer is not None:
        out.issuer = part.issuer
    if part.opaque_state is not None:
        out.opaque_state = part.opaque_state
    match part.content:
        case c.Text(text):
            out.text = text
        case c.Refusal(text):
            out.refusal = text
        case c.Reasoning(text):
            out.reasoning.text = text
        case c.ToolCall(call_id, name, arguments):
            out.tool_call.id, out.tool_call.name, out.tool_call.arguments_json = call_id, name, arguments
        case _:
            raise AssertionError("an assistant's turn holds no such part")


def completed(value: e.Completed, shape: type[Done]) -> Done:
    """A complete answer: the last event of a stream, or the response of Complete, which has the same fields."""
    done = shape()
    _put_completed(done, value)
    return done


def _put_completed(done: chat_pb2.Completed | chat_pb2.CompleteResponse, value: e.Completed) -> None:
    done.finish_reason, done.end_inferred = _FINISHES[value.finish], value.end_inferred
    done.requested_model, done.failed_over, done.trace_id = value.requested_model, value.failed_over, value.trace_id
    if value.response_id is not None:
        done.response_id = value.response_id
    put_usage(done.usage, value.usage)
    put_usage(done.total_usage, value.total_usage)
    put_target(done.target, value.target)
    put_report(done.report, value.report)
    if len(_packed) >= MAX_PACKED:
        _packed.clear()
    _packed[id(value.report)] = value.report, done.report.SerializeToString()
    if value.message is not None:
        _put_message(done.message, value.message)
    if value.cost is not None:
        done.cost.nano_dollars = value.cost
        done.cost.estimated = value.total_usage.estimated


def event(value: e.CallerEvent) -> chat_pb2.ChatResponse:
    """One event of a stream."""
    match value:
        case e.Delta():
            return _delta(value)
        case e.Started(answering, failed_over):
            response = chat_pb2.ChatResponse()
            response.started.failed_over = failed_over
            put_target(response.started.target, answering)
            return response
        case e.PartCompleted(index, issuer, opaque_state):
            response = chat_pb2.ChatResponse()
            response.part_completed.part_index, response.part_completed.issuer = index, issuer
            if opaque_state is not None:
                response.part_completed.opaque_state = opaque_state
            return response
        case e.Citation():
            return chat_pb2.ChatResponse(citation=_citation(value))
        case e.Resumed(going_on, index, offset):
            response = chat_pb2.ChatResponse()
            response.resumed.part_index, response.resumed.offset = index, offset
            put_target(response.resumed.target, going_on)
            return response
        case e.Restarted(beginning):
            response = chat_pb2.ChatResponse()
            put_target(response.restarted.target, beginning)
            return response
        case e.PartDiscarded(index, offset):
            return chat_pb2.ChatResponse(part_discarded=chat_pb2.PartDiscarded(part_index=index, offset=offset))
        case e.AttemptEnded(ended):
            return chat_pb2.ChatResponse(attempt=chat_pb2.AttemptEnded(attempt=attempt(ended)))
        case e.CallFailed(why, text, whole):
            failed = chat_pb2.Failed(reason=reason(why), message=text, report=report(whole))
            return chat_pb2.ChatResponse(failed=failed)
        case e.Completed():
            response = chat_pb2.ChatResponse()
            _put_completed(response.completed, value)
            return response


def _delta(value: e.Delta) -> chat_pb2.ChatResponse:
    response = chat_pb2.ChatResponse()
    match value.kind:
        case e.Kind.TEXT:
            response.text_delta.part_index, response.text_delta.text = value.part_index, value.text
        case e.Kind.REASONING:
            response.reasoning_delta.part_index, response.reasoning_delta.text = value.part_index, value.text
        case e.Kind.REFUSAL:
            response.refusal_delta.part_index, response.refusal_delta.text = value.part_index, value.text
        case e.Kind.TOOL_CALL:
            call = response.tool_call_delta
            call.part_index, call.id, call.name = value.part_index, value.id, value.name
            call.arguments_fragment = value.text
    return response


def _citation(value: e.Citation) -> chat_pb2.Citation:
    return chat_pb2.Citation(
        part_index=value.part_index,
        uri=value.uri,
        title=value.title,
        cited_text=value.cited_text,
        start_offset=value.start_offset,
        end_offset=value.end_offset,
    )
