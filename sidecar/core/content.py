"""A conversation and a request, as values: what codecs encode and callers ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from .policy import Policy
from .trace import Trace
from .value import value_type


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


NO_POLICY = Policy()
"""Of a request that says nothing: this very value."""


@value_type
class Text:
    """Text of any role but TOOL."""

    text: str


@value_type
class Image:
    """A picture: `data` with its media type, or `uri`. `detail`: "low", "high" or None."""

    data: bytes | None = field(default=None, repr=False)
    uri: str | None = field(default=None, repr=False)
    media_type: str | None = None
    detail: str | None = None


@value_type
class File:
    """A document: `data` with its media type, or `uri`."""

    data: bytes | None = field(default=None, repr=False)
    uri: str | None = field(default=None, repr=False)
    media_type: str | None = None
    filename: str | None = None


@value_type
class Audio:
    """A sound. `media_type`: audio/wav or audio/mpeg."""

    data: bytes = field(repr=False)
    media_type: str = "audio/wav"


@value_type
class ToolCall:
    """A call the model made; `arguments`: JSON text, byte for byte."""

    id: str
    name: str
    arguments: str


@value_type
class ToolResult:
    """The result of a call made earlier."""

    tool_call_id: str
    text: str
    images: tuple[Image, ...] = ()
    is_error: bool = False


@value_type
class Reasoning:
    """What a model thought; the text may be empty where only opaque state is shown."""

    text: str


@value_type
class Refusal:
    """The model's own refusal."""

    text: str


Content = Text | Image | File | Audio | ToolCall | ToolResult | Reasoning | Refusal


@value_type
class CacheHint:
    """The prompt up to here is worth caching. `ttl_s`: seconds it should live, over 0; None is the provider's default."""

    ttl_s: float | None = None


@value_type
class Part:
    """One piece of a turn. `issuer`: vendor and key space that produced it; `opaque_state`: only its issuer reads it."""

    content: Content
    issuer: str | None = None
    opaque_state: bytes | None = field(default=None, repr=False)
    cache_hint: CacheHint | None = None


@value_type
class Message:
    """One turn."""

    role: Role
    parts: tuple[Part, ...]


@value_type
class Tool:
    """A tool the model may call; `parameters`: JSON schema as text."""

    name: str
    description: str = ""
    parameters: str | None = None
    strict: bool | None = None


class ToolMode(StrEnum):
    """How free the model is to call tools."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


@value_type
class ToolChoice:
    """`name` is set with NAMED only."""

    mode: ToolMode
    name: str | None = None


class FormatKind(StrEnum):
    """What form the answer must have."""

    TEXT = "text"
    JSON = "json"
    JSON_SCHEMA = "json_schema"


@value_type
class ResponseFormat:
    """`schema`: JSON text, with JSON_SCHEMA only."""

    kind: FormatKind = FormatKind.TEXT
    schema: str | None = None
    name: str = "answer"
    strict: bool = True


class EmbedTask(StrEnum):
    """What vectors are for."""

    DOCUMENT = "document"
    QUERY = "query"
    SIMILARITY = "similarity"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"


@value_type
class Embedding:
    """Texts to be made vectors, at least one. `dimensions`: the length asked for; None is the model's own.

    `length`: what vectors of the same call had before, which these must have too; it is not sent.
    """

    inputs: tuple[str, ...]
    dimensions: int | None = None
    task: EmbedTask | None = None
    length: int | None = None


@value_type
class Request:
    """One call's question. `size_bytes`: the caller's message as received. `media_bytes`: of it, images, sounds and documents.

    `provider_options`: per wire protocol a JSON object as text. `affinity_key`: calls with the same prefer the same profile;
    "" has no preference. Sampling fields: None is the provider's default. `embedding`: vectors are asked for, not an answer;
    then there are no messages.
    """

    model: str
    messages: tuple[Message, ...]
    fallback_models: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None
    provider_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    policy: Policy = NO_POLICY
    request_id: str = ""
    trace_id: str = ""
    trace: Trace | None = None
    end_user_id: str | None = None
    affinity_key: str = ""
    include_attempts: bool = False
    omit_message: bool = False
    size_bytes: int = 0
    media_bytes: int = 0
    embedding: Embedding | None = None

    @property
    def text_bytes(self) -> int:
        """Bytes of everything but media: what tokens can be estimated from."""
        return self.size_bytes - self.media_bytes

    @property
    def estimated_tokens(self) -> int:
        """Prompt tokens at about four bytes each; for limits and estimates, never for refusing a request."""
        return self.text_bytes // 4


def says(request: Request, field: str) -> bool:
    """Whether the request says something in one of its fields."""
    if field == "response_format":
        return request.response_format is not None and request.response_format.kind is not FormatKind.TEXT
    return getattr(request, field) not in (None, (), "")
