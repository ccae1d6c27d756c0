"""What reaches the caller: the commit, deltas joined while they wait, the turn they make, and what becomes of it at a break.

An answer may be held back: whole (`buffered`), so that every failure stays invisible, or for its first moments, as the policy
BUFFER says.
"""

from __future__ import annotations

from ..core.assembly import Assembly
from ..core.content import Message, Request
from ..core.events import (
    CallerEvent,
    Delta,
    PartCompleted,
    PartDiscarded,
    Restarted,
    Resumed,
    Said,
    Started,
)
from ..core.policy import DEFAULT_BUFFER_S, DEFAULT_BUFFER_TOKENS, OnStreamBreak, Policy
from ..core.recovery import MAX_RESUMED_CHARACTERS, Recovery, recover, rule_of
from .attempt import Attempt

MAX_ANSWER_BYTES = 30 * 1024 * 1024
"""Under gRPC's message limit of 32 MiB, with room for the report."""
_NEVER = float("inf")


class Delivery:
    """The caller's side of one call. `committed`: the attempt whose content reaches the caller. `spliced`: attempts whose
    content stands in the answer, in order. `most_bytes`: what an attempt may say so that the answer fits into one message; a
    stream whose caller omits the message has no limit. `first_sent_at`: when the first content went out to the caller, void or
    not by now; None while there is none, and of a buffered answer."""

    def __init__(self, *, buffered: bool, wants_message: bool) -> None:
        self._buffered = buffered
        self._wants_message = wants_message
        self._assembly = Assembly()
        self._held: dict[Attempt, list[Said]] = {}
        self._out: list[CallerEvent] = []
        self._has_started = False
        self._holding: Attempt | None = None
        self._held_tokens, self._held_until = 0, _NEVER
        self._failed_over = False
        self.most_bytes = MAX_ANSWER_BYTES if buffered or wants_message else _NEVER
        self.first_sent_at: float | None = None
        self.committed: Attempt | None = None
        self.spliced: list[Attempt] = []

    def take(self) -> list[CallerEvent]:
        """What waits for the caller."""
        out, self._out = self._out, []
        return out

    def tell(self, event: CallerEvent) -> None:
        """An event that is no content."""
        self._out.append(event)

    # An answer begins.

    def begin(self, attempt: Attempt, now: float, *, failed_over: bool) -> None:
        """The attempt's first content, or its end without any, is about to be delivered."""
        if self._buffered or self.committed is not None:
            return
        policy = attempt.start.link.policy
        self._failed_over = failed_over
        if self._has_started or rule_of(policy, is_held=True) is not OnStreamBreak.BUFFER:
            self._commit(attempt, now)
        else:
            self._holding = attempt
            self._held_tokens, self._held_until = _hold_of(policy, now)

    def _commit(self, attempt: Attempt, now: float) -> None:
        self._holding, self.committed = None, attempt
        if self.first_sent_at is None and attempt.first_content_at is not None:
            self.first_sent_at = now
        target, splice = attempt.start.target, attempt.splice
        if splice is not None:
            self._out.append(Resumed(target, splice.part_index, splice.resumption.offset))
        elif self._has_started:
            self._out.append(Restarted(target))
            self._assembly, self.spliced = Assembly(), []
        else:
            self._out.append(Started(target, self._failed_over))
        if self.most_bytes < _NEVER:
            self.most_bytes = MAX_ANSWER_BYTES - sum(before.content_bytes for before in self.spliced)
        self._has_started = True
        self.spliced.append(attempt)
        for event in self._held.pop(attempt, ()):
            self._pass(event)

    @property
    def held_until(self) -> float:
        """When what is held back goes out at the latest."""
        return self._held_until if self._holding is not None else _NEVER

    def release(self, now: float) -> None:
        """Passes on what was held back for long enough, or is enough by now."""
        holding = self._holding
        if holding is not None and (now >= self._held_until or holding.characters // 4 >= self._held_tokens):
            self._commit(holding, now)

    # An answer goes on.

    def deliver(self, attempt: Attempt, event: Said) -> None:
        """Content: to the caller, or into the attempt's hold, until it is committed."""
        if attempt is self.committed:
            self._pass(event)
        else:
            self._held.setdefault(attempt, []).append(event)

    def _pass(self, event: Said) -> None:
        self._assemble(event)
        if isinstance(event, Delta) and self._out and isinstance(self._out[-1], Delta):
            joined = self._out[-1].joined(event)
            if joined is not None:
                self._out[-1] = joined
                return
        self._out.append(event)

    # An answer breaks off.

    def drop(self, attempt: Attempt) -> None:
        """The attempt failed, or another was first: what was held of it is void."""
        self._held.pop(attempt, None)
        if self._holding is attempt:
            self._holding = None

    def recovery(self, policy: Policy, request: Request) -> Recovery:
        """What follows, now that the committed attempt broke off. Parts that are void are told."""
        found = recover(self._assembly, policy, request)
        for index in found.discarded:
            self._assembly.discard(index)
            self._out.append(PartDiscarded(index))
        return found

    def broke(self) -> None:
        """The committed attempt broke off, and the call goes on."""
        self.committed = None

    # An answer is whole.

    def finish(self, attempt: Attempt, now: float) -> Message | None:
        """The attempt is complete: the assistant's turn, if the caller wants it."""
        if self._holding is attempt:
            self._commit(attempt, now)
        for event in self._held.pop(attempt, ()):
            self._assemble(event)
        return self.message()

    def message(self) -> Message | None:
        """The assistant's turn, if the caller wants it."""
        return self._assembly.message() if self._wants_message else None

    def _assemble(self, event: Said) -> None:
        if isinstance(event, Delta):
            self._assembly.add(event)
            if self._assembly.characters > MAX_RESUMED_CHARACTERS and not self._wants_message:
                self._assembly.forget_text()
        elif isinstance(event, PartCompleted):
            self._assembly.complete(event)


def _hold_of(policy: Policy, now: float) -> tuple[int, float]:
    """Tokens held back at the most, and until when. Where only one of them is said, the other does not matter."""
    tokens, seconds = policy.buffer_tokens, policy.buffer_s
    if tokens is None and seconds is None:
        tokens, seconds = DEFAULT_BUFFER_TOKENS, DEFAULT_BUFFER_S
    return tokens if tokens is not None else 1 << 62, now + seconds if seconds is not None else _NEVER
