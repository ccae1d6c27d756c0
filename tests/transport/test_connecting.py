"""Connections that cannot be made, die early, or were kept too long."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest

from sidecar.transport.http import HttpTransport, Route, TransportError
from tests.server.certificate import Certificate, made

from .asking import ask, whole
from .conftest import Serve
from .wire import Connection, Wire, http


async def test_a_refused_connection_says_so_and_names_no_address(transport: HttpTransport) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with pytest.raises(TransportError) as caught:
            await ask(transport, f"http://127.0.0.1:{port}/v1?key=sk-secret")
    assert not caught.value.is_timeout
    assert "refused" in str(caught.value)
    assert str(port) not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


async def test_connecting_is_bounded(transport: HttpTransport) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(TransportError) as caught:
            await ask(transport, f"http://127.0.0.1:{full.getsockname()[1]}/v1", connect_s=0.2)
        for filler in fillers:
            filler.close()
    assert caught.value.is_timeout


async def test_a_tls_handshake_counts_as_connecting(transport: HttpTransport, serve: Serve) -> None:
    async def says_nothing(connection: Connection) -> None:
        await connection.hung_up()

    wire = await serve(says_nothing)
    with pytest.raises(TransportError) as caught:
        await ask(transport, f"https://127.0.0.1:{wire.port}/v1", connect_s=0.3)
    assert caught.value.is_timeout


async def test_waiting_for_headers_is_not_bounded_by_the_connect_limit(transport: HttpTransport, serve: Serve) -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        await asyncio.sleep(0.4)  # longer than the connect limit below
        await connection.send(http(200, b"fine"))

    answer = await ask(transport, (await serve(slow)).url, connect_s=0.2)
    assert await whole(answer) == b"fine"


@pytest.mark.parametrize("by_reset", [False, True])
async def test_a_fresh_connection_that_dies_before_headers_is_an_error_and_not_tried_again(
    transport: HttpTransport, serve: Serve, by_reset: bool
) -> None:
    async def dies(connection: Connection) -> None:
        await connection.request()
        if by_reset:
            connection.reset()

    wire = await serve(dies)
    with pytest.raises(TransportError) as caught:
        await ask(transport, wire.url)
    assert not caught.value.is_timeout
    assert (wire.connections, len(wire.requests)) == (1, 1)


async def test_an_answer_that_is_no_http_is_an_error(transport: HttpTransport, serve: Serve) -> None:
    async def other_protocol(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"SSH-2.0-OpenSSH_9.0\r\n\r\n")

    wire = await serve(other_protocol)
    with pytest.raises(TransportError):
        await ask(transport, wire.url)
    assert wire.connections == 1


@pytest.mark.parametrize("by_reset", [False, True])
async def test_a_kept_connection_that_dies_is_tried_once_more_on_a_fresh_one(
    transport: HttpTransport, serve: Serve, by_reset: bool
) -> None:
    async def stale_once(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, f"from {connection.number}".encode()))
        await connection.request()
        if by_reset:
            connection.reset()

    wire = await serve(stale_once)
    assert await whole(await ask(transport, wire.url)) == b"from 1"
    connected: list[int] = []
    answer = await ask(transport, wire.url, b"again", on_connected=lambda: connected.append(1))
    assert await whole(answer) == b"from 2"
    assert [request.endswith(b"again") for request in wire.requests] == [False, True, True]
    assert len(connected) == 2


async def test_the_second_try_is_the_last_and_on_a_fresh_connection_even_if_others_are_kept(
    transport: HttpTransport, serve: Serve
) -> None:
    both = asyncio.Event()

    async def all_stale(connection: Connection) -> None:
        await connection.request()
        if connection.number == 2:
            both.set()
        await both.wait()
        if connection.number <= 2:
            await connection.send(http(200, b"fine"))
            await connection.request()

    wire = await serve(all_stale)
    first, second = await asyncio.gather(ask(transport, wire.url), ask(transport, wire.url))
    assert [await whole(first), await whole(second)] == [b"fine", b"fine"]
    assert wire.connections == 2
    with pytest.raises(TransportError):
        await ask(transport, wire.url)
    # One kept connection died, the fresh one too; the other kept one was left alone.
    assert (wire.connections, len(wire.requests)) == (3, 4)


async def test_a_kept_connection_that_had_begun_to_answer_is_not_tried_again(
    transport: HttpTransport, serve: Serve
) -> None:
    async def begins(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"fine"))
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nX-Begun: 1\r\n")

    wire = await serve(begins)
    await whole(await ask(transport, wire.url))
    with pytest.raises(TransportError):
        await ask(transport, wire.url)
    assert (wire.connections, len(wire.requests)) == (1, 2)


async def test_a_kept_connection_that_answers_nonsense_is_not_tried_again(
    transport: HttpTransport, serve: Serve
) -> None:
    async def nonsense(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"fine"))
        await connection.request()
        await connection.send(b"nonsense\r\n\r\n")
        await connection.hung_up()

    wire = await serve(nonsense)
    await whole(await ask(transport, wire.url))
    with pytest.raises(TransportError):
        await ask(transport, wire.url)
    assert (wire.connections, len(wire.requests)) == (1, 2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return made(tmp_path_factory.mktemp("certificates"))


async def tls_wire(certificate: Certificate) -> Wire:
    async def answers(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"fine"))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return await Wire(answers).start(context)


async def test_a_ca_file_is_what_is_trusted(transport: HttpTransport, certificate: Certificate) -> None:
    wire = await tls_wire(certificate)
    url = f"https://localhost:{wire.port}/v1"
    answer = await ask(transport, url, route=Route(ca_file=str(certificate.ca)))
    assert await whole(answer) == b"fine"
    with pytest.raises(TransportError, match="certificate is not trusted") as caught:
        await ask(transport, url)
    assert not caught.value.is_timeout
    assert len(wire.requests) == 1
    await wire.stop()


async def test_a_changed_ca_file_is_read_anew_and_an_answer_under_way_is_read_to_its_end(
    transport: HttpTransport, certificate: Certificate, tmp_path: Path
) -> None:
    wire = await tls_wire(certificate)
    url, ca = f"https://localhost:{wire.port}/v1", tmp_path / "ca.pem"
    ca.write_bytes(certificate.ca.read_bytes())
    transport.trust({str(ca): b"1"})
    under_way = await ask(transport, url, route=Route(ca_file=str(ca)))
    ca.write_bytes(made(tmp_path, "stranger").ca.read_bytes())
    transport.trust({str(ca): b"2"})
    with pytest.raises(TransportError, match="certificate is not trusted"):
        await ask(transport, url, route=Route(ca_file=str(ca)))
    assert await whole(under_way) == b"fine"
    await asyncio.gather(*transport._closing)
    assert all(session.client.closed for session in transport._retired)
    transport.trust({})
    assert (len(transport._sessions), len(transport._retired)) == (0, 1)
    await asyncio.gather(*transport._closing)
    assert all(session.client.closed for session in transport._retired)
    await wire.stop()


async def test_an_unchanged_ca_file_keeps_its_connections(transport: HttpTransport, certificate: Certificate) -> None:
    wire = await tls_wire(certificate)
    url, ca = f"https://localhost:{wire.port}/v1", str(certificate.ca)
    transport.trust({ca: b"1"})
    await whole(await ask(transport, url, route=Route(ca_file=ca)))
    (session,) = transport._sessions.values()
    transport.trust({ca: b"1", "another": None})
    assert list(transport._sessions.values()) == [session]
    await wire.stop()


async def test_a_certificate_for_another_name_is_refused(transport: HttpTransport, certificate: Certificate) -> None:
    wire = await tls_wire(made(certificate.ca.parent, "other", "other.example"))
    with pytest.raises(TransportError, match="certificate is not trusted"):
        await ask(transport, f"https://localhost:{wire.port}/v1", route=Route(ca_file=str(certificate.ca)))
    await wire.stop()


async def test_a_ca_file_that_cannot_be_read_is_an_error_of_this_connection(
    transport: HttpTransport, tmp_path: Path
) -> None:
    with pytest.raises(TransportError):
        await ask(transport, "https://127.0.0.1:1/v1", route=Route(ca_file=str(tmp_path / "missing.pem")))


async def test_a_pipe_in_the_place_of_a_ca_file_is_not_waited_for(transport: HttpTransport, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(TransportError, match="CA file cannot be read"):
        await ask(transport, "https://127.0.0.1:1/v1", route=Route(ca_file=str(tmp_path / "ca.pem")))


async def test_plain_http_where_tls_is_spoken_is_an_error(transport: HttpTransport, serve: Serve) -> None:
    async def answers(connection: Connection) -> None:
        await connection.send(http(400, b"plain"))

    wire = await serve(answers)
    with pytest.raises(TransportError, match="TLS"):
        await ask(transport, f"https://127.0.0.1:{wire.port}/v1")
