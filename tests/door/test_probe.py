"""The probe listener over real HTTP."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from sidecar.door.probe import ListenError, ProbeListener


@dataclass
class Served:
    """A listener and what it is asked through."""

    listener: ProbeListener
    url: str
    session: aiohttp.ClientSession
    readiness: list[bool]
    accepted: list[str] = field(default_factory=list)

    async def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
        """Status, content type, body."""
        async with self.session.request(method, self.url + path, headers=headers) as response:
            return response.status, response.headers["Content-Type"], await response.text()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Ready, on a free port."""
    readiness, accepted = [True], list[str]()

    def metrics(accept: str) -> tuple[bytes, str]:
        accepted.append(accept)
        return b"remora_x 1\n", "text/plain; version=0.0.4; charset=utf-8"

    listener = ProbeListener(lambda: readiness[0], metrics)
    bound = await listener.start("127.0.0.1:0")
    async with aiohttp.ClientSession() as session:
        yield Served(listener, f"http://{bound}", session, readiness, accepted)
    await listener.stop()


async def test_healthz_answers_while_the_process_lives(served: Served) -> None:
    served.readiness[0] = False
    assert await served.get("/healthz") == (200, "application/json; charset=utf-8", '{"status": "ok"}')


async def test_readyz_follows_readiness(served: Served) -> None:
    assert (await served.get("/readyz"))[::2] == (200, '{"status": "ready"}')
    served.readiness[0] = False
    assert (await served.get("/readyz"))[::2] == (503, '{"status": "not ready"}')
    served.readiness[0] = True
    assert (await served.get("/readyz"))[0] == 200


async def test_metrics_are_told_in_the_form_that_is_accepted(served: Served) -> None:
    answer = await served.get("/metrics", Accept="application/openmetrics-text")
    assert answer == (200, "text/plain; version=0.0.4; charset=utf-8", "remora_x 1\n")
    assert served.accepted == ["application/openmetrics-text"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_head_answers_without_a_body(served: Served, path: str) -> None:
    status, _, body = await served.get(path, "HEAD")
    assert (status, body) == (200, "")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/v1/chat/completions", "/metrics/../etc"])
async def test_nothing_else_is_there(served: Served, path: str) -> None:
    assert (await served.get(path))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_can_be_changed(served: Served, method: str) -> None:
    assert (await served.get("/healthz", method))[0] == 405


async def test_an_address_in_use_is_named_with_the_reason(served: Served) -> None:
    address = served.url.removeprefix("http://")
    other = ProbeListener(lambda: True, lambda _: (b"", "text/plain"))
    with pytest.raises(ListenError) as told:
        await other.start(address)
    assert str(told.value) == f"cannot listen on {address}: Address already in use"
    await other.stop()


async def test_a_stopped_listener_leaves_its_port_free(served: Served) -> None:
    address = served.url.removeprefix("http://")
    await served.listener.stop()
    other = ProbeListener(lambda: True, lambda _: (b"", "text/plain"))
    assert await other.start(address) == address
    await other.stop()
    await other.stop()


async def test_a_unix_socket_serves_too(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "probe.sock"
    listener = ProbeListener(lambda: True, lambda _: (b"", "text/plain"))
    assert await listener.start(f"unix://{path}") == f"unix://{path}"
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession(connector=connector) as session, session.get("http://probe/healthz") as response:
        assert response.status == 200
    await listener.stop()


async def test_a_host_that_is_not_ours_is_named_with_the_reason() -> None:
    listener = ProbeListener(lambda: True, lambda _: (b"", "text/plain"))
    with pytest.raises(ListenError, match=r"cannot listen on 203\.0\.113\.7:1: "):
        await listener.start("203.0.113.7:1")


async def test_a_scrape_that_fails_says_nothing_of_why(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: str) -> tuple[bytes, str]:
        raise RuntimeError("planted")

    listener = ProbeListener(lambda: True, broken)
    bound = await listener.start("127.0.0.1:0")
    async with aiohttp.ClientSession() as session, session.get(f"http://{bound}/metrics") as response:
        assert response.status == 500
        assert "planted" not in await response.text()
    await listener.stop()


async def test_nothing_says_what_serves_here(served: Served) -> None:
    for path in ("/healthz", "/metrics", "/nothing-here"):
        async with served.session.get(served.url + path) as response:
            assert "Server" not in response.headers
