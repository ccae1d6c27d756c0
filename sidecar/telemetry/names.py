"""Every name that leaves the process in a span, an event, a metric or the access log; docs/observability.md is tested equal.

Where OpenTelemetry has a name it is used: the rpc conventions (v1.44.0) and the GenAI conventions (their own repository,
after its change 521). What those conventions renamed is `old` here and is told too, beside the new name, where
OTEL_SEMCONV_STABILITY_OPT_IN asks for both generations. Everything else begins with `remora.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SCOPE = "remora"
CHAT_SERVICE = "remora.v1.ChatService"
CHAT_STREAMED = "Chat"
"""The method of CHAT_SERVICE that answers with a stream."""
CHAT = "chat"
EMBEDDINGS = "embeddings"
OTHER = "other"
"""The label of a model that no configuration names."""

STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""gRPC's status codes by their numbers."""

OPT_IN_VARIABLE = "OTEL_SEMCONV_STABILITY_OPT_IN"


class Generation(StrEnum):
    """The conventions whose former names can be told too."""

    GEN_AI = "gen_ai"
    RPC = "rpc"


_TOKENS = {
    "gen_ai/dup": Generation.GEN_AI,
    "gen_ai_latest_experimental/dup": Generation.GEN_AI,
    "rpc/dup": Generation.RPC,
}


def old_generations(env: Mapping[str, str]) -> frozenset[Generation]:
    """The conventions whose old names are wanted beside the new: tokens ending `/dup`, as the rpc conventions define it."""
    tokens = (token.strip() for token in env.get(OPT_IN_VARIABLE, "").split(","))
    return frozenset(_TOKENS[token] for token in tokens if token in _TOKENS)


class Where(StrEnum):
    """What an attribute stands on."""

    SERVER = "rpc"
    OPERATION = "operation"
    ATTEMPT = "attempt"
    EVENT = "event"


S, O, A, E = Where.SERVER, Where.OPERATION, Where.ATTEMPT, Where.EVENT  # noqa: E741  # one letter keeps the rows short


@dataclass(frozen=True, slots=True)
class Attribute:
    """A documented attribute. `old`: the generation it belonged to, where the conventions have dropped the name."""

    name: str
    where: tuple[Where, ...]
    meaning: str
    old: Generation | None = None


ATTRIBUTES: dict[str, Attribute] = {}


def _attribute(name: str, where: tuple[Where, ...], meaning: str, old: Generation | None = None) -> str:
    ATTRIBUTES[name] = Attribute(name, where, meaning, old)
    return name


# The rpc.
RPC_SYSTEM_NAME = _attribute("rpc.system.name", (S,), "`grpc`")
RPC_METHOD = _attribute("rpc.method", (S,), "service and method")
RPC_STATUS_CODE = _attribute("rpc.response.status_code", (S,), "the gRPC status by name")
NETWORK_PEER_ADDRESS = _attribute("network.peer.address", (S,), "the caller's address, without its port")
ERROR_TYPE = _attribute("error.type", (S, O, A), "the reason; on the rpc its status where there is no reason")
OLD_RPC_SYSTEM = _attribute("rpc.system", (S,), "`grpc`", Generation.RPC)
OLD_RPC_SERVICE = _attribute("rpc.service", (S,), "the service", Generation.RPC)
OLD_RPC_GRPC_STATUS_CODE = _attribute("rpc.grpc.status_code", (S,), "the gRPC status as a number", Generation.RPC)

