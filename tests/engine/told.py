"""What a caller makes of the events of a call, by the promises of chat.proto alone; each broken one is an AssertionError."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sidecar.core.content import Message, Reasoning, Refusal, Text, ToolCall
from sidecar.core.events import (
    CallerEvent,
    Completed,
    Delta,
    Kind,
    PartCompleted,
    PartDiscarded,
    Restarted,
    Resumed,
    Started,
)

_KINDS = {Text: Kind.TEXT, Reasoning: Kind.REASONING, Refusal: Kind.REFUSAL, ToolCall: Kind.TOOL_CALL}


@dataclass
class Part:
    """One part as far as it was told."""

    kind: Kind
    text: str = ""
    is_whole: bool = False


@dataclass
class Caller:
    """`parts`: those that stand; `used`: how many indexes were ever used since the answer began; `resumptions`, `restarts`,
    `discards`: how often each was told."""

    parts: dict[int, Part] = field(default_factory=dict)
    used: int = 0
    has_started: bool = False
    is_over: bool = False
    must_go_on: bool = False
    resumptions: int = 0
    restarts: int = 0
    discards: int = 0

    def take(self, events: Iterable[CallerEvent]) -> Caller:
        """Takes them in order."""
        for event in events:
            assert not self.is_over, f"{event} after Completed"
            assert self.has_started or isinstance(event, Started), f"{event} before Started"
            if self.must_go_on:
                assert isinstance(event, (PartDiscarded, Resumed, Restarted, Completed)), f"{event} after a discard"
            self.must_go_on = isinstance(event, PartDiscarded)
            self._take(event)
        return self

    def _take(self, event: CallerEvent) -> None:
        match event:
            case Started():
                assert not self.has_started, "started twice"
                self.has_started = True
            case Delta(kind, index, text):
                part = self.parts.get(index) or self._begun(index, kind)
                assert part.kind is kind
                assert not part.is_whole, f"{event} behind its end"
                part.text += text
            case PartCompleted(index, _, state):
                part = self.parts.get(index) or (self._begun(index, Kind.REASONING) if state else Part(Kind.TEXT))
                assert not part.is_whole, f"{index} ended twice"
                part.is_whole = True
            case PartDiscarded(index, offset):
                assert offset == 0
                assert not self.parts.pop(index).is_whole
                self.discards += 1
            case Resumed(_, index, offset):
                self.resumptions += 1
                self._resumed(index, offset)
            case Restarted():
                self.restarts += 1
                self.parts, self.used = {}, 0
            case Completed():
                self.is_over = True
            case _:
                raise AssertionError(event)

    def _begun(self, index: int, kind: Kind) -> Part:
        assert index == self.used, f"part {index} after {self.used} parts"
        self.used += 1
        part = self.parts[index] = Part(kind)
        return part

    def _resumed(self, index: int, offset: int) -> None:
        part = self.parts.get(index)
        if part is None:
            assert (index, offset) == (self.used, 0)
        else:
            assert (part.kind, part.is_whole, len(part.text)) == (Kind.TEXT, False, offset)

    def agrees(self, message: Message) -> None:
        """The turn says the same, in the same order."""
        told = [(part.kind, part.text) for _, part in sorted(self.parts.items())]
        said = []
        for part in message.parts:
            content = part.content
            assert isinstance(content, (Text, Reasoning, Refusal, ToolCall))
            said.append((_KINDS[type(content)], content.arguments if isinstance(content, ToolCall) else content.text))
        assert said == told
