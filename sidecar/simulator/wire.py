"""What a wire format gives and takes: calls, answers, frames, and the protocol that each format implements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from .text import Turn


class BadRequestError(Exception):
    """A request that the provider refuses before it answers, usually as invalid, with 400.

    `param` is the path of what is wrong, `code` the provider's.
    """

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the request; `schema` is the JSON Schema of its arguments."""

    name: str
    schema: Mapping[str, Any]


class Thinking(Enum):
    """Whether an answer may begin with reasoning."""

    SCRIPTED = "scripted"
    """When its action says so."""
    OFF = "off"
    ON = "on"
    """Always; how much, its action may say."""


@dataclass(frozen=True, slots=True)
class PromptBlock:
    """One block of a prompt, where a cache may end.

    `digest` is of the prompt up to its end, and `tokens` counts the same. `ttl` is how long a cache that the request
    wants to end here shall live, as the provider writes it; None: it wants none here.
    """

    digest: bytes
    tokens: int
    ttl: str | None = None


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """Reasoning in a request that the provider must have signed; `text` is None where it was given out encrypted."""

    path: str
    text: str | None
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A request for an answer, as far as the simulator cares, whatever its wire format."""

    model: str
    turns: tuple[Turn, ...]
    stream: bool = False
    include_usage: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or `=name` for one tool."""
    parallel: bool = True
    json: bool = False
    schema: Mapping[str, Any] | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    thinking: Thinking = Thinking.SCRIPTED
    hides_thinking: bool = False
    """Reasoning is given as a signature without its text."""
    signed: tuple[SignedBlock, ...] = ()
    prompt_tokens: int | None = None
    """Tokens of the prompt where the wire format counts more than the turns; None: the turns are all."""
    blocks: tuple[PromptBlock, ...] = ()
    """The prompt in blocks, where the request wants it cached."""
    fields: Mapping[str, Any]
    """The body as read."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of an answer; `id` is hexadecimal, `arguments` are pieces of JSON text."""

    id: str
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; completion tokens include the reasoning tokens, prompt tokens those read from and put in a cache."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_hour_tokens: int = 0
    """Those of the tokens put in a cache that stay there for an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in pieces, each of them one token; `finish` is stop, length, tool_calls or content_filter."""

    id: str
    """64 hexadecimal digits, which a wire format makes its own kind of id of."""
    created: int
    """Seconds since 1970."""
    model: str
    reasoning: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    finish: str | None = "stop"
    stop_sequence: str | None = None
    """The one of the request's that ended the answer."""
    signing: str = ""
    """The space in which reasoning is signed."""
    is_redacted: bool = False
    """Reasoning is given out encrypted, where the wire format knows that."""
    hides_thinking: bool = False
    """Reasoning is given as a signature without its text."""
    has_role: bool = True
    usage: Usage | None


class FrameKind(Enum):
    """What a frame of a stream is for."""

    ROLE = "role"
    BLOCK = "block"
    """What stands between tokens: a block begins or ends, a ping."""
    CONTENT = "content"
    FINISH = "finish"
    USAGE = "usage"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one event of a stream; a CONTENT frame is one token."""

    kind: FrameKind
    data: bytes


class LimitKind(Enum):
    """What a model does not take."""

    PARAMETER = "parameter"
    CONTEXT = "context"
    OUTPUT = "output"
    PREFILL = "prefill"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of a model that a request goes beyond; `most` is the limit, `prompt` and `asked` what is wanted, in tokens."""

    kind: LimitKind
    parameter: str = ""
    """The parameter, or the path of the block, that is refused."""
    most: int = 0
    prompt: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the headers of a response tell about the request and its key.

    `rpm` is how many requests a minute the key has, None without limit; `left` of them are left, and all are back at
    `reset_time`, seconds since 1970.
    """

    request_id: str
    rpm: int | None = None
    left: int = 0
    reset_time: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A whole response body with its status and headers, Content-Type included."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Wire(Protocol):
    """A wire format: pure functions between calls and answers here and bytes there."""

    name: str
    stream_type: str
    """The Content-Type of a stream."""

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Raise BadRequestError where the provider refuses a request for its headers alone."""
        ...

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatCall:
        """Return the call in `body`; raise BadRequestError as the provider would. The headers were checked before."""
        ...

    def over(self, call: ChatCall, limit: Limit) -> BadRequestError:
        """Return how the provider says that `call` goes beyond `limit`."""
        ...

    def headers(self, standing: Standing) -> dict[str, str]:
        """Return the headers of every response."""
        ...

    def whole(self, call: ChatCall, answer: Answer) -> bytes:
        """Return the body of an answer that is not streamed."""
        ...

    def frames(self, call: ChatCall, answer: Answer) -> Iterator[Frame]:
        """Yield the events of a streamed answer, made one by one as they are asked for."""
        ...

    def refusal(self, bad: BadRequestError, request_id: str) -> Page:
        """Return the response to a request that is invalid."""
        ...

    def error(self, status: int, error: str | None, model: str, request_id: str) -> Page:
        """Return the provider's usual response of this status; `error` narrows it (quota, overloaded, …)."""
        ...

    def error_event(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return an error event of a stream; without a payload, the provider's usual one."""
        ...

    def error_body(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return the same error as a body by itself."""
        ...

    def malformed_event(self, answer: Answer) -> bytes:
        """Return an event whose JSON is broken."""
        ...

    def ping(self) -> bytes:
        """Return what keeps a waiting stream alive without being content."""
        ...

    def models(self, names: tuple[str, ...]) -> bytes:
        """Return the body of the list of models."""
        ...
