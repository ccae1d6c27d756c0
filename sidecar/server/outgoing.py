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

Done = TypeVar("Done", chat_pb2.Completed, chat_pb2.CompleteResponse)


def duration(seconds: float) -> Duration:
    """Seconds, 0 or more, rounded to microseconds."""
    whole, microseconds = divmod(round(seconds * 1e6), 1_000_000)
    return Duration(seconds=whole, nanos=microseconds * 1000)


def timestamp(epoch_s: float) -> Timestamp:
    """Epoch seconds, rounded to microseconds."""
    whole, microseconds = divmod(round(epoch_s * 1e6), 1_000_000)
    return Timestamp(seconds=whole, nanos=microseconds * 1000)


def reason(value: Reason | None) -> error_reason_pb2.ErrorReason.ValueType:
    """The proto value of a reason; UNSPECIFIED for none."""
    return _REASONS[value] if value is not None else error_reason_pb2.ERROR_REASON_UNSPECIFIED


def target(value: Target | Entry) -> report_pb2.Target:
    """A target, or an entry without a profile."""
    if isinstance(value, Target):
        return report_pb2.Target(provider=value.entry.provider, model=value.entry.model, profile=value.profile)
    return report_pb2.Target(provider=value.provider, model=value.model)


def usage(value: Usage) -> report_pb2.Usage:
    """Tokens."""
    return report_pb2.Usage(
        input_tokens=value.input_tokens,
        output_tokens=value.output_tokens,
        cached_input_tokens=value.cached_input_tokens,
        cache_write_input_tokens=value.cache_write_input_tokens,
        reasoning_tokens=value.reasoning_tokens,
        estimated=value.estimated,
    )


def attempt(value: r.Attempt) -> report_pb2.Attempt:
    """One attempt."""
    message = report_pb2.Attempt(
        index=value.index,
        target=target(value.target),
        kind=_KINDS[value.kind],
        reason=reason(value.reason),
        upstream_status=value.upstream_status,
        upstream_code=value.upstream_code,
        upstream_request_id=value.upstream_request_id,
        message=value.message or None,
        start_time=timestamp(value.started_at),
        total_duration=duration(value.duration_s),
    )
    if value.first_content_s is not None:
        message.first_content_duration.CopyFrom(duration(value.first_content_s))
    if value.wait_s > 0:
        message.wait_duration.CopyFrom(duration(value.wait_s))
    if value.retry_after_s is not None:
        message.retry_after_duration.CopyFrom(duration(value.retry_after_s))
    if value.usage is not None:
        message.usage.CopyFrom(usage(value.usage))
    if value.cost is not None:
        message.cost.nano_dollars = value.cost
    return message


def skipped(value: r.Skipped) -> report_pb2.SkippedEntry:
    """One skipped entry."""
    message = report_pb2.SkippedEntry(
        target=target(value.entry),
        cause=_CAUSES[value.cause],
        reason=reason(value.reason),
        message=value.message,
    )
    if value.retry_after_s is not None:
        message.retry_after_duration.CopyFrom(duration(value.retry_after_s))
    return message


def report(value: r.Report) -> report_pb2.FailoverReport:
    """The whole report."""
    return report_pb2.FailoverReport(
        request_id=value.request_id,
        trace_id=value.trace_id,
        requested_model=value.requested_model,
        actual_target=target(value.actual) if value.actual is not None else None,
        failed_over=value.failed_over,
        attempts=[attempt(a) for a in value.attempts],
        skipped=[skipped(s) for s in value.skipped],
        repairs=[
            report_pb2.Repair(attempt_index=repair.attempt_index, reason=reason(repair.reason), message=repair.message)
            for repair in value.repairs
        ],
        reason=reason(value.reason),
        message=value.message,
        start_time=timestamp(value.started_at),
        total_duration=duration(value.duration_s),
    )


def message(value: c.Message) -> content_pb2.Message:
    """One turn."""
    return content_pb2.Message(role=_ROLES[value.role], parts=[_part(part) for part in value.parts])


def _part(part: c.Part) -> content_pb2.Part:
    out = content_pb2.Part(issuer=part.issuer, opaque_state=part.opaque_state)
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
    return out


def completed(value: e.Completed, shape: type[Done]) -> Done:
    """A complete answer: the last event of a stream, or the response of Complete, which has the same fields."""
    done = shape(
        finish_reason=_FINISHES[value.finish],
        end_inferred=value.end_inferred,
        usage=usage(value.usage),
        total_usage=usage(value.total_usage),
        requested_model=value.requested_model,
        target=target(value.target),
        response_id=value.response_id,
        failed_over=value.failed_over,
        report=report(value.report),
        trace_id=value.trace_id,
    )
    if value.message is not None:
        done.message.CopyFrom(message(value.message))
    if value.cost is not None:
        done.cost.nano_dollars = value.cost
        done.cost.estimated = value.total_usage.estimated
    return done


def event(value: e.CallerEvent) -> chat_pb2.ChatResponse:
    """One event of a stream."""
    match value:
        case e.Delta():
            return _delta(value)
        case e.Started(answering, failed_over):
            return chat_pb2.ChatResponse(started=chat_pb2.Started(target=target(answering), failed_over=failed_over))
        case e.PartCompleted(index, issuer, opaque_state):
            done = chat_pb2.PartCompleted(part_index=index, issuer=issuer, opaque_state=opaque_state)
            return chat_pb2.ChatResponse(part_completed=done)
        case e.Citation():
            return chat_pb2.ChatResponse(citation=_citation(value))
        case e.AttemptEnded(ended):
            return chat_pb2.ChatResponse(attempt=chat_pb2.AttemptEnded(attempt=attempt(ended)))
        case e.CallFailed(why, text, whole):
            failed = chat_pb2.Failed(reason=reason(why), message=text, report=report(whole))
            return chat_pb2.ChatResponse(failed=failed)
        case e.Completed():
            return chat_pb2.ChatResponse(completed=completed(value, chat_pb2.Completed))


def _delta(value: e.Delta) -> chat_pb2.ChatResponse:
    index = value.part_index
    match value.kind:
        case e.Kind.TEXT:
            return chat_pb2.ChatResponse(text_delta=chat_pb2.TextDelta(part_index=index, text=value.text))
        case e.Kind.REASONING:
            return chat_pb2.ChatResponse(reasoning_delta=chat_pb2.ReasoningDelta(part_index=index, text=value.text))
        case e.Kind.REFUSAL:
            return chat_pb2.ChatResponse(refusal_delta=chat_pb2.RefusalDelta(part_index=index, text=value.text))
        case e.Kind.TOOL_CALL:
            call = chat_pb2.ToolCallDelta(part_index=index, id=value.id, name=value.name, arguments_fragment=value.text)
            return chat_pb2.ChatResponse(tool_call_delta=call)


def _citation(value: e.Citation) -> chat_pb2.Citation:
    return chat_pb2.Citation(
        part_index=value.part_index,
        uri=value.uri,
        title=value.title,
        cited_text=value.cited_text,
        start_offset=value.start_offset,
        end_offset=value.end_offset,
    )