# The model call.
OPERATION_NAME = _attribute("gen_ai.operation.name", (O, A), "`chat` or `embeddings`")
PROVIDER_NAME = _attribute(
    "gen_ai.provider.name", (A,), "the vendor as the conventions call it, by provider or protocol"
)
REQUEST_MODEL = _attribute("gen_ai.request.model", (S, O, A), "the model: asked for by the caller, or sent upstream")
REQUEST_STREAM = _attribute("gen_ai.request.stream", (O, A), "true where an answer was to be streamed, else left out")
REQUEST_MAX_TOKENS = _attribute("gen_ai.request.max_tokens", (A,), "as the caller asked")
REQUEST_TEMPERATURE = _attribute("gen_ai.request.temperature", (A,), "as the caller asked")
REQUEST_TOP_P = _attribute("gen_ai.request.top_p", (A,), "as the caller asked")
REQUEST_TOP_K = _attribute("gen_ai.request.top_k", (A,), "as the caller asked")
REQUEST_SEED = _attribute("gen_ai.request.seed", (A,), "as the caller asked")
REQUEST_PRESENCE = _attribute("gen_ai.request.presence_penalty", (A,), "as the caller asked")
REQUEST_FREQUENCY = _attribute("gen_ai.request.frequency_penalty", (A,), "as the caller asked")
REQUEST_REASONING = _attribute("gen_ai.request.reasoning.level", (A,), "the effort the caller asked for")
OUTPUT_TYPE = _attribute("gen_ai.output.type", (A,), "`json`, where the caller asked for JSON")
EMBEDDINGS_DIMENSIONS = _attribute(
    "gen_ai.embeddings.dimension.count", (A,), "of embeddings: the length of the vectors the caller asked for"
)
RESPONSE_ID = _attribute("gen_ai.response.id", (A,), "the provider's id of the answer")
RESPONSE_MODEL = _attribute("gen_ai.response.model", (A,), "the model that the provider says has answered")
FINISH_REASONS = _attribute("gen_ai.response.finish_reasons", (A,), "one: why the model stopped; `error` for a failure")
FIRST_CHUNK = _attribute(
    "gen_ai.response.time_to_first_chunk", (A,), "of a stream: seconds from the start to its first content"
)
INPUT_TOKENS = _attribute("gen_ai.usage.input_tokens", (A,), "prompt tokens, cached ones included")
OUTPUT_TOKENS = _attribute("gen_ai.usage.output_tokens", (A,), "answer tokens, reasoning included")
CACHE_READ_TOKENS = _attribute(
    "gen_ai.usage.cache_read.input_tokens", (A,), "of the prompt: read from the provider's cache"
)
CACHE_WRITE_TOKENS = _attribute(
    "gen_ai.usage.cache_write.input_tokens", (A,), "of the prompt: written to the provider's cache"
)
REASONING_TOKENS = _attribute("gen_ai.usage.reasoning.output_tokens", (A,), "of the answer: reasoning")
INPUT_MESSAGES = _attribute("gen_ai.input.messages", (A,), "the prompt as JSON; only with `telemetry.capture_content`")
OUTPUT_MESSAGES = _attribute(
    "gen_ai.output.messages", (A,), "the answer as JSON; only with `telemetry.capture_content`"
)
OLD_SYSTEM = _attribute("gen_ai.system", (A,), "the vendor", Generation.GEN_AI)
OLD_CACHE_CREATION_TOKENS = _attribute(
    "gen_ai.usage.cache_creation.input_tokens", (A,), "of the prompt: written to the cache", Generation.GEN_AI
)
SERVER_ADDRESS = _attribute("server.address", (A,), "the provider's host")
SERVER_PORT = _attribute("server.port", (A,), "the provider's port")
HTTP_METHOD = _attribute("http.request.method", (A,), "`POST`")
HTTP_STATUS_CODE = _attribute("http.response.status_code", (A,), "the provider's HTTP status")
HTTP_RESEND_COUNT = _attribute(
    "http.request.resend_count", (A,), "on a retry: how often this target had been asked before"
)

# Remora's own.
REQUEST_ID = _attribute("remora.request_id", (S, O), "the id that GetReport takes")
REASON = _attribute("remora.reason", (S, O, A, E), "why it failed, was waited for, skipped, repaired or gone on with")
FAILED_OVER = _attribute("remora.failed_over", (O,), "whether another target than the first answered")
ATTEMPTS = _attribute("remora.attempts", (O,), "how many upstream calls were made")
PROVIDER = _attribute("remora.provider", (O, A, E), "the provider as configured; on the operation, of the answer")
MODEL = _attribute("remora.model", (O, E), "the model; on the operation, of the answer")
PROFILE = _attribute("remora.profile", (O, A), "the profile whose key was used; on the operation, of the answer")
ATTEMPT_INDEX = _attribute("remora.attempt.index", (A, E), "its place in the call, from 1")
ATTEMPT_KIND = _attribute(
    "remora.attempt.kind", (A,), "why it was made: first, rotation, retry, failover, hedge, resume"
)
UPSTREAM_CODE = _attribute("remora.upstream.code", (A,), "the provider's own error code")
UPSTREAM_REQUEST_ID = _attribute("remora.upstream.request_id", (A,), "the provider's id of the request")
USAGE_ESTIMATED = _attribute("remora.usage.estimated", (A,), "true where token counts are Remora's own estimate")
COST = _attribute("remora.cost_nano_dollars", (A,), "what it cost, where the price is known")
WAIT_S = _attribute("remora.wait_s", (E,), "seconds waited")
RETRY_AFTER_S = _attribute("remora.retry_after_s", (A, E), "seconds until it may be asked again, where known")
SKIP_CAUSE = _attribute("remora.skip.cause", (E,), "capability, boundary, cooling, open, rate_budget, spend, disabled")

