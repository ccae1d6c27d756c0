"""Requests of many kinds for the Messages API, and the bodies they become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from anthropic.types import message_create_params as params
from pydantic import TypeAdapter

from sidecar.core import content as c
from sidecar.core.catalog import Model
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.codec import HttpRequest

ISSUER = "claude-house"
OLD = "claude-sonnet-4-5"
NEW = "claude-opus-5"
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": false}'
PNG = c.Image(b"\x89PNG", None, "image/png", "low")
_OFFICIAL: TypeAdapter[Any] = TypeAdapter(params.MessageCreateParamsBase)


def turn(role: c.Role, *parts: c.Content | c.Part) -> c.Message:
    return c.Message(role, tuple(part if isinstance(part, c.Part) else c.Part(part) for part in parts))


def user(*parts: c.Content | c.Part | str) -> c.Message:
    return turn(c.Role.USER, *(c.Text(part) if isinstance(part, str) else part for part in parts))


def model(*parts: c.Content | c.Part | str) -> c.Message:
    return turn(c.Role.ASSISTANT, *(c.Text(part) if isinstance(part, str) else part for part in parts))


def system(*parts: c.Content | c.Part | str) -> c.Message:
    return turn(c.Role.SYSTEM, *(c.Text(part) if isinstance(part, str) else part for part in parts))


def results(*parts: c.ToolResult) -> c.Message:
    return turn(c.Role.TOOL, *parts)


def thought(text: str, state: str, issuer: str = ISSUER) -> c.Part:
    return c.Part(c.Reasoning(text), issuer, state.encode())


def asked(*messages: c.Message, **more: Any) -> c.Request:
    return c.Request("m", messages or (user("hi"),), **more)


def sent(request: c.Request, model: str | Model = OLD, *, stream: bool = False) -> HttpRequest:
    target = Model(model) if isinstance(model, str) else model
    return Anthropic().encode(request, target, stream=stream, issuer=ISSUER)


def body(request: c.Request, model: str | Model = OLD, *, stream: bool = False) -> dict[str, Any]:
    """The body sent, which the official package's types must take."""
    read: dict[str, Any] = orjson.loads(sent(request, model, stream=stream).body)
    check(read)
    return read


def repairs(request: c.Request, model: str | Model = OLD) -> tuple[str, ...]:
    return tuple(made.message for made in sent(request, model).repairs)


def check(read: dict[str, Any]) -> None:
    """Raises pydantic's ValidationError where a body is none of the official package's. Sampling settings, which it no
    longer knows, are left out first."""
    known = {name: value for name, value in read.items() if name not in ("temperature", "top_p", "top_k", "stream")}
    _consumed(_OFFICIAL.validate_python(known, strict=False, extra="forbid"))


def _consumed(value: Any) -> None:
    """Looks at everything: what is declared as iterable is only checked when read."""
    if isinstance(value, dict):
        for inner in value.values():
            _consumed(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in value:
            _consumed(inner)
