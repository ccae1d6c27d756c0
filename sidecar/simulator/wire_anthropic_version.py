"""What version 2026-10-21 of Anthropic's API no longer takes of a Messages request. Pure.

Rules: Anthropic's page on API versions. The words of what a message may not have are not on it, and are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .wire_anthropic_field import refuse
from .wire_anthropic_turn import Message

_REMOVED = ("temperature", "top_p", "top_k")


def check_removed(fields: Mapping[str, Any]) -> None:
    """Raise BadRequestError for a parameter that the version has not, whatever its value."""
    for name in _REMOVED:
        if name in fields:
            refuse(f"{name}: Extra inputs are not permitted")


def check_moved(messages: Sequence[Message]) -> None:
    """Raise BadRequestError for a document of the assistant, and for citations in a text of the user."""
    for message in messages:
        for block in message.blocks:
            if message.role == "assistant" and block.kind == "document":
                refuse(f"{block.path}: `document` blocks can only be in `user` messages")
            if message.role == "user" and any(part.get("citations") for part in _texts(block.fields)):
                refuse(f"{block.path}: `citations` of `text` blocks can only be in `assistant` messages")


def _texts(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if block["type"] == "text":
        yield block
    inner = block.get("content")
    if block["type"] == "search_result" and isinstance(inner, Iterable):
        yield from (part for part in inner if isinstance(part, Mapping) and part.get("type") == "text")
