"""Answers of chat completions, built and decoded."""

from __future__ import annotations

from typing import Any

import orjson

from sidecar.core.events import Delta, Kind, Upstream
from sidecar.providers.openai_answer import StreamDecoder, WholeDecoder

DONE = b"data: [DONE]\n\n"


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]} | more


def call(index: int | None, arguments: Any = "", id: str | None = None, name: str | None = None) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return ({"function": function}) | ({} if index is None else {"index": index}) | ({"id": id} if id else {})


def calls(*fragments: dict[str, Any]) -> dict[str, Any]:
    return chunk({"tool_calls": list(fragments)})


def sse(*chunks: Any, end: bytes = DONE) -> bytes:
    return b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in chunks) + end


def decoded(body: bytes, *, step: int | None = None) -> list[Upstream]:
    decoder = StreamDecoder("vendor")
    step = step or len(body) or 1
    out = [event for i in range(0, len(body), step) for event in decoder.feed(body[i : i + step])]
    return out + decoder.end()


def of(kind: Kind, events: list[Upstream]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta) and event.kind is kind)


def tool_calls(events: list[Upstream]) -> dict[int, tuple[str, str, str]]:
    """(id, name, arguments) by part."""
    found: dict[int, tuple[str, str, str]] = {}
    for event in events:
        if isinstance(event, Delta) and event.kind is Kind.TOOL_CALL:
            id, name, arguments = found.get(event.part_index, ("", "", ""))
            found[event.part_index] = (id or event.id, name or event.name, arguments + event.text)
    return found


def whole(body: bytes) -> list[Upstream]:
    decoder = WholeDecoder("vendor")
    return decoder.feed(body[: len(body) // 2]) + decoder.feed(body[len(body) // 2 :]) + decoder.end()
