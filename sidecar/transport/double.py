"""A transport for tests: the test plays the upstream, in whatever time the running loop keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .http import CutError, Post, TransportError


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for this many seconds."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks here."""


Step = bytes | Wait | Cut


@dataclass(frozen=True, slots=True)
class Play:
    """One answer. `connect`: before the connection is up; `refused`: it never is. `before_headers` follows it."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_s: float = 0.0
    refused: bool = False
    before_headers_s: float = 0.0


class PlayedAnswer:
    """The answer of a Play; the same face as `http.Answer`."""

    def __init__(self, play: Play, sent: Sent) -> None:
        self._steps = list(play.steps)
        self._sent = sent
        self.status = play.status
        self.headers = {"content-type": "text/event-stream", **play.headers}

    @property
    def content_type(self) -> str:
        """The media type."""
        return self.headers["content-type"].partition(";")[0]

    @property
    def is_read(self) -> bool:
        """Whether nothing follows."""
        return not self._steps

    async def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, bytes):
                self._sent.bytes_read += len(step)
                return step
            if isinstance(step, Cut):
                raise CutError("the connection broke inside the answer")
            await asyncio.sleep(step.duration_s)
        return b""

    async def read_error(self, limit_s: float) -> bytes:
        """The whole body, or what came within the limit."""
        body = b""
        try:
            async with asyncio.timeout(limit_s):
                while data := await self.read():
                    body += data
        except (CutError, TimeoutError):
            pass  # what came is what there is
        return body

    def release(self) -> None:
        """Nothing is held."""

    def abort(self) -> None:
        """Notes that the caller hung up, and when."""
        if self._sent.aborted_at is None:
            self._sent.aborted_at = asyncio.get_running_loop().time()


@dataclass(slots=True)
class Sent:
    """One request as the upstream saw it."""

    post: Post
    at: float
    aborted_at: float | None = None
    bytes_read: int = 0


class PlayedTransport:
    """`upstream` gives the Play for each request; `sent` has what was received, in order."""

    def __init__(self, upstream: Callable[[Post], Play]) -> None:
        self._upstream = upstream
        self.sent: list[Sent] = []

    async def post(self, post: Post, connect_s: float, on_connected: Callable[[], None]) -> PlayedAnswer:
        """Plays one request."""
        sent = Sent(post, asyncio.get_running_loop().time())
        self.sent.append(sent)
        play = self._upstream(post)
        if play.refused:
            raise TransportError("the connection was refused or cannot be made")
        if play.connect_s > connect_s:
            await asyncio.sleep(connect_s)
            raise TransportError("no connection within the connect limit", is_timeout=True)
        await asyncio.sleep(play.connect_s)
        on_connected()
        try:
            await asyncio.sleep(play.before_headers_s)
        except asyncio.CancelledError:
            sent.aborted_at = asyncio.get_running_loop().time()
            raise
        return PlayedAnswer(play, sent)

    async def close(self) -> None:
        """Nothing to close."""
