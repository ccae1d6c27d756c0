"""A conversation as a target can take it back: tool-call ids it accepts, and no reasoning it did not issue (failover.md §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256

from ..core.content import Message, Part, Reasoning, Role, ToolCall, ToolResult

FOREIGN_LEFT_OUT = "reasoning this provider did not issue was left out of the conversation"
"""The repair told where reasoning stays behind."""
_DIGITS = 24


def has_foreign_reasoning(messages: Iterable[Message], issuer: str) -> bool:
    """Whether any reasoning of the conversation is another's, or nobody's that is known."""
    return any(
        isinstance(part.content, Reasoning) and part.issuer != issuer for message in messages for part in message.parts
    )


def with_accepted_ids(messages: tuple[Message, ...], accepts: Callable[[str], bool]) -> tuple[Message, ...]:
    """The conversation with every tool call's id accepted and its own, and results that follow their calls.

    An accepted id that no earlier call has stays. Any other becomes one of 29 characters of a-z 0-9 _ that depends only
    on the id and how often it came before, so that it is the same in the next turn. `accepts` must accept such ids.
    """
    ids = _Ids(accepts, _ids_of(messages))
    if ids.are_accepted:
        return messages
    return tuple(_rewritten(message, ids) for message in messages)


def _ids_of(messages: Iterable[Message]) -> list[str]:
    return [p.content.id for message in messages for p in message.parts if isinstance(p.content, ToolCall)]


def _rewritten(message: Message, ids: _Ids) -> Message:
    if message.role is Role.ASSISTANT:
        ids.begin_turn()
    return replace(message, parts=tuple(_rewritten_part(part, ids) for part in message.parts))


def _rewritten_part(part: Part, ids: _Ids) -> Part:
    match part.content:
        case ToolCall(call_id):
            return replace(part, content=replace(part.content, id=ids.of_call(call_id)))
        case ToolResult(call_id):
            return replace(part, content=replace(part.content, tool_call_id=ids.of_result(call_id)))
        case _:
            return part


class _Ids:
    """New ids by old ones. Calls that share an id are answered in their order."""

    def __init__(self, accepts: Callable[[str], bool], originals: list[str]) -> None:
        self._accepts = accepts
        self._taken = {call_id for call_id in originals if accepts(call_id)}
        self.are_accepted = len(self._taken) == len(originals)
        self._times: dict[str, int] = {}
        self._unanswered: dict[str, list[str]] = {}
        self._latest: dict[str, str] = {}

    def of_call(self, call_id: str) -> str:
        times = self._times[call_id] = self._times.get(call_id, 0) + 1
        new = call_id if times == 1 and self._accepts(call_id) else self._made(call_id, times)
        self._unanswered.setdefault(call_id, []).append(new)
        self._latest[call_id] = new
        return new

    def of_result(self, call_id: str) -> str:
        """The oldest unanswered call of the turn, else the latest. The edge has seen to it that there is one."""
        waiting = self._unanswered.get(call_id)
        return waiting.pop(0) if waiting else self._latest[call_id]

    def begin_turn(self) -> None:
        """The model speaks again: calls it has left unanswered will not be answered any more."""
        self._unanswered.clear()

    def _made(self, call_id: str, times: int) -> str:
        salt = 0
        while True:
            text = f"{times}/{salt}/{call_id}".encode("utf-8", "surrogatepass")
            made = f"call_{sha256(text).hexdigest()[:_DIGITS]}"
            if made not in self._taken:
                self._taken.add(made)
                return made
            salt += 1
