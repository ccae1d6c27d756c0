"""What an official client would send: its request, caught before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import orjson


class SentError(Exception):
    """Ends the call once its request is caught."""


class Catcher(httpx2.BaseTransport):
    """A transport that keeps the request and sends nothing."""

    def __init__(self) -> None:
        self.request: httpx2.Request | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Keeps it. Raises SentError."""
        request.read()
        self.request = request
        raise SentError


def caught(ask: Callable[[httpx2.Client], object]) -> tuple[httpx2.Request, Any]:
    """The request that `ask` makes with a client that is given this HTTP client, and its JSON body."""
    catcher = Catcher()
    with httpx2.Client(transport=catcher) as http:
        try:
            ask(http)
        except Exception:  # the packages wrap SentError in errors of their own
            if catcher.request is None:
                raise
    assert catcher.request is not None
    return catcher.request, orjson.loads(catcher.request.content)
