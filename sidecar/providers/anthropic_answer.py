"""Messages API, incoming: a stream of events, or one whole message.

Source: Anthropic's reference, "Streaming messages". Kinds of events, blocks and deltas that are not known are passed over,
as the API asks of its callers; so are the blocks of tools that the provider runs itself.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from ..core.errors import ProtocolViolation
from ..core.events import Closed, Upstream
from .anthropic_blocks import BlockReader
from .codec import ErrorEvent
from .repetition import Repetition
from .sse import ServerEvent, SseParser

_TEXT = b'"text_delta"'
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class StreamDecoder:
    """Decodes `text/event-stream`. `answer_tool`: the tool whose arguments are the answer's text."""

    def __init__(self, issuer: str, answer_tool: str | None = None) -> None:
        self._sse = SseParser()
        self._out: list[Upstream] = []
        self._reader = BlockReader(issuer, answer_tool, self._out)
        self._repetition = Repetition("delta", "text")
        self._index: Any = None
        self._is_closed = False

    def feed(self, data: bytes) -> list[Upstream]:
        """The events that `data` completes."""
        if not self._repetition.is_learned and (begun := _end_of_first_text(data)):
            self._take(self._sse.feed(data[:begun]))
            data = data[begun:]
        if self._sse.is_between_events and not self._is_closed:
            text, size = self._repetition.run(data)
            if text:
                self._reader.text(self._index, text)
                data = data[size:]
        self._take(self._sse.feed(data) if data else [])
        return self.taken()

    def end(self) -> list[Upstream]:
        """The events still held back at a clean end."""
        self._take(self._sse.end())
        return self.taken()

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        out = self._out.copy()
        self._out.clear()
        return out

    def _take(self, events: list[ServerEvent]) -> None:
        for event in events:
            if self._is_closed:
                return
            text = self._repetition.text(event.data)
            if text is None:
                self._event(event)
            else:
                self._reader.text(self._index, text)

    def _learn(self, event: ServerEvent, value: dict[str, Any]) -> None:
        """Learns from a piece of text: events that differ in nothing but the text are of the same block too."""
        delta = value["delta"]
        if (
            delta.get("type") == "text_delta"
            and isinstance(delta.get("text"), str)
            and self._repetition.learn(event.data, delta["text"], event.name)
        ):
            self._index = value.get("index")

    def _event(self, event: ServerEvent) -> None:
        try:
            value = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ProtocolViolation("an event that is not JSON") from None
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "content_block_delta":
            self._reader.delta(value)
            self._learn(event, value)
        elif kind == "content_block_start":
            self._reader.begin(value.get("index"), _object(value, "content_block"))
        elif kind == "content_block_stop":
            self._reader.end(value.get("index"))
        elif kind == "message_start":
            self._reader.message(_object(value, "message"))
        elif kind == "message_delta":
            self._reader.usage(value.get("usage"))
            self._reader.stop(_object(value, "delta").get("stop_reason"))
        elif kind == "message_stop":
            self._close()
        elif kind == "error" or event.name == "error":
            raise ErrorEvent(event.data)
        elif not isinstance(kind, str):
            raise ProtocolViolation("an event without a type")

    def _close(self) -> None:
        if not self._reader.is_finished:
            self._reader.stop_unexplained()
        self._is_closed = True
        self._out.append(Closed())


class WholeDecoder:
    """Decodes one JSON answer."""

    def __init__(self, issuer: str, answer_tool: str | None = None) -> None:
        self._buffer = bytearray()
        self._out: list[Upstream] = []
        self._reader = BlockReader(issuer, answer_tool, self._out)

    def feed(self, data: bytes) -> list[Upstream]:
        """Collects; an answer of over 64 MiB is a ProtocolViolation."""
        self._buffer += data
        if len(self._buffer) > MAX_ANSWER_BYTES:
            raise ProtocolViolation(f"an answer of over {MAX_ANSWER_BYTES} bytes")
        return []

    def end(self) -> list[Upstream]:
        """The whole answer."""
        body = bytes(self._buffer)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ProtocolViolation("an answer that is not JSON") from None
        if isinstance(answer, dict) and (answer.get("type") == "error" or answer.get("error") is not None):
            raise ErrorEvent(body)
        if b'"tool_use"' in body:
            answer = _exact(body, answer)
        self._message(answer)
        return self.taken()

    def _message(self, answer: Any) -> None:
        content = answer.get("content") if isinstance(answer, dict) else None
        if not isinstance(content, list):
            raise ProtocolViolation("an answer without content")
        self._reader.message(answer)
        for index, block in enumerate(content):
            if not isinstance(block, dict):
                raise ProtocolViolation("a content block that is no JSON object")
            self._reader.begin(index, block)
            self._reader.end(index)
        self._reader.stop(answer.get("stop_reason"))
        if self._reader.is_finished:
            self._out.append(Closed())

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        out = self._out.copy()
        self._out.clear()
        return out


def _end_of_first_text(data: bytes) -> int:
    """Where a large piece's first event of text ends, so that it can be learned from before the others; 0 where none does."""
    begins = data.find(_TEXT)
    ends = data.find(b"\n\n", begins) if begins >= 0 else -1
    return ends + 2 if ends >= 0 else 0


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    if not isinstance(value, dict):
        raise ProtocolViolation(f"an event without its {name}")
    return value


def _exact(body: bytes, read: Any) -> Any:
    """The answer again, by a reader that keeps whole numbers of any size: arguments of tool calls may hold them."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return read  # more digits, or deeper, than that reader takes
