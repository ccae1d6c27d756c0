"""The prompt of a Messages request in the order in which it is cached: tools, system, messages. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .text import pieces
from .wire import PromptBlock
from .wire_anthropic_block import Block
from .wire_anthropic_field import refuse
from .wire_anthropic_turn import Message

_MOST_BREAKS = 4
# Tokens of the request itself, of each message, and of an image or document, however large.
_REQUEST_TOKENS = 3
_MESSAGE_TOKENS = 4
_MEDIA_TOKENS = 100
_MEDIA = ("image", "document")


@dataclass(frozen=True, slots=True)
class Unit:
    """One tool, or one block, with its tokens; `scope` is what else it depends on."""

    scope: bytes
    value: Mapping[str, Any]
    tokens: int
    ttl: str | None
    may_end: bool = True


def units_of(fields: Mapping[str, Any], system: Sequence[Block], messages: Sequence[Message]) -> list[Unit]:
    """Return the units of the prompt in order; `fields` is the request."""
    return [*_tools(fields.get("tools") or []), *_blocks(system, b"system"), *_messages(fields, messages)]


def prompt_tokens(units: Iterable[Unit]) -> int:
    """Return how many tokens the prompt has."""
    return _REQUEST_TOKENS + sum(unit.tokens for unit in units)


def prompt_blocks(units: Sequence[Unit], automatic_ttl: str | None) -> tuple[PromptBlock, ...]:
    """Return the prompt as a cache sees it; empty when it wants none.

    `automatic_ttl` is that of the request's own cache_control, which ends at the last block that may. Raise
    BadRequestError for more than four breakpoints, and for one of an hour after one of five minutes.
    """
    marked = {place: unit.ttl for place, unit in enumerate(units) if unit.ttl is not None}
    wanted = len(marked) + (automatic_ttl is not None)
    if wanted > _MOST_BREAKS:
        refuse(f"A maximum of {_MOST_BREAKS} blocks with cache_control may be provided. Found {wanted}.")
    if not wanted:
        return ()
    _check_order([ttl for ttl in marked.values() if ttl is not None])
    if automatic_ttl is not None:
        last = max((place for place, unit in enumerate(units) if unit.may_end), default=0)
        marked.setdefault(last, automatic_ttl)
    return tuple(_digested(units, marked))


def _check_order(ttls: Sequence[str]) -> None:
    if ttls != sorted(ttls):
        refuse(
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
            "processed in the following order: `tools`, `system`, `messages`."
        )


def _digested(units: Sequence[Unit], marked: Mapping[int, str | None]) -> Iterator[PromptBlock]:
    digest, tokens = b"", 0
    for place, unit in enumerate(units):
        plain = {name: value for name, value in unit.value.items() if name != "cache_control"}
        said = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(digest + hashlib.sha256(unit.scope).digest() + said).digest()
        tokens += unit.tokens
        yield PromptBlock(digest, tokens, marked.get(place))


def _tools(tools: Iterable[Mapping[str, Any]]) -> Iterator[Unit]:
    for tool in tools:
        said = orjson.dumps({name: value for name, value in tool.items() if name != "cache_control"}).decode()
        yield Unit(b"tools", tool, len(pieces(said)), _ttl(tool))


def _blocks(blocks: Iterable[Block], scope: bytes) -> Iterator[Unit]:
    for block in blocks:
        yield Unit(scope, block.fields, _tokens(block), block.ttl, "thinking" not in block.kind)


def _messages(fields: Mapping[str, Any], messages: Iterable[Message]) -> Iterator[Unit]:
    # What changes how messages are read makes their caches useless, and leaves those of tools and system.
    settings = orjson.dumps([fields.get("tool_choice"), fields.get("thinking")], option=orjson.OPT_SORT_KEYS)
    for message in messages:
        scope = message.role.encode() + settings
        for place, unit in enumerate(_blocks(message.blocks, scope)):
            more = 0 if place else _MESSAGE_TOKENS
            yield Unit(unit.scope, unit.value, unit.tokens + more, unit.ttl, unit.may_end)


def _tokens(block: Block) -> int:
    if block.kind in _MEDIA:
        return _MEDIA_TOKENS
    if block.kind == "text":
        return len(pieces(block.text))
    if block.kind == "tool_result" and isinstance(block.fields.get("content", ""), list):
        return sum(
            _MEDIA_TOKENS if part["type"] in _MEDIA else _said(part.get("text")) for part in block.fields["content"]
        )
    return sum(_said(value) for name, value in block.fields.items() if name in ("thinking", "input", "name", "content"))


def _said(value: Any) -> int:
    return len(pieces(value if isinstance(value, str) else orjson.dumps(value).decode()))


def _ttl(tool: Mapping[str, Any]) -> str | None:
    control = tool.get("cache_control")
    return str(control.get("ttl", "5m")) if isinstance(control, Mapping) else None
