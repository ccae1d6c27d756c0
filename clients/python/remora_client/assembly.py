"""Puts an answer together from its events: what holds so far, with everything void taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ._pb import content_pb2 as pb
from ._pb.content_pb2 import Message, Part
from .event import (
    Completed,
    Event,
    PartCompleted,
    PartDiscarded,
    ReasoningDelta,
    RefusalDelta,
    Restarted,
    TextDelta,
    ToolCallDelta,
)

_Kind: TypeAlias = Literal["text", "reasoning", "refusal", "tool_call"]


@dataclass(slots=True)
class _Piece:
    """One part as received. `text` is a tool call's arguments."""

    kind: _Kind
    text: str = ""
    id: str = ""
    name: str = ""
    issuer: str = ""
    opaque_state: bytes | None = None


class Assembly:
    """The answer so far. Feed it every event in order; offsets are code points, which Python strings are made of."""

    def __init__(self) -> None:
        self.completed: Completed | None = None
        self._pieces: dict[int, _Piece] = {}

    @property
    def text(self) -> str:
        """The text that holds."""
        return self._joined("text")

    @property
    def reasoning(self) -> str:
        """The reasoning that holds."""
        return self._joined("reasoning")

    def add(self, event: Event) -> bool:
        """Takes an event in; True if it made text void that was there before."""
        match event:
            case TextDelta(text, index):
                self._piece(index, "text").text += text
            case ReasoningDelta(text, index):
                self._piece(index, "reasoning").text += text
            case RefusalDelta(text, index):
                self._piece(index, "refusal").text += text
            case ToolCallDelta(index, call_id, name, fragment):
                piece = self._piece(index, "tool_call")
                piece.text += fragment
                piece.id, piece.name = call_id or piece.id, name or piece.name
            case PartCompleted(index, issuer, state):
                # Reasoning whose provider shows no text arrives as its state alone.
                piece = self._pieces.setdefault(index, _Piece("reasoning"))
                piece.issuer, piece.opaque_state = issuer, state
            case Restarted() | PartDiscarded():
                return self._discard(event)
            case Completed():
                self.completed = event
            case _:
                pass
        return False

    def message(self) -> Message:
        """The assistant's turn: the sidecar's own if it sent one, else put together from the events."""
        if self.completed is not None and self.completed.message.parts:
            return self.completed.message
        parts = [_part_from(self._pieces[index]) for index in sorted(self._pieces)]
        return Message(role=pb.ROLE_ASSISTANT, parts=parts)

    def _discard(self, event: Restarted | PartDiscarded) -> bool:
        before = self.text
        if isinstance(event, Restarted):
            self._pieces.clear()
        elif event.offset <= 0:
            self._pieces.pop(event.part_index, None)
        elif (piece := self._pieces.get(event.part_index)) is not None:
            piece.text = piece.text[: event.offset]
        return self.text != before

    def _piece(self, index: int, kind: _Kind) -> _Piece:
        piece = self._pieces.get(index)
        if piece is None or piece.kind != kind:
            piece = self._pieces[index] = _Piece(kind)
        return piece

    def _joined(self, kind: _Kind) -> str:
        pieces = [self._pieces[index] for index in sorted(self._pieces)]
        return "".join(piece.text for piece in pieces if piece.kind == kind)


def _part_from(piece: _Piece) -> Part:
    part = Part(issuer=piece.issuer or None, opaque_state=piece.opaque_state)
    match piece.kind:
        case "text":
            part.text = piece.text
        case "refusal":
            part.refusal = piece.text
        case "reasoning":
            part.reasoning.CopyFrom(pb.ReasoningPart(text=piece.text))
        case "tool_call":
            part.tool_call.CopyFrom(pb.ToolCallPart(id=piece.id, name=piece.name, arguments_json=piece.text))
    return part