EVENTS: dict[str, str] = {}


def _event(name: str, meaning: str) -> str:
    EVENTS[name] = meaning
    return name


WAIT_EVENT = _event("remora.wait", "the call waited before an attempt, from this instant on")
SKIP_EVENT = _event("remora.skip", "an entry of the chain was passed over")
RESUME_EVENT = _event("remora.resume", "an answer had broken off, and this attempt's first content went on with it")
REPAIR_EVENT = _event("remora.repair", "the request was changed for one target, after its refusal or to prevent one")


class MetricKind(StrEnum):
    """A Prometheus type."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


# Bounds that the conventions ask for, in seconds and in tokens.
_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS_BOUNDS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_RPC_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 120.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A documented metric, by the name that is scraped. `bounds`: of a histogram. `old`: as for attributes."""

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    meaning: str
    bounds: tuple[float, ...]
    old: Generation | None = None


# Labels. The order is the order in the page.
LABELS: dict[str, str] = {
    "rpc_system_name": "`grpc`",
    "rpc_method": "service and method",
    "rpc_response_status_code": "the gRPC status by name",
    "error_type": "the reason, empty for success",
    "gen_ai_operation_name": "`chat` or `embeddings`",
    "gen_ai_provider_name": "the vendor as the conventions call it",
    "gen_ai_request_model": "the model sent upstream; `other` where no configuration names it",
    "gen_ai_token_modality": "`unknown`: providers do not tell it apart",
    "gen_ai_token_type": "`input` or `output`",
    "remora_provider": "the provider as configured",
    "provider": "the provider as configured",
    "model": "the model; `other` where no configuration names it; empty where all are meant",
    "profile": "the profile; empty where all are meant",
    "base_url": "what requests are sent to; of `other` models empty",
    "method": "service and method",
    "code": "the gRPC status by name",
    "reason": "one of docs/errors.md, empty for success",
    "kind": "first, rotation, retry, failover, hedge, resume",
    "cause": "why an entry was skipped, or a span or a line of the log dropped",
    "state": "closed, open, half_open",
    "failed_over": "`true` or `false`",
    "outcome": "`applied` or `refused`",
    "version": "Remora's version",
    "python": "Python's version",
}

METRICS: dict[str, Metric] = {}
C, G, H = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM


def _metric(name: str, kind: MetricKind, labels: str, meaning: str, bounds: tuple[float, ...] = ()) -> Metric:
    METRICS[name] = Metric(name, kind, tuple(labels.split()), meaning, bounds)
    return METRICS[name]


def _old(name: str, kind: MetricKind, labels: str, meaning: str, bounds: tuple[float, ...]) -> Metric:
    METRICS[name] = Metric(name, kind, tuple(labels.split()), meaning, bounds, Generation.GEN_AI)
    return METRICS[name]


_RPC = "rpc_system_name rpc_method rpc_response_status_code"
"""Without the reason, which REQUESTS has: a histogram has a series for each bound and every combination of labels."""
_AI = "gen_ai_operation_name gen_ai_provider_name gen_ai_request_model remora_provider"
_AI_ERROR, _TOKEN, _TYPE = f"{_AI} error_type", f"{_AI} gen_ai_token_modality", f"{_AI} gen_ai_token_type"
_INFERENCE = "gen_ai_client_inference"
_USAGE = f"{_INFERENCE}_usage"

