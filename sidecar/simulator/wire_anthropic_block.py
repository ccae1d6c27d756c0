"""The content blocks of a Messages request, one by one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .wire_anthropic_field import ID_PATTERN, cache_ttl, matching, record, refuse, tag, typed
from .wire_anthropic_source import check_document, check_image

_TOOL_NAME_PATTERN = "^[a-zA-Z0-9_-]{1,200}$"

# type: required fields, then optional ones; `type` itself left out
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (("text",), ("cache_control", "citations")),
    "image": (("source",), ("cache_control", "transformations")),
    "document": (("source",), ("cache_control", "citations", "context", "title")),
    "search_result": (("source", "title", "content"), ("cache_control", "citations")),
    "thinking": (("thinking", "signature"), ()),
    "redacted_thinking": (("data",), ()),
    "tool_use": (("id", "name", "input"), ("cache_control", "caller", "toolset_name")),
    "tool_result": (("tool_use_id",), ("cache_control", "content", "is_error", "toolset_name")),
}
_TYPES = tuple(_FIELDS)
_IN_RESULTS = ("text", "image", "document", "search_result")
_OF_USERS = ("image", "search_result", "tool_result")
_OF_ASSISTANTS = ("thinking", "redacted_thinking", "tool_use")


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is well-formed by itself; `path` is as the API names it, `ttl` that of a cache that ends here."""

    kind: str
    path: str
    fields: Mapping[str, Any]
    ttl: str | None = None

    @property
    def text(self) -> str:
        """The text of a text block, empty for any other."""
        return str(self.fields["text"]) if self.kind == "text" else ""


def read_blocks(content: Any, path: str, role: str) -> tuple[Block, ...]:
    """Return the blocks of one message; a string is one block of text, and an empty one is none."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}] if content else []
    if not isinstance(content, list):
        refuse(f"{path}.content: Input should be a valid list")
    return tuple(_of_role(read_block(block, f"{path}.content.{at}"), path, role) for at, block in enumerate(content))


def read_block(value: Any, path: str, kinds: tuple[str, ...] = _TYPES) -> Block:
    """Return one block of one of these types."""
    kind = tag(value, path, kinds)
    required, optional = _FIELDS[kind]
    where = f"{path}.{kind}"
    fields = record(value, where, ("type", *required), optional)
    _check(kind, fields, where)
    return Block(kind, path, fields, cache_ttl(fields, where))


def _of_role(block: Block, path: str, role: str) -> Block:
    for owner, kinds in (("user", _OF_USERS), ("assistant", _OF_ASSISTANTS)):
        if block.kind in kinds and role != owner:
            refuse(f"{path}: `{block.kind}` blocks can only be in `{owner}` messages")
    return block


def _check(kind: str, fields: Mapping[str, Any], path: str) -> None:
    match kind:
        case "text":
            _check_text(fields, path)
        case "image":
            check_image(fields["source"], f"{path}.source")
        case "document":
            check_document(fields["source"], f"{path}.source")
        case "thinking":
            typed(fields["thinking"], f"{path}.thinking", str)
            typed(fields["signature"], f"{path}.signature", str)
        case "redacted_thinking":
            typed(fields["data"], f"{path}.data", str)
        case "tool_use":
            matching(fields["id"], f"{path}.id", ID_PATTERN)
            matching(fields["name"], f"{path}.name", _TOOL_NAME_PATTERN)
            typed(fields["input"], f"{path}.input", dict)
        case "tool_result":
            _check_result(fields, path)


def _check_text(fields: Mapping[str, Any], path: str) -> None:
    text = typed(fields["text"], f"{path}.text", str)
    if not text and fields.get("cache_control") is not None:
        refuse(f"{path}: cache_control cannot be set for empty text blocks")
    where = path.partition(".")[0]
    if not text:
        refuse(f"{where}: text content blocks must be non-empty")
    if not text.strip():
        refuse(f"{where}: text content blocks must contain non-whitespace text")


def _check_result(fields: Mapping[str, Any], path: str) -> None:
    matching(fields["tool_use_id"], f"{path}.tool_use_id", ID_PATTERN)
    is_error = typed(fields.get("is_error", False), f"{path}.is_error", bool)
    content = fields.get("content", "")
    if isinstance(content, str):
        return
    parts = [
        read_block(part, f"{path}.content.{at}", _IN_RESULTS)
        for at, part in enumerate(typed(content, f"{path}.content", list))
    ]
    if is_error and any(part.kind != "text" for part in parts):
        refuse(f"{path}: all content must be type `text` if `is_error` is true")
