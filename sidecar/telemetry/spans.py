"""The spans of one rpc, made when it has ended: SERVER → operation → one CLIENT span per attempt.

Names, kinds, attributes and status follow OpenTelemetry's rpc and GenAI conventions (`names`). What a caller or a provider
wrote is not in them unless content is captured: names and ids that they choose are redacted, and cut.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..core.content import FormatKind, Request
from ..core.observation import Operation, Rpc
from ..core.reasons import Reason
from ..core.report import Attempt, AttemptKind, Report
from . import names
from .content import answer_json, prompt_json
from .event import events
from .names import Generation
from .otlp_bytes import CLIENT, INTERNAL, SERVER, AttributeCache, Span, attribute, encoded
from .shown import Shown
from .vendor import vendor

MAX_BLOCKS = 1024
"""Attribute blocks that are kept, one per target; all are forgotten when there are more."""
_STATUS_NUMBERS = {code: number for number, code in enumerate(names.STATUSES)}
_SERVER_ERRORS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that are the server's fault: the others leave a SERVER span's status unset (the conventions for gRPC)."""
_LABEL = re.compile(r"[\w.:/@+=|-]{1,100}").fullmatch
"""Ids and codes of a provider's: without spaces, so no sentence. They come redacted."""
_PORTS = {"https": 443, "http": 80}


