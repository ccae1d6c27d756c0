"""The assistant's turn, put together from the deltas that reached the caller, discards applied."""

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
    is_complete: bool = False


class Assembly:
    """Collects parts by index. `characters`: code points of content so far; `newest`: the part that the
    last of it belongs to."""

    def __init__(self) -> None:
        self._parts: dict[int, _Growing] = {}
        self._next_index = 0
        self._keeps_text = True
        self.characters = 0
        self.newest = 0

    @property
    def next_index(self) -> int:
        """Of a part after all there ever were."""
        return self._next_index

    def add(self, delta: Delta) -> None:
        """A piece of content."""
        index, text = delta.part_index, delta.text
        self.newest = index
        part = self._parts.get(index)
        if part is None:
            part = self._parts[index] = _Growing(delta.kind, [], delta.id, delta.name)
            self._next_index = max(self._next_index, index + 1)
            self.characters += len(delta.name)
        if self._keeps_text:
            part.pieces.append(text)
        self.characters += len(text)

    def complete(self, done: PartCompleted) -> None:
        """A part is whole. One without content that has state is reasoning its provider does not show."""
        part = self._parts.get(done.part_index)
        if part is None and done.opaque_state is not None:
            part = self._parts[done.part_index] = _Growing(Kind.REASONING)
            self._next_index = max(self._next_index, done.part_index + 1)
        if part is not None:
            part.issuer, part.opaque_state, part.is_complete = done.issuer, done.opaque_state, True

    def forget_text(self) -> None:
        """Nobody needs the text any more; what parts there are is still known."""
        self._keeps_text = False
        for part in self._parts.values():
            part.pieces.clear()

    def discard(self, index: int) -> None:
        """A part is void. Its index is not used again."""
        del self._parts[index]

    def shapes(self) -> list[tuple[int, Kind, bool]]:
        """Index, kind, and whether it is whole, of each part in order."""
        return [(index, self._parts[index].kind, self._parts[index].is_complete) for index in sorted(self._parts)]

    def pieces_of(self, index: int) -> int:
        """In how many deltas a part came."""
        return len(self._parts[index].pieces)

    def text_of(self, index: int) -> str:
        """What a part says."""
        return "".join(self._parts[index].pieces)

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
