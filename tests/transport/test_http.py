"""Upstream HTTP over real sockets: what is sent where, and what each way of failing becomes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.errors import CallError
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.http import MAX_ERROR_BYTES, CutError, HttpTransport, Route, TransportError
from tests.engine.rig import Rig, provider, text
from tests.engine.rig import ask as ask_engine

from .asking import ask, whole
from .conftest import Serve
from .wire import Connection, Wire, http


async def answers(connection: Connection) -> None:
    """Answers every request of a kept connection."""
    while True:
        await connection.request()
        await connection.send(http(200, b"fine"))


async def test_a_request_goes_out_with_its_headers_query_and_body(transport: HttpTransport, serve: Serve) -> None:
    wire = await serve(answers)
    answer = await ask(transport, wire.url, b'{"a": 1}', query={"tier": "a b&c"})
    assert await whole(answer) == b"fine"
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0].startswith("post /v1/chat/completions?tier=a")
    assert "b%26c" in lines[0]
    assert {"authorization: bearer sk-secret", "accept-encoding: identity"} <= set(lines)
    assert not any(line.startswith("cookie:") for line in lines)
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed_and_credentials_stay(
    transport: HttpTransport, serve: Serve, status: int
) -> None:
    other = await serve(answers)

    async def redirects(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(status, b"", f"Location: {other.url}"))

    answer = await ask(transport, (await serve(redirects)).url)
    assert answer.status == status
    answer.abort()
    assert other.connections == 0


async def test_header_names_are_lower_case_the_first_of_several_wins_and_all_is_text(
    transport: HttpTransport, serve: Serve
) -> None:
    async def odd(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"", "X-Request-ID: one", "x-request-id: two", "X-Odd: caf\xe9"))

    answer = await ask(transport, (await serve(odd)).url)
    assert answer.headers["x-request-id"] == "one"
    # It goes into protobuf strings, which take no surrogates.
    assert answer.headers["x-odd"].encode()
    answer.release()


async def test_cookies_are_not_kept(transport: HttpTransport, serve: Serve) -> None:
    async def bakes(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.send(http(200, b"", "Set-Cookie: session=1; Path=/"))

    wire = await serve(bakes)
    for _ in range(2):
        await whole(await ask(transport, wire.url))
    assert b"session" not in wire.requests[1]


async def test_a_connection_is_kept_and_used_again(transport: HttpTransport, serve: Serve) -> None:
    wire = await serve(answers)
    connected: list[int] = []
    for _ in range(3):
        await whole(await ask(transport, wire.url, on_connected=lambda: connected.append(1)))
    assert (wire.connections, len(wire.requests), len(connected)) == (1, 3, 3)


async def test_two_hundred_requests_at_once_do_not_wait_for_each_other(transport: HttpTransport, serve: Serve) -> None:
    everyone = asyncio.Event()

    async def waits_for_all(connection: Connection) -> None:
        await connection.request()
        if len(connection.wire.requests) == 200:
            everyone.set()
        await everyone.wait()
        await connection.send(http(200, b"fine"))

    wire = await serve(waits_for_all)
    bodies = await asyncio.gather(*[_body(transport, wire) for _ in range(200)])
    assert bodies == [b"fine"] * 200


async def _body(transport: HttpTransport, wire: Wire) -> bytes:
    return await whole(await ask(transport, wire.url, connect_s=20))


async def test_no_proxy_of_the_environment_is_used(
    transport: HttpTransport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await serve(answers)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    wire = await serve(answers)
    await whole(await ask(transport, wire.url))
    assert (proxy.connections, wire.connections) == (0, 1)


async def test_a_configured_proxy_is_used(transport: HttpTransport, serve: Serve) -> None:
    proxy = await serve(answers)
    route = Route(proxy=f"http://user:pass@127.0.0.1:{proxy.port}")
    await whole(await ask(transport, "http://provider.invalid/v1", route=route))
    assert proxy.requests[0].startswith(b"POST http://provider.invalid/v1 ")


async def test_an_error_body_is_cut_at_64_kib(transport: HttpTransport, serve: Serve) -> None:
    async def wordy(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(500, b"x" * 300_000))

    answer = await ask(transport, (await serve(wordy)).url)
    assert len(await answer.read_error(5)) == MAX_ERROR_BYTES
    answer.abort()


async def test_a_slow_error_body_gives_what_came_in_time(transport: HttpTransport, serve: Serve) -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(500, b"half", length=1000))
        await connection.hung_up()

    answer = await ask(transport, (await serve(slow)).url)
    assert await answer.read_error(0.2) == b"half"
    answer.abort()


async def test_a_broken_error_body_gives_what_came(transport: HttpTransport, serve: Serve) -> None:
    async def broken(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(500, b"half", length=1000))

    answer = await ask(transport, (await serve(broken)).url)
    assert await answer.read_error(5) == b"half"
    answer.abort()


@pytest.mark.parametrize("by_reset", [False, True])
async def test_a_cut_in_the_body_is_a_cut_after_what_came(
    transport: HttpTransport, serve: Serve, by_reset: bool
) -> None:
    heard = asyncio.Event()

    async def cuts(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"half", length=1000))
        await heard.wait()
        if by_reset:
            connection.reset()

    answer = await ask(transport, (await serve(cuts)).url)
    assert await answer.read() == b"half"
    heard.set()
    with pytest.raises(CutError):
        await answer.read()
    answer.abort()


async def test_a_chunked_body_that_is_cut_is_a_cut(transport: HttpTransport, serve: Serve) -> None:
    async def cuts(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")

    answer = await ask(transport, (await serve(cuts)).url)
    with pytest.raises(CutError):
        await whole(answer)
    answer.abort()


async def test_a_chunked_body_that_turns_into_nonsense_breaks_the_stream_when_its_idle_clock_runs_out(
    serve: Serve,
) -> None:
    """aiohttp 3.14.5 wakes no reader when the framing breaks, so it is silence that ends the attempt."""
    heard = asyncio.Event()
    piece = text("Hel")[0]

    async def lies(connection: Connection) -> None:
        await connection.request()
        await connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        await heard.wait()
        await connection.send(b"nonsense\r\n")
        await connection.hung_up()

    upstream = replace(provider("a"), base_url=(await serve(lies)).url)
    rig = Rig({}, (upstream,), policy=Policy(idle_s=0.3))
    rig.engine.services = replace(rig.engine.services, transport=HttpTransport())

    async def listens() -> None:
        async with rig.engine.call(ask_engine(), None, buffered=False) as call:
            async for _ in call:
                heard.set()

    with pytest.raises(CallError) as caught:
        await listens()
    await rig.engine.close()
    assert caught.value.reason is Reason.STREAM_BROKEN


async def test_aborting_an_answer_hangs_up_at_once(transport: HttpTransport, serve: Serve) -> None:
    gone = asyncio.Event()

    async def endless(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"begun", length=10**9))
        await connection.hung_up()
        gone.set()

    answer = await ask(transport, (await serve(endless)).url)
    assert await answer.read() == b"begun"
    answer.abort()
    await asyncio.wait_for(gone.wait(), 5)


async def test_a_large_body_is_sent_whole_and_without_a_warning(transport: HttpTransport, serve: Serve) -> None:
    wire = await serve(answers)
    body = b"x" * (14 * 2**20)
    await whole(await ask(transport, wire.url, body))
    assert wire.requests[0].endswith(body)


async def test_a_closed_transport_has_no_connection_left(transport: HttpTransport, serve: Serve) -> None:
    gone = asyncio.Event()

    async def answers_once(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, b"fine"))
        await connection.hung_up()
        gone.set()

    await whole(await ask(transport, (await serve(answers_once)).url))
    await transport.close()
    await asyncio.wait_for(gone.wait(), 5)


async def test_an_address_that_is_none_is_an_error_and_nothing_else(transport: HttpTransport) -> None:
    for url in ("http://", "nonsense", "http://127.0.0.1:99999/v1", "http://no-such-host.invalid/v1"):
        with pytest.raises(TransportError):
            await ask(transport, url)
