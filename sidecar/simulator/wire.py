"""What a wire format gives and takes: calls, answers, frames, and the protocol that each format implements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from .text import Turn


class BadRequestError(Exception):
    """A request that the provider refuses as invalid; `param` is the path of what is wrong, `code` the provider's."""

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
    fields: Mapping[str, Any]
    """The body as read."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of an answer; `arguments` are pieces of JSON text."""

    id: str
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; completion tokens include the reasoning tokens, prompt tokens the cached ones."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in pieces, each of them one token; `finish` is stop, length, tool_calls or content_filter."""

    id: str
    created: int
    """Seconds since 1970."""
    model: str
    reasoning: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    finish: str | None = "stop"
    has_role: bool = True
    usage: Usage | None


class FrameKind(Enum):
    """What a frame of a stream is for."""

    ROLE = "role"
    CONTENT = "content"
    FINISH = "finish"
    USAGE = "usage"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one event of a stream; a CONTENT frame is one token."""

    kind: FrameKind
    data: bytes


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

    def read(self, body: bytes) -> ChatCall:
        """Return the call in `body`; raise BadRequestError as the provider would."""
        ...

    def whole(self, answer: Answer) -> bytes:
        """Return the body of an answer that is not streamed."""
        ...

    def frames(self, call: ChatCall, answer: Answer) -> Iterator[Frame]:
        """Yield the events of a streamed answer, made one by one as they are asked for."""
        ...

    def refusal(self, bad: BadRequestError) -> Page:
        """Return the response to a request that is invalid."""
        ...

    def error(self, status: int, error: str | None, model: str) -> Page:
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
