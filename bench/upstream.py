"""A provider that costs next to nothing: fixed bytes over HTTP/1.1 keep-alive, at once or paced.

The model's name in the request says which: `one` (a short stream), `burst` (64 chunks at once), `paced` (64 chunks, one
every 15 ms).
"""

from __future__ import annotations

import asyncio
import pathlib
import sys
from typing import cast

import orjson
import uvloop

CHUNKS = 64
PACE_S = 0.015


def chunk(text: str, finish: str | None = None) -> bytes:
    """One event of a stream."""
    delta = {"content": text} if text else {}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + orjson.dumps({"id": "r1", "object": "chat.completion.chunk", "choices": choices}) + b"\n\n"


USAGE = {"id": "r1", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": CHUNKS}}
END = chunk("", "stop") + b"data: " + orjson.dumps(USAGE) + b"\n\ndata: [DONE]\n\n"


def stream(count: int) -> list[bytes]:
    """The events of a stream of `count` chunks, the last with its end."""
    pieces = [chunk(f"token{i} ") for i in range(count)]
    pieces[-1] += END
    return pieces


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n"


def whole(count: int) -> bytes:
    """Head and body of a stream that comes at once."""
    body = b"".join(stream(count))
    return HEAD % len(body) + body


ONE, BURST, PACED = whole(1), whole(CHUNKS), stream(CHUNKS)


class Upstream(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, of the same shape
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answers every request that is whole."""
        self._buffer += data
        while (request := self._request()) is not None:
            if b'"paced"' in request:
                self._pace(0)
            else:
                self._transport.write(BURST if b'"burst"' in request else ONE)

    def _request(self) -> bytes | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = self._buffer[:head_end].lower()
        at = head.index(b"content-length:") + len(b"content-length:")
        end = head_end + 4 + int(head[at:].split(b"\r\n")[0])
        if len(self._buffer) < end:
            return None
        request, self._buffer = self._buffer[head_end:end], self._buffer[end:]
        return request

    def _pace(self, index: int) -> None:
        if self._transport.is_closing():
            return
        piece = PACED[index]
        if index == 0:
            piece = HEAD % sum(map(len, PACED)) + piece
        self._transport.write(piece)
        if index + 1 < CHUNKS:
            asyncio.get_running_loop().call_later(PACE_S, self._pace, index + 1)


def write(path: str, text: str) -> None:
    """A ready file."""
    pathlib.Path(path).write_text(text)


async def main() -> None:
    """Serves on the port of the first argument's ready file: writes it there."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=1024)
    write(sys.argv[1], str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
