"""A collector of traces that costs next to nothing: takes every OTLP export over HTTP/1.1, and counts bytes.

`collector.py READY_FILE` serves on a free port and writes it to the file.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from .upstream import write

TAKEN = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"


class Collector(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, of the same shape
        self._head = b""
        self._left = 0

    def data_received(self, data: bytes) -> None:
        """Takes what came; answers each export when it is whole."""
        while data:
            if self._left:
                taken = min(self._left, len(data))
                self._left -= taken
                data = data[taken:]
            else:
                head, end, data = (self._head + data).partition(b"\r\n\r\n")
                if not end:
                    self._head = head
                    return
                self._head = b""
                at = head.lower().index(b"content-length:") + len(b"content-length:")
                self._left = int(head[at:].split(b"\r\n")[0])
            if not self._left:
                self._transport.write(TAKEN)


async def main() -> None:
    """Serves until it is ended."""
    server = await asyncio.get_running_loop().create_server(Collector, "127.0.0.1", 0)
    write(sys.argv[1], str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
