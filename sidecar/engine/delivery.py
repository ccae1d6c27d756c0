"""What reaches the caller: the commit, deltas joined while they wait, and the assistant's turn they make.

`buffered`: everything of an attempt is held back until it is complete, so that a failure stays invisible.
"""

from __future__ import annotations

from ..core.assembly import Assembly
from ..core.content import Message
from ..core.events import CallerEvent, Citation, Delta, PartCompleted, Started
from .attempt import Attempt

MAX_ANSWER_BYTES = 30 * 1024 * 1024
"""Under gRPC's message limit of 32 MiB, with room for the report."""


class Delivery:
    """The caller's side of one call. `committed`: the attempt whose content has reached the caller."""

    def __init__(self, *, buffered: bool, wants_message: bool) -> None:
        self._buffered = buffered
        self._wants_message = wants_message
        self._assembly = Assembly()
        self._held: dict[Attempt, list[CallerEvent]] = {}
        self._out: list[CallerEvent] = []
        self.committed: Attempt | None = None

    def take(self) -> list[CallerEvent]:
        """What waits for the caller."""
        out, self._out = self._out, []
        return out

    def tell(self, event: CallerEvent) -> None:
        """An event that is no content."""
        self._out.append(event)

    def begin(self, attempt: Attempt, *, failed_over: bool) -> None:
        """The attempt's first content, or its end without any, is about to be delivered."""
        if not self._buffered and self.committed is None:
            self.committed = attempt
            self._out.append(Started(attempt.start.target, failed_over))
            for event in self._held.pop(attempt, ()):
                self._pass(event)

    def deliver(self, attempt: Attempt, event: Delta | PartCompleted | Citation) -> None:
        """Content: to the caller, or into the attempt's hold, until it is committed."""
        if attempt is self.committed:
            self._pass(event)
        else:
            self._held.setdefault(attempt, []).append(event)

    def _pass(self, event: CallerEvent) -> None:
        self._assemble(event)
        if isinstance(event, Delta) and self._out and isinstance(self._out[-1], Delta):
            joined = self._out[-1].joined(event)
            if joined is not None:
                self._out[-1] = joined
                return
        self._out.append(event)

    def drop(self, attempt: Attempt) -> None:
        """The attempt failed, or another was first: what was held of it is void."""
        self._held.pop(attempt, None)

    def finish(self, attempt: Attempt) -> Message | None:
        """The attempt is complete: the assistant's turn, if the caller wants it."""
        for event in self._held.pop(attempt, ()):
            self._assemble(event)
        return self._assembly.message() if self._wants_message else None

    def is_too_large(self, attempt: Attempt) -> bool:
        """Whether the answer no longer fits into one message. A stream whose caller omits the message has no limit."""
        return (self._buffered or self._wants_message) and attempt.content_bytes > MAX_ANSWER_BYTES

    def _assemble(self, event: CallerEvent) -> None:
        if not self._wants_message:
            return
        if isinstance(event, Delta):
            self._assembly.add(event)
        elif isinstance(event, PartCompleted):
            self._assembly.complete(event)
