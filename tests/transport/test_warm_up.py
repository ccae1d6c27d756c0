"""Connections opened ahead: there when the first request comes, and no hindrance where they cannot be made."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import pytest

from sidecar.core.catalog import Credential, Profile, Provider
from sidecar.engine.warm_up import warm_up
from sidecar.transport.http import HttpTransport

from .asking import ask, whole
from .conftest import Serve
from .wire import Connection, Wire, http


async def answers(connection: Connection) -> None:
    while True:
        await connection.request()
        await connection.send(http(200, b"fine"))


def provider(url: str, *profiles: Profile) -> Provider:
    return Provider("p", "openai", url, profiles or (Profile("main", Credential("none")),))


async def accepted(wire: Wire, number: int) -> None:
    for _ in range(1000):
        if wire.connections >= number:
            return
        await asyncio.sleep(0.005)  # the server's own task counts: there is no event to await
    raise AssertionError(f"{wire.connections} connections")


async def test_the_first_request_finds_a_connection_and_nothing_was_sent_before(
    transport: HttpTransport, serve: Serve
) -> None:
    wire = await serve(answers)
    await warm_up(transport, [provider(wire.url)], 2.0)
    await accepted(wire, 1)
    assert wire.requests == []
    assert await whole(await ask(transport, wire.url)) == b"fine"
    assert wire.connections == 1


async def test_each_address_of_the_enabled_profiles_gets_one(transport: HttpTransport, serve: Serve) -> None:
    one, other = await serve(answers), await serve(answers)
    profiles = (
        Profile("main", Credential("none")),
        Profile("spare", Credential("none")),
        Profile("eu", Credential("none"), other.url),
        Profile("off", Credential("none"), "http://127.0.0.1:1/", enabled=False),
    )
    await warm_up(transport, [provider(one.url, *profiles)], 2.0)
    await accepted(one, 1)
    await accepted(other, 1)
    assert (one.connections, other.connections) == (1, 1)


async def test_what_cannot_be_reached_is_a_remark(transport: HttpTransport, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        await warm_up(transport, [provider(f"http://127.0.0.1:{reserved.getsockname()[1]}/?key=sk-secret")], 2.0)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "provider p cannot be reached yet" in record.getMessage()
    assert "sk-secret" not in record.getMessage()


async def test_silence_is_waited_for_no_longer_than_the_limit(transport: HttpTransport, serve: Serve) -> None:
    async def says_nothing(connection: Connection) -> None:
        await connection.hung_up()

    wire = await serve(says_nothing)
    began = time.monotonic()
    await warm_up(transport, [provider(f"https://127.0.0.1:{wire.port}/")], 0.2)
    assert time.monotonic() - began < 5  # a bound, not a measure: the handshake would never end


async def test_a_limit_of_zero_opens_nothing(transport: HttpTransport, serve: Serve) -> None:
    wire = await serve(answers)
    await warm_up(transport, [provider(wire.url)], 0.0)
    assert await whole(await ask(transport, wire.url)) == b"fine"
    assert wire.connections == 1
