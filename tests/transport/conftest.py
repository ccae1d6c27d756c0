"""A transport, and servers that end with the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio

from sidecar.transport.http import HttpTransport

from .wire import Handler, Wire

Serve = Callable[[Handler], Awaitable[Wire]]


@pytest_asyncio.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport()
    yield made
    await made.close()
    await asyncio.sleep(0)  # closed connections are let go by the next turn of the loop


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server with a handler of connections."""
    wires: list[Wire] = []

    async def started(handler: Handler) -> Wire:
        wires.append(Wire(handler))
        return await wires[-1].start()

    yield started
    for wire in wires:
        await wire.stop()
