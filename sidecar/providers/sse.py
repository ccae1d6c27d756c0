"""Server-sent events: bytes to (event, data) pairs, for any chunking (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..core.errors import ProtocolViolation

MAX_EVENT_BYTES = 16 * 1024 * 1024
PLAIN_BYTES = 256 * 1024
"""Up to this size a buffer with plain line ends is split whole, which is fastest; larger ones are searched onwards."""
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    """One event; `name` is "" where the stream names none. A comment alone is no event."""

    name: str
    data: bytes


class SseParser:
    """Collects bytes until events are whole. An event of over 16 MiB is a ProtocolViolation."""

    def __init__(self) -> None:
        self._buffer = b""
        self._scanned = 0
        self._begun = False

    @property
    def is_between_events(self) -> bool:
        """Whether the next byte begins an event."""
        return self._begun and not self._buffer

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that `data` completes."""
        buffer = self._buffer + data if self._buffer else data
        if not self._begun and buffer:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._buffer = buffer
                return []
            self._begun = True
            buffer = buffer.removeprefix(_BOM)
        if len(buffer) <= PLAIN_BYTES and b"\r" not in buffer:
            *blocks, self._buffer = buffer.split(b"\n\n")
        else:
            blocks = self._searched(buffer)
        self._scanned = max(0, len(self._buffer) - 3)
        if len(self._buffer) > MAX_EVENT_BYTES:
            raise ProtocolViolation(f"an event of over {MAX_EVENT_BYTES} bytes")
        return [event for block in blocks if (event := parse_event(block)) is not None]

    def _searched(self, buffer: bytes) -> list[bytes]:
        """The whole blocks, for any line ends, without looking twice at what was looked at before."""
        blocks: list[bytes] = []
        start = 0
        scan = self._scanned
        while match := _END_OF_EVENT.search(buffer, scan):
            blocks.append(buffer[start : match.start()])
            start = scan = match.end()
        self._buffer = buffer[start:] if start else buffer
        return blocks

    def end(self) -> list[ServerEvent]:
        """What a body holds whose last event lacks its blank line: taken as whole, since the connection ended cleanly."""
        event = parse_event(self._buffer)
        self._buffer = b""
        self._scanned = 0
        return [] if event is None else [event]


def parse_event(block: bytes) -> ServerEvent | None:
    """One block of lines as an event; None if it has no data (comments, retry, a bare name)."""
    if block.startswith(b"data: ") and b"\n" not in block and b"\r" not in block:
        return ServerEvent("", block[6:])
    if block.startswith(b"event: ") and b"\r" not in block:
        name, _, data = block[7:].partition(b"\n")
        if data.startswith(b"data: ") and b"\n" not in data:
            return ServerEvent(name.decode("utf-8", "replace"), data[6:])
    event = ""
    lines: list[bytes] = []
    for line in re.split(rb"\r\n|\n|\r", block):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            lines.append(value)
        elif field == b"event":
            event = value.decode("utf-8", "replace")
        elif field and not line.startswith(b":") and field not in (b"id", b"retry") and b":" not in line:
            raise ProtocolViolation("a line that is no field of an event stream")
    return ServerEvent(event, b"\n".join(lines)) if lines else None
