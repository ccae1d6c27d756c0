"""Messages API, outgoing: parts as content blocks.

Source: Anthropic's reference, "Create a Message". The API refuses blocks of blank text.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from ..core import wire
from ..core.content import CacheHint, File, Image, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from ..core.reasons import Reason
from .repair import Repairs

Json = dict[str, Any]

THINKING = b"thinking:"
REDACTED = b"redacted:"
"""What opaque state begins with: a signature follows, or the data of a redacted block."""
WRAPPED = "arguments of a tool call that are no JSON object were sent inside one, as the text `arguments`"
_SHORT_TTL_S = 300.0
_TOOL_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_TOOL_NAME_CHARACTERS = 128
_DATA_URL = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)


def block_of(part: Part, issuer: str, *, takes_unsigned: bool, told: Repairs) -> Json | None:
    """The content block of a part, with its cache mark; None where nothing is to be sent. Repairs go to `told`.

    `takes_unsigned`: the target takes its thinking back without a signature, as it gave it.
    """
    block = _block(part, issuer, takes_unsigned, told)
    if block is not None and part.cache_hint is not None and not is_thinking(block):
        block["cache_control"] = _cache_control(part.cache_hint)
    return block


def is_thinking(block: Json) -> bool:
    """Whether a block is thinking, shown or not."""
    return block["type"] in ("thinking", "redacted_thinking")


def tool_name(name: str) -> str:
    """A tool's name as the API takes it: other wires may have let more through."""
    return _TOOL_NAME.sub("_", name)[:_TOOL_NAME_CHARACTERS]


def _block(part: Part, issuer: str, takes_unsigned: bool, told: Repairs) -> Json | None:
    match part.content:
        case Text(text) | Refusal(text):
            return {"type": "text", "text": text} if text.strip() else None
        case Image():
            return _image(part.content)
        case File():
            return _file(part.content)
        case ToolCall():
            return _call(part.content, told)
        case ToolResult():
            return _result(part.content)
        case Reasoning(text):
            unsigned = THINKING if takes_unsigned else b""
            return _thinking(text, part.opaque_state or unsigned) if part.issuer == issuer else None
        case _:
            raise AssertionError("a capability this wire lacks")


def _thinking(text: str, state: bytes) -> Json | None:
    """The block as it was received; None where its state is not this codec's."""
    try:
        told = state.decode()
    except UnicodeDecodeError:
        return None
    if told.startswith(THINKING.decode()):
        return {"type": "thinking", "thinking": text, "signature": told[len(THINKING) :]}
    if told.startswith(REDACTED.decode()):
        return {"type": "redacted_thinking", "data": told[len(REDACTED) :]}
    return None


def _call(call: ToolCall, told: Repairs) -> Json:
    return {"type": "tool_use", "id": call.id, "name": tool_name(call.name), "input": _input(call.arguments, told)}


def _input(arguments: str, told: Repairs) -> Any:
    """The arguments byte for byte where they are a JSON object."""
    if not arguments.strip():
        return {}
    try:
        if isinstance(orjson.loads(arguments), dict):
            return orjson.Fragment(arguments)
    except orjson.JSONDecodeError:
        pass  # the model was cut off, or wrote something else
    told.add(WRAPPED, Reason.INVALID_REQUEST)
    return {"arguments": arguments}


def _result(result: ToolResult) -> Json:
    content: list[Json] = [{"type": "text", "text": result.text}] if result.text.strip() else []
    content += [_image(image) for image in result.images]
    block: Json = {"type": "tool_result", "tool_use_id": result.tool_call_id}
    if result.is_error:
        block["is_error"] = True
        content = content or [{"type": "text", "text": "Error"}]  # the API refuses a failure that says nothing
    if content:
        block["content"] = content
    return block


def _image(image: Image) -> Json:
    if image.data is not None:
        return {"type": "image", "source": _base64(wire.bare_media_type(image.media_type), image.data)}
    uri = image.uri or ""
    inline = _inline(uri) if uri[:5].lower() == "data:" else None
    return {"type": "image", "source": inline or {"type": "url", "url": uri}}


def _inline(uri: str) -> Json | None:
    """The source of a data: URL (RFC 2397); None where it is none."""
    head = _DATA_URL.match(uri)
    if head is None:
        return None
    data = unquote_to_bytes(uri[head.end() :])
    if ";base64" in head[2].lower():
        try:
            data = b64decode(data)
        except Base64Error:
            return None
    return _base64(wire.bare_media_type(head[1]), data)


def _file(file: File) -> Json:
    data, media_type = file.data or b"", wire.bare_media_type(file.media_type)
    if media_type in wire.PICTURES:
        return {"type": "image", "source": _base64(media_type, data)}
    if media_type == wire.PDF:
        source = _base64(media_type, data)
    else:
        source = {"type": "text", "media_type": "text/plain", "data": data.decode("utf-8", "replace")}
    return {"type": "document", "source": source} | ({"title": file.filename} if file.filename else {})


def _base64(media_type: str, data: bytes) -> Json:
    return {"type": "base64", "media_type": media_type, "data": b64encode(data).decode("ascii")}


def _cache_control(hint: CacheHint) -> Json:
    """Five minutes is the API's default; an hour is the only other life it offers."""
    is_long = hint.ttl_s is not None and hint.ttl_s > _SHORT_TTL_S
    return {"type": "ephemeral", "ttl": "1h"} if is_long else {"type": "ephemeral"}
