"""The asyncio form of `stream`: the same rules, with tasks in place of threads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import grpc
import grpc.aio

from .errors import RemoraError
from .event import Completed, Event
from .progress import OnDiscard, Progress, closed_error
from .status import error_from

E = TypeVar("E")


class _Call(Protocol):
    """What is needed of a gRPC call."""

    async def read(self) -> Any: ...
    def cancel(self) -> bool: ...


class AsyncStream(Generic[E]):
    """Events as they come, read by one task at a time. The call starts with the first read, or with `async with`.

    Without `async with`, leaving the loop in any way cancels the call; inside it, the end of the block does. So do
    `close()`, cancelling the reading task, and forgetting the stream.
    """

    def __init__(self, start: Callable[[], Awaitable[_Call]], convert: Callable[[Any], E | None], address: str) -> None:
        self._start = start
        self._convert = convert
        self._address = address
        self._call: _Call | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._held = False
        self._closed = False
        self._outcome: RemoraError | StopAsyncIteration | None = None

    def __aiter__(self) -> AsyncIterator[E]:
        return _Loop(self)

    async def __aenter__(self) -> Self:
        self._held = True
        await self._started()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._forget()

    def close(self) -> None:
        """Cancels the call if it still runs. The sidecar then closes its own call to the provider."""
        self._closed = True
        if self._call is not None:
            self._call.cancel()

    async def _started(self) -> _Call:
        if self._call is None:
            if self._closed:
                raise closed_error()
            self._loop = asyncio.get_running_loop()
            self._call = await self._start()
        return self._call

    async def _next(self) -> E:
        while self._outcome is None:
            try:
                message = await (await self._started()).read()
            except grpc.aio.AioRpcError as error:
                self._outcome = closed_error() if self._closed else error_from(error, self._address)
            except BaseException as error:  # cancellation too: an abandoned call must not run on upstream
                self._interrupted(error)
            else:
                if message is grpc.aio.EOF:
                    self._outcome = self._end()
                elif (event := self._convert(message)) is not None:
                    self._take(event)
                    return event
        raise self._outcome

    def _interrupted(self, error: BaseException) -> None:
        """Tells a cancelled task from a call that `close` cancelled: gRPC raises CancelledError for both."""
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and self._closed and not (task and task.cancelling()):
            self._outcome = closed_error()
            return
        self.close()
        raise error

    def _forget(self) -> None:
        """`close` for finalizers, which may run in any thread, and after the event loop has ended."""
        self._closed = True
        if getattr(self, "_call", None) is not None and self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._call.cancel)  # type: ignore[union-attr]

    def _end(self) -> RemoraError | StopAsyncIteration:
        try:
            self._check_end()
        except RemoraError as error:
            return error
        return StopAsyncIteration()

    def _take(self, event: Any) -> None:
        """Called with each event before the reader sees it."""

    def _check_end(self) -> None:
        """Raises if the stream may not end here."""


class AsyncChatStream(Progress, AsyncStream[Event]):
    """The events of one answer. Reading them keeps `text_so_far`, `completed` and `message` up to date."""

    def __init__(
        self, start: Callable[[], Awaitable[_Call]], convert: Callable[[Any], Event | None], address: str
    ) -> None:
        Progress.__init__(self)
        AsyncStream.__init__(self, start, convert, address)

    async def text(self, *, on_discard: OnDiscard | None = None) -> AsyncIterator[str]:
        """The text piece by piece; `on_discard` as in `ChatStream.text`."""
        async for event in self:
            if piece := self._text_of(event, on_discard):
                yield piece

    async def final_text(self) -> str:
        """Reads to the end; the whole text, without what became void."""
        await self.finish()
        return self.text_so_far

    async def finish(self) -> Completed:
        """Reads to the end; the event that ended the answer."""
        async for _ in self:
            pass
        self._check_end()
        assert self.completed is not None
        return self.completed


class _Loop(AsyncIterator[E]):
    """One loop over a stream; its end, in CPython at once, cancels the call unless an `async with` holds the stream."""

    def __init__(self, stream: AsyncStream[E]) -> None:
        self._stream = stream

    async def __anext__(self) -> E:
        return await self._stream._next()

    def __del__(self) -> None:
        if not self._stream._held:
            self._stream._forget()
