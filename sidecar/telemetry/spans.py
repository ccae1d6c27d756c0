"""The spans of one rpc, made when it has ended: SERVER → operation → one CLIENT span per attempt.

Names, kinds, attributes and status follow OpenTelemetry's rpc and GenAI conventions (`names`). What a caller or a provider
wrote is not in them unless content is captured: names and ids that they choose are redacted, and cut.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from ..core.content import FormatKind, Request
from ..core.observation import Operation, Rpc
from ..core.report import Attempt, AttemptKind, Report
from . import names
from .content import answer_json, prompt_json
from .event import events
from .names import Generation
from .otlp_bytes import CLIENT, INTERNAL, SERVER, Span, attribute, encoded
from .shown import Shown
from .span_blocks import (
    LABEL,
    SERVER_ERRORS,
    Around,
    Blocks,
    CallKey,
    OutcomeKey,
    RpcKey,
    is_error,
    of_call,
    of_outcome,
    of_rpc,
)
from .vendor import vendor

_PORTS = {"https": 443, "http": 80}
_ROUNDING_S = 0.005
"""By how much an attempt may seem to outlast its call: instants are wall time, durations are not. Jaeger moves such a span."""
_TargetKey = tuple[str, str, str, str, str, str]
"""What it does, provider, model, profile, base URL, protocol."""


class SpanMaker:
    """`old`: the conventions whose former names are told too."""

    def __init__(self, shown: Shown, *, capture_content: bool, old: frozenset[Generation]) -> None:
        self._shown = shown
        self._capture_content = capture_content
        self._is_old_gen_ai = Generation.GEN_AI in old
        self._rpcs: Blocks[RpcKey, Around] = Blocks(partial(of_rpc, is_old=Generation.RPC in old))
        self._calls: Blocks[CallKey, Around] = Blocks(of_call)
        self._outcomes: Blocks[OutcomeKey, bytes] = Blocks(of_outcome)
        self._targets: Blocks[_TargetKey, tuple[str, bytes]] = Blocks(self._described)

    def spans(self, rpc: Rpc, request_id: str) -> list[bytes]:
        """Encoded, the rpc's own first. `request_id`: as it may be shown."""
        made = [self._server(rpc, request_id)]
        operation = rpc.operation
        if operation is None:
            return made
        parent_id = operation.span_id or rpc.trace.span_id
        if operation.span_id:
            made.append(self._operation(rpc, operation, request_id))
        asked = self._asked(operation.request)
        prompt = self._prompt(operation.request)
        for attempt in operation.report.attempts:
            if attempt.span_id:
                span = self._attempt(rpc, attempt, operation, parent_id)
                span.attributes += asked
                span.attributes += prompt
                made.append(encoded(span))
        return made

    def _server(self, rpc: Rpc, request_id: str) -> bytes:
        method = f"{rpc.service}/{rpc.method}"
        asked = self._shown.name(rpc.requested_model) if rpc.operation is None and rpc.requested_model else ""
        before, after = self._rpcs[rpc.service, rpc.method, rpc.code, rpc.peer, asked, rpc.reason]
        attributes = [before, attribute(names.REQUEST_ID, request_id), after]
        trace, began, ended = rpc.trace, rpc.started_at, rpc.started_at + rpc.duration_s
        span = Span(trace.trace_id, trace.span_id, trace.parent_id, method, SERVER, began, ended, attributes)
        span.is_error, span.state = rpc.code in SERVER_ERRORS, trace.state
        span.is_parent_remote = trace.parent_id is not None
        return encoded(span)

    def _operation(self, rpc: Rpc, operation: Operation, request_id: str) -> bytes:
        report, trace = operation.report, rpc.trace
        model, actual = self._shown.name(report.requested_model), report.actual
        does = _does(embeds=operation.request.embedding is not None)
        by = None if actual is None else (actual.entry.provider, self._shown.name(actual.entry.model), actual.profile)
        size, is_streamed = len(report.attempts), operation.is_streamed
        before, after = self._calls[does, model, report.failed_over, size, is_streamed, by, report.reason]
        attributes = [before, attribute(names.REQUEST_ID, request_id), after]
        name = f"{does} {model}" if model else does
        began, ended = report.started_at, report.started_at + report.duration_s
        span = Span(trace.trace_id, operation.span_id, trace.span_id, name, INTERNAL, began, ended, attributes)
        span.events, span.state = events(report, self._shown.name), trace.state
        span.is_error = is_error(report.reason)
        return encoded(span)

    def _attempt(self, rpc: Rpc, attempt: Attempt, operation: Operation, parent_id: str) -> Span:
        name, target = self._target(attempt)
        attributes = [target, *self._outcome(attempt)]
        if attempt.kind is AttemptKind.RETRY:
            attributes.append(attribute(names.HTTP_RESEND_COUNT, _asked_before(attempt, operation.report)))
        began, ended = attempt.started_at, attempt.started_at + attempt.duration_s
        latest = operation.report.started_at + operation.report.duration_s
        if ended - latest < _ROUNDING_S:
            ended = min(ended, latest)
        span = Span(rpc.trace.trace_id, attempt.span_id, parent_id, name, CLIENT, began, ended, attributes)
        span.is_error, span.state = is_error(attempt.reason), rpc.trace.state
        if self._capture_content:
            span.message = self._shown.text(attempt.message)
            if attempt.reason is None and operation.completed is not None and operation.completed.message is not None:
                attributes.append(attribute(names.OUTPUT_MESSAGES, self._shown.text(answer_json(operation.completed))))
        return span

    def _target(self, attempt: Attempt) -> tuple[str, bytes]:
        """The span's name, and the attributes that every attempt on a target has."""
        target = attempt.target
        does = _does(embeds=attempt.embeds)
        entry = target.entry
        return self._targets[does, entry.provider, entry.model, target.profile, target.base_url, attempt.protocol]

    def _described(self, key: _TargetKey) -> tuple[str, bytes]:
        does, provider, model, profile, base_url, protocol = key
        model, url = self._shown.name(model), urlsplit(base_url)
        told = [
            attribute(names.OPERATION_NAME, does),
            attribute(names.PROVIDER_NAME, vendor(provider, protocol)),
            attribute(names.REQUEST_MODEL, model),
            attribute(names.PROVIDER, provider),
            attribute(names.PROFILE, profile),
            attribute(names.HTTP_METHOD, "POST"),
        ]
        if url.hostname:
            port = url.port or _PORTS.get(url.scheme, 0)
            told += [attribute(names.SERVER_ADDRESS, url.hostname), attribute(names.SERVER_PORT, port)]
        if self._is_old_gen_ai:
            told.append(attribute(names.OLD_SYSTEM, vendor(provider, protocol)))
        return f"{does} {model}", b"".join(told)

    def _outcome(self, attempt: Attempt) -> list[bytes]:
        """What became of an attempt."""
        made = (attempt.index, attempt.kind, attempt.is_streamed, attempt.embeds)
        told = [
            self._outcomes[(*made, attempt.upstream_status, attempt.reason, attempt.finish, attempt.response_model)]
        ]
        for key, label in (
            (names.RESPONSE_ID, attempt.response_id),
            (names.UPSTREAM_REQUEST_ID, attempt.upstream_request_id),
            (names.UPSTREAM_CODE, attempt.upstream_code),
        ):
            if label is not None and LABEL(label):
                told.append(attribute(key, label))
        for key, value in (
            (names.FIRST_CHUNK, attempt.first_content_s if attempt.is_streamed else None),
            (names.RETRY_AFTER_S, attempt.retry_after_s),
            (names.COST, attempt.cost),
        ):
            if value is not None:
                told.append(attribute(key, value))
        return told + self._usage(attempt) if attempt.usage is not None else told

    def _usage(self, attempt: Attempt) -> list[bytes]:
        usage = attempt.usage
        if usage is None:
            return []
        told = [attribute(names.INPUT_TOKENS, usage.input_tokens)]
        if not attempt.embeds:
            told.append(attribute(names.OUTPUT_TOKENS, usage.output_tokens))
        if usage.cached_input_tokens is not None:
            told.append(attribute(names.CACHE_READ_TOKENS, usage.cached_input_tokens))
        if usage.cache_write_input_tokens is not None:
            told.append(attribute(names.CACHE_WRITE_TOKENS, usage.cache_write_input_tokens))
            if self._is_old_gen_ai:
                told.append(attribute(names.OLD_CACHE_CREATION_TOKENS, usage.cache_write_input_tokens))
        if usage.reasoning_tokens is not None:
            told.append(attribute(names.REASONING_TOKENS, usage.reasoning_tokens))
        if usage.estimated:
            told.append(attribute(names.USAGE_ESTIMATED, True))
        return told

    def _asked(self, request: Request) -> list[bytes]:
        """The caller's parameters, which every attempt repeats."""
        told: list[bytes] = []
        for key, value in (
            (names.REQUEST_MAX_TOKENS, request.max_output_tokens),
            (names.REQUEST_TEMPERATURE, request.temperature),
            (names.REQUEST_TOP_P, request.top_p),
            (names.REQUEST_TOP_K, request.top_k),
            (names.REQUEST_SEED, request.seed),
            (names.REQUEST_PRESENCE, request.presence_penalty),
            (names.REQUEST_FREQUENCY, request.frequency_penalty),
            (names.REQUEST_REASONING, request.reasoning_effort),
            (names.EMBEDDINGS_DIMENSIONS, request.embedding.dimensions if request.embedding is not None else None),
        ):
            if value is not None:
                told.append(attribute(key, value))
        if request.response_format is not None and request.response_format.kind is not FormatKind.TEXT:
            told.append(attribute(names.OUTPUT_TYPE, "json"))
        return told

    def _prompt(self, request: Request) -> list[bytes]:
        if not self._capture_content or request.embedding is not None:
            return []
        return [attribute(names.INPUT_MESSAGES, self._shown.text(prompt_json(request)))]


def _does(*, embeds: bool) -> str:
    return names.EMBEDDINGS if embeds else names.CHAT


def _asked_before(attempt: Attempt, report: Report) -> int:
    """How many earlier attempts of the call went to the same target."""
    return sum(1 for other in report.attempts if other.index < attempt.index and other.target == attempt.target)