class SpanMaker:
    """`old`: the conventions whose former names are told too."""

    def __init__(self, shown: Shown, *, capture_content: bool, old: frozenset[Generation]) -> None:
        self._shown = shown
        self._capture_content = capture_content
        self._is_old_rpc = Generation.RPC in old
        self._is_old_gen_ai = Generation.GEN_AI in old
        self._cache = AttributeCache()
        self._targets: dict[tuple[str, ...], tuple[str, bytes]] = {}

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
        cached, code, method = self._cache.attribute, rpc.code, f"{rpc.service}/{rpc.method}"
        is_error = code in _SERVER_ERRORS
        attributes = [
            cached(names.RPC_SYSTEM_NAME, "grpc"),
            cached(names.RPC_METHOD, method),
            cached(names.RPC_STATUS_CODE, code),
            attribute(names.REQUEST_ID, request_id),
        ]
        if peer := _host_of(rpc.peer):
            attributes.append(cached(names.NETWORK_PEER_ADDRESS, peer))
        if rpc.operation is None and rpc.requested_model:
            attributes.append(cached(names.REQUEST_MODEL, self._shown.name(rpc.requested_model)))
        if rpc.reason is not None:
            attributes.append(cached(names.REASON, rpc.reason.value))
        if is_error:
            attributes.append(cached(names.ERROR_TYPE, rpc.reason.value if rpc.reason is not None else code))
        if self._is_old_rpc:
            attributes.append(cached(names.OLD_RPC_SYSTEM, "grpc"))
            attributes.append(cached(names.OLD_RPC_SERVICE, rpc.service))
            attributes.append(cached(names.OLD_RPC_GRPC_STATUS_CODE, _STATUS_NUMBERS.get(code, 2)))
        trace, began, ended = rpc.trace, rpc.started_at, rpc.started_at + rpc.duration_s
        span = Span(trace.trace_id, trace.span_id, trace.parent_id, method, SERVER, began, ended, attributes)
        span.is_error, span.state, span.is_parent_remote = is_error, trace.state, trace.parent_id is not None
        return encoded(span)

    def _operation(self, rpc: Rpc, operation: Operation, request_id: str) -> bytes:
        cached, report, trace = self._cache.attribute, operation.report, rpc.trace
        model = self._shown.name(report.requested_model)
        does = _does(embeds=operation.request.embedding is not None)
        attributes = [
            cached(names.OPERATION_NAME, does),
            cached(names.REQUEST_MODEL, model),
            attribute(names.REQUEST_ID, request_id),
            cached(names.FAILED_OVER, report.failed_over),
            cached(names.ATTEMPTS, len(report.attempts)),
        ]
        if operation.is_streamed:
            attributes.append(cached(names.REQUEST_STREAM, True))
        if (actual := report.actual) is not None:
            attributes.append(cached(names.PROVIDER, actual.entry.provider))
            attributes.append(cached(names.MODEL, self._shown.name(actual.entry.model)))
            attributes.append(cached(names.PROFILE, actual.profile))
        is_error = report.reason is not None and report.reason is not Reason.CANCELLED
        if report.reason is not None:
            attributes.append(cached(names.REASON, report.reason.value))
        if report.reason is not None and is_error:
            attributes.append(cached(names.ERROR_TYPE, report.reason.value))
        name = f"{does} {model}" if model else does
        began, ended = report.started_at, report.started_at + report.duration_s
        span = Span(trace.trace_id, operation.span_id, trace.span_id, name, INTERNAL, began, ended, attributes)
        span.events, span.is_error, span.state = events(report, self._shown.name), is_error, trace.state
        return encoded(span)

    def _attempt(self, rpc: Rpc, attempt: Attempt, operation: Operation, parent_id: str) -> Span:
        name, target = self._target(attempt)
        attributes = [target, *self._outcome(attempt)]
        if attempt.kind is AttemptKind.RETRY:
            attributes.append(self._cache.attribute(names.HTTP_RESEND_COUNT, _asked_before(attempt, operation.report)))
        began, ended = attempt.started_at, attempt.started_at + attempt.duration_s
        span = Span(rpc.trace.trace_id, attempt.span_id, parent_id, name, CLIENT, began, ended, attributes)
        span.is_error, span.state = _failed(attempt), rpc.trace.state
        if self._capture_content:
            span.message = self._shown.text(attempt.message)
            if attempt.reason is None and operation.completed is not None and operation.completed.message is not None:
                attributes.append(attribute(names.OUTPUT_MESSAGES, self._shown.text(answer_json(operation.completed))))
        return span

    def _target(self, attempt: Attempt) -> tuple[str, bytes]:
        """The span's name, and the attributes that every attempt on a target has."""
        target = attempt.target
        does = _does(embeds=attempt.embeds)
        key = (does, target.entry.provider, target.entry.model, target.profile, target.base_url, attempt.protocol)
        found = self._targets.get(key)
        if found is None:
            if len(self._targets) >= MAX_BLOCKS:
                self._targets.clear()
            found = self._targets[key] = self._described(*key)
        return found

    def _described(
        self, does: str, provider: str, model: str, profile: str, base_url: str, protocol: str
    ) -> tuple[str, bytes]:
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
        cached, reason = self._cache.attribute, attempt.reason
        told = [cached(names.ATTEMPT_INDEX, attempt.index), cached(names.ATTEMPT_KIND, attempt.kind.value)]
        if attempt.is_streamed:
            told.append(cached(names.REQUEST_STREAM, True))
        if attempt.upstream_status is not None:
            told.append(cached(names.HTTP_STATUS_CODE, attempt.upstream_status))
        if reason is not None:
            told.append(cached(names.ERROR_TYPE if _failed(attempt) else names.REASON, reason.value))
        finish = attempt.finish or ("error" if _failed(attempt) else None)
        if finish is not None and not attempt.embeds:
            told.append(cached(names.FINISH_REASONS, (finish,)))
        if attempt.response_model and _LABEL(attempt.response_model):
            told.append(cached(names.RESPONSE_MODEL, attempt.response_model))
        for key, label in (
            (names.RESPONSE_ID, attempt.response_id),
            (names.UPSTREAM_REQUEST_ID, attempt.upstream_request_id),
            (names.UPSTREAM_CODE, attempt.upstream_code),
        ):
            if label is not None and _LABEL(label):
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


def _failed(attempt: Attempt) -> bool:
    """Whether it is an error to whoever looks: an attempt that nobody waits for any more is none."""
    return attempt.reason is not None and attempt.reason is not Reason.CANCELLED


def _asked_before(attempt: Attempt, report: Report) -> int:
    """How many earlier attempts of the call went to the same target."""
    return sum(1 for other in report.attempts if other.index < attempt.index and other.target == attempt.target)


def _host_of(peer: str) -> str:
    """The address in gRPC's "ipv4:127.0.0.1:5000" or "ipv6:%5B::1%5D:5000"; "" for a unix socket."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")
