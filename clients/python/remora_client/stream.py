"""A stream of events read by a loop, which never leaves a call running behind its reader's back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import grpc

from .errors import RemoraError
from .event import Completed, Event
from .progress import OnDiscard, Progress, closed_error
from .status import error_from

E = TypeVar("E")


class _Call(Protocol):
    """What is needed of a gRPC call."""

    def __next__(self) -> Any: ...
    def cancel(self) -> object: ...


class Stream(Generic[E]):
    """Events as they come, read by one thread at a time.

    Without `with`, leaving the loop in any way (break, return, exception) cancels the call. Inside `with`, leaving a
    loop keeps the call, so that another loop may go on, and the end of the block cancels it. So does `close()`, which
    may come from another thread, and so does forgetting the stream. A failed call raises its `RemoraError` there.
    """

    def __init__(self, call: _Call, convert: Callable[[Any], E | None], address: str) -> None:
        self._call = call
        self._convert = convert
        self._address = address
        self._held = False
        self._closed = False
        self._outcome: RemoraError | StopIteration | None = None

    def __iter__(self) -> Iterator[E]:
        return _Loop(self)

    def __enter__(self) -> Self:
        self._held = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_call"):
            self._call.cancel()

    def close(self) -> None:
        """Cancels the call if it still runs. The sidecar then closes its own call to the provider."""
        self._closed = True
        self._call.cancel()

    def _next(self) -> E:
        while self._outcome is None:
            try:
                event = self._convert(next(self._call))
            except StopIteration:
                self._outcome = self._end()
            except grpc.RpcError as error:
                self._outcome = closed_error() if self._closed else error_from(error, self._address)
            except BaseException:  # Ctrl-C too: an abandoned call must not run on upstream
                self.close()
                raise
            else:
                if event is not None:
                    self._take(event)
                    return event
        raise self._outcome

    def _end(self) -> RemoraError | StopIteration:
        try:
            self._check_end()
        except RemoraError as error:
            return error
        return StopIteration()

    def _take(self, event: Any) -> None:
        """Called with each event before the reader sees it."""

    def _check_end(self) -> None:
        """Raises if the stream may not end here."""


class ChatStream(Progress, Stream[Event]):
    """The events of one answer. Reading them keeps `text_so_far`, `completed` and `message` up to date."""

    def __init__(self, call: _Call, convert: Callable[[Any], Event | None], address: str) -> None:
        Progress.__init__(self)
        Stream.__init__(self, call, convert, address)

    def text(self, *, on_discard: OnDiscard | None = None) -> Iterator[str]:
        """The text piece by piece.

        Where text handed out becomes void (a restart, which the policy decides), `on_discard` is called with the text
        that holds; without it TextDiscarded is raised, so that a wrong text never looks whole.
        """
        for event in self:
            if piece := self._text_of(event, on_discard):
                yield piece

    def final_text(self) -> str:
        """Reads to the end; the whole text, without what became void."""
        self.finish()
        return self.text_so_far

    def finish(self) -> Completed:
        """Reads to the end; the event that ended the answer."""
        for _ in self:
            pass
        self._check_end()
        assert self.completed is not None
        return self.completed


class _Loop(Iterator[E]):
    """One loop over a stream; its end, in CPython at once, cancels the call unless a `with` block holds the stream."""

    def __init__(self, stream: Stream[E]) -> None:
        self._stream = stream

    def __next__(self) -> E:
        return self._stream._next()

    def __del__(self) -> None:
        if not self._stream._held:
            self._stream.close()
