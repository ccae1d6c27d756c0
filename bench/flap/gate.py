"""A port in front of another that can close, so that connecting is refused, and open again."""

from __future__ import annotations

import asyncio
import random
import socket

PORTS = range(20_000, 32_000)
"""Below those that systems hand out by themselves: nobody takes the port while it is closed."""
PIECE_BYTES = 65_536
HOST = "127.0.0.1"


class Gate:
    """Passes connections on to `behind`, a port of this machine. Closed at first."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self.port = _free_port()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Takes connections; waits while the system still holds the port."""
        while self._server is None:
            try:
                self._server = await asyncio.start_server(self._pass, HOST, self.port, backlog=2048)
            except OSError:
                await asyncio.sleep(0.05)

    def close(self) -> None:
        """Refuses new connections and resets those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(HOST, self._behind)
        except OSError:
            self._open.discard(writer)
            writer.transport.abort()
            return
        ways = [
            asyncio.create_task(_pump(reader, inner_writer)),
            asyncio.create_task(_pump(inner_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        is_clean = ways[1].done() and ways[1].result()
        for way in ways:
            way.cancel()
        inner_writer.transport.abort()
        self._open.discard(writer)
        if is_clean:
            writer.close()  # what is on its way arrives first
        else:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Until one side ends: whether by a clean end."""
    try:
        while data := await reader.read(PIECE_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        return False
    return True


def _free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
