"""Posts of a test, and what comes back."""

from __future__ import annotations

from collections.abc import Callable

from sidecar.transport.http import HttpTransport, Post, Route
from sidecar.transport.interface import Answer

HEADERS = {"authorization": "Bearer sk-secret", "x-api-key": "sk-secret", "content-type": "application/json"}


def post(url: str, body: bytes = b"{}", *, query: dict[str, str] | None = None, route: Route | None = None) -> Post:
    return Post(url, HEADERS, body, query or {}, route or Route())


async def ask(
    transport: HttpTransport,
    url: str,
    body: bytes = b"{}",
    *,
    connect_s: float = 5.0,
    on_connected: Callable[[], None] = lambda: None,
    route: Route | None = None,
    query: dict[str, str] | None = None,
) -> Answer:
    return await transport.post(post(url, body, route=route, query=query), connect_s, on_connected)


async def whole(answer: Answer) -> bytes:
    """The body to its clean end."""
    body = b""
    while data := await answer.read():
        body += data
    answer.release()
    return body
