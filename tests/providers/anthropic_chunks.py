"""Answers of the Messages API, built and decoded."""

from __future__ import annotations

from typing import Any

import orjson
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from sidecar.core.events import Upstream
from sidecar.providers.anthropic_answer import StreamDecoder, WholeDecoder

_OFFICIAL: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
USAGE = {"input_tokens": 3, "output_tokens": 1}


def start(**usage: Any) -> dict[str, Any]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude-9"}
    return {"type": "message_start", "message": message | {"stop_reason": None, "usage": USAGE | usage}}


def begin(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def text(index: int, piece: str) -> dict[str, Any]:
    return delta(index, type="text_delta", text=piece)


def fragment(index: int, piece: str) -> dict[str, Any]:
    return delta(index, type="input_json_delta", partial_json=piece)


def end(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def block(index: int, *deltas: dict[str, Any], **opening: Any) -> list[dict[str, Any]]:
    return [begin(index, **opening), *deltas, end(index)]


def said(index: int, *pieces: str) -> list[dict[str, Any]]:
    return block(index, *(text(index, piece) for piece in pieces), type="text", text="")


def call(index: int, *pieces: str, id: str = "toolu_1", name: str = "look") -> list[dict[str, Any]]:
    return block(index, *(fragment(index, p) for p in pieces), type="tool_use", id=id, name=name, input={})


def finish(reason: str | None = "end_turn", **usage: Any) -> list[dict[str, Any]]:
    closing = {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 2} | usage}
    return [{"type": "message_delta"} | closing, {"type": "message_stop"}]


def sse(*events: Any) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event.get("type", "?")).encode(), orjson.dumps(event)) for event in events
    )


def answer(*content: list[dict[str, Any]], reason: str = "end_turn") -> bytes:
    """A whole stream around blocks, each event of which the official package takes (pings it reads by itself)."""
    events = [start(), *(event for events in content for event in events), *finish(reason)]
    for event in events:
        if event["type"] != "ping":
            _OFFICIAL.validate_python(event)
    return sse(*events)


def decoded(body: bytes, *, step: int | None = None, answer_tool: str | None = None) -> list[Upstream]:
    decoder = StreamDecoder("vendor", answer_tool)
    step = step or len(body) or 1
    out = [event for i in range(0, len(body), step) for event in decoder.feed(body[i : i + step])]
    return out + decoder.end()


def message(*content: dict[str, Any], reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-9",
        "content": list(content),
    }
    whole |= {"stop_reason": reason, "stop_sequence": None, "usage": USAGE | usage}
    Message.model_validate(whole)
    return whole


def whole(body: bytes, *, answer_tool: str | None = None) -> list[Upstream]:
    decoder = WholeDecoder("vendor", answer_tool)
    return decoder.feed(body[: len(body) // 2]) + decoder.feed(body[len(body) // 2 :]) + decoder.end()