REQUESTS = _metric("remora_requests_total", C, "method code reason", "rpcs that ended")
RPC_DURATION = _metric("rpc_server_call_duration_seconds", H, _RPC, "an rpc from arrival to status", _RPC_S)
RPCS_IN_FLIGHT = _metric("remora_rpcs_in_flight", G, "method", "rpcs under way; those of Chat are the open streams")
CALL_DURATION = _metric("remora_operation_duration_seconds", H, "failed_over reason", "a call, all attempts", _S)
CALL_FIRST_CONTENT = _metric("remora_operation_first_content_seconds", H, "failed_over", "arrival to first content", _S)
ATTEMPTS_ENDED = _metric("remora_attempts_total", C, "provider model reason kind", "upstream calls that ended")
ATTEMPTS_IN_FLIGHT = _metric("remora_attempts_in_flight", G, "provider model", "upstream calls under way")
ATTEMPT_DURATION = _metric(f"{_INFERENCE}_duration_seconds", H, _AI_ERROR, "an upstream call", _S)
EMBED_DURATION = _metric(
    "gen_ai_client_embeddings_duration_seconds", H, _AI_ERROR, "an upstream call for embeddings", _S
)
ATTEMPT_FIRST_CONTENT = _metric(
    f"{_INFERENCE}_time_to_first_chunk_seconds", H, _AI, "its start to its first content", _S
)
INPUT = _metric(f"{_USAGE}_input_tokens_total", C, _TOKEN, "prompt tokens, cached ones included")
OUTPUT = _metric(f"{_USAGE}_output_tokens_total", C, _TOKEN, "answer tokens, reasoning included")
CACHE_READ = _metric(f"{_USAGE}_cache_read_input_tokens_total", C, _TOKEN, "of the prompt: read from a cache")
CACHE_WRITE = _metric(f"{_USAGE}_cache_write_input_tokens_total", C, _TOKEN, "of the prompt: written to a cache")
REASONING = _metric(f"{_USAGE}_reasoning_output_tokens_total", C, _TOKEN, "of the answer: reasoning")
OLD_DURATION = _old("gen_ai_client_operation_duration_seconds", H, _AI_ERROR, "an upstream call", _S)
OLD_TOKEN_USAGE = _old("gen_ai_client_token_usage", H, _TYPE, "tokens of an upstream call", _TOKENS_BOUNDS)
COST_TOTAL = _metric("remora_cost_dollars_total", C, "provider model", "upstream calls, where prices are known")
SKIPS = _metric("remora_skips_total", C, "provider model cause", "entries of chains that were passed over")
REPAIRS = _metric("remora_repairs_total", C, "reason", "requests that were changed for one target")
_BREAKERS = "breakers in a state: 0 or 1; of `other` models their number"
BREAKERS = _metric("remora_breakers", G, "provider model base_url state", _BREAKERS)
OPENINGS = _metric("remora_breaker_openings_total", C, "provider model", "breakers that opened")
_COOLDOWN = "what is left of a cooldown; of `other` models the longest"
COOLDOWN = _metric("remora_cooldown_seconds", G, "provider model profile base_url", _COOLDOWN)
RETRY_BUDGET = _metric("remora_retry_budget_tokens", G, "", "what is left of the retry budget")
CALLS = _metric("remora_calls_in_flight", G, "", "calls under way")
BYTES = _metric("remora_bytes_in_flight", G, "", "bytes of the requests under way")
RELOADS = _metric("remora_configuration_reloads_total", C, "outcome", "configurations and keys applied or refused")
_RELOADED_AT = "when the configuration in use was applied, epoch seconds"
RELOADED_AT = _metric("remora_configuration_last_success_timestamp_seconds", G, "", _RELOADED_AT)
SPANS_EXPORTED = _metric("remora_spans_exported_total", C, "", "spans the collector took")
SPANS_DROPPED = _metric("remora_spans_dropped_total", C, "cause", "spans lost: queue_full, refused, failed, shutdown")
_LINES = "lines of the log lost: queue_full, failed, shutdown"
LINES_DROPPED = _metric("remora_log_lines_dropped_total", C, "cause", _LINES)
BUILD = _metric("remora_build_info", G, "version python", "always 1")
