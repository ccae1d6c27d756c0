"""The assistant's turn, put together from the deltas that reached the caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from .content import Content, Message, Part, Reasoning, Refusal, Role, Text, ToolCall
from .events import Delta, Kind, PartCompleted


@dataclass(slots=True)
class _Growing:
    kind: Kind
    pieces: list[str] = field(default_factory=list)
    id: str = ""
    name: str = ""
    issuer: str | None = None
    opaque_state: bytes | None = None


class Assembly:
    """Collects parts by index. `characters`: code points of content so far, the base of output estimates."""

    def __init__(self) -> None:
        self._parts: dict[int, _Growing] = {}
        self.characters = 0

    def add(self, delta: Delta) -> None:
        """A piece of content."""
        part = self._parts.get(delta.part_index)
        if part is None:
            part = self._parts[delta.part_index] = _Growing(delta.kind, [], delta.id, delta.name)
        part.pieces.append(delta.text)
        self.characters += len(delta.text) + len(delta.name)

    def complete(self, done: PartCompleted) -> None:
        """A part is whole. One without content that has state is reasoning its provider does not show."""
        part = self._parts.get(done.part_index)
        if part is None and done.opaque_state is not None:
            part = self._parts[done.part_index] = _Growing(Kind.REASONING)
        if part is not None:
            part.issuer, part.opaque_state = done.issuer, done.opaque_state

    def message(self) -> Message:
        """The turn, parts in order."""
        parts = (self._parts[index] for index in sorted(self._parts))
        return Message(Role.ASSISTANT, tuple(Part(_content(p), p.issuer, p.opaque_state) for p in parts))


def _content(part: _Growing) -> Content:
    text = "".join(part.pieces)
    match part.kind:
        case Kind.TEXT:
            return Text(text)
        case Kind.REASONING:
            return Reasoning(text)
        case Kind.REFUSAL:
            return Refusal(text)
        case Kind.TOOL_CALL:
            return ToolCall(part.id, part.name, text)
        case _:
            assert_never(part.kind)
