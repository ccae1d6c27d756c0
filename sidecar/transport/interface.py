"""What the engine asks of a transport, so that a test can play the upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from .http import Post


class Answer(Protocol):
    """An answer whose body is still to come."""

    status: int

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        ...

    @property
    def is_read(self) -> bool:
        """Whether the end of the body has been read."""
        ...

    async def read(self) -> bytes:
        """The next bytes as they arrive; b"" at the clean end. Raises CutError."""
        ...

    async def read_error(self, limit_s: float) -> bytes:
        """The body of an error answer; what arrived, if it breaks or takes longer than `limit_s`."""
        ...

    def release(self) -> None:
        """The body was read to its end: the connection may be used again."""
        ...

    def abort(self) -> None:
        """Closes the connection at once."""
        ...


class Transport(Protocol):
    """Sends requests."""

    async def post(self, post: Post, connect_s: float, on_connected: Callable[[], None]) -> Answer:
        """Sends, and returns when the headers are in. Raises TransportError."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
