"""Prompts and answers as the GenAI conventions write them (their JSON schemas of input and output messages)."""

from __future__ import annotations

from typing import Any, assert_never

import orjson

from ..core.content import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from ..core.events import Completed

MAX_CHARACTERS = 20_000
"""Of one text."""
MAX_BYTES = 256 * 1024
"""Of all messages, but for the last."""


def prompt_json(request: Request) -> str:
    """`gen_ai.input.messages`. Bytes of media are left out; long texts are cut, and many messages down to the latest."""
    kept: list[bytes] = []
    size = 0
    for message in reversed(request.messages):
        told = orjson.dumps(_message(message))
        size += len(told)
        if size > MAX_BYTES and kept:
            break
        kept.append(told)
    return f"[{b','.join(reversed(kept)).decode()}]"


def answer_json(completed: Completed) -> str:
    """`gen_ai.output.messages`: one, with why it ended."""
    if completed.message is None:
        return "[]"
    return orjson.dumps([{**_message(completed.message), "finish_reason": completed.finish.value}]).decode()


def _message(message: Message) -> dict[str, Any]:
    return {"role": message.role.value, "parts": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    content = part.content
    match content:
        case Text() | Refusal():
            return {"type": "text", "content": _cut(content.text)}
        case Reasoning():
            return {"type": "reasoning", "content": _cut(content.text)}
        case ToolCall():
            return {"type": "tool_call", "id": content.id, "name": content.name, "arguments": _json(content.arguments)}
        case ToolResult():
            return {"type": "tool_call_response", "id": content.tool_call_id, "response": _cut(content.text)}
        case Image():
            return _media("image", content.media_type, content.uri)
        case File():
            return _media("document", content.media_type, content.uri)
        case Audio():
            return _media("audio", content.media_type, None)
        case _:
            assert_never(content)


def _media(modality: str, media_type: str | None, uri: str | None) -> dict[str, Any]:
    if uri is not None:
        return {"type": "uri", "modality": modality, "mime_type": media_type, "uri": uri}
    return {"type": "blob", "modality": modality, "mime_type": media_type, "content": ""}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _json(text: str) -> Any:
    """What JSON text says; the text itself where it is none, or too long."""
    if len(text) > MAX_CHARACTERS:
        return _cut(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
