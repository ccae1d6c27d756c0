"""What both kinds of chat streams share: the answer so far, and what its text may do."""

from __future__ import annotations

from collections.abc import Callable

from ._pb.content_pb2 import Message
from .assembly import Assembly
from .errors import Cancelled, StreamBroken, TextDiscarded
from .event import Completed, Event, TextDelta
from .reason import Reason

OnDiscard = Callable[[str], None]
"""Called with the text that holds now, when text handed out before became void."""


class Progress:
    """The answer of a chat stream as far as it has been read."""

    def __init__(self) -> None:
        self._assembly = Assembly()
        self._voided = False

    @property
    def text_so_far(self) -> str:
        """The text read so far, without what became void."""
        return self._assembly.text

    @property
    def reasoning_so_far(self) -> str:
        """The reasoning read so far, without what became void."""
        return self._assembly.reasoning

    @property
    def completed(self) -> Completed | None:
        """The event that ended the answer; None until it has been read."""
        return self._assembly.completed

    @property
    def message(self) -> Message:
        """The assistant's turn, ready to append to the conversation; RuntimeError before the answer is whole."""
        if self._assembly.completed is None:
            raise RuntimeError("the answer is not whole yet: read the stream to its end first")
        return self._assembly.message()

    def _take(self, event: Event) -> None:
        self._voided = self._assembly.add(event)

    def _check_end(self) -> None:
        """An end without `completed` is a hole, whatever the status says."""
        if self._assembly.completed is None:
            raise StreamBroken("the stream ended without `completed`", reason=Reason.STREAM_BROKEN)

    def _text_of(self, event: Event, on_discard: OnDiscard | None) -> str:
        """The text the event just taken adds; TextDiscarded if it made text void and nobody takes that up."""
        if isinstance(event, TextDelta):
            return event.text
        if not self._voided:
            return ""
        if on_discard is None:
            raise TextDiscarded(
                "text already handed out became void: give text() an on_discard, or read the events",
                text_so_far=self.text_so_far,
            )
        on_discard(self.text_so_far)
        return ""


def closed_error() -> Cancelled:
    """The error of reading on from a stream that was closed before its end."""
    return Cancelled("the stream was closed before its end", reason=Reason.CANCELLED)
