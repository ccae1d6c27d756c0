"""The events of an answer as frozen values, made for `match`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ._pb import chat_pb2 as pb
from .answer import Answer, answer_fields
from .enumeration import reason_numbered
from .reason import Reason
from .report import Attempt, FailoverReport, Target, attempt_from, report_from, target_from


@dataclass(frozen=True, slots=True)
class Started:
    """An answer begins: comes once, right before the first content."""

    target: Target
    failed_over: bool


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text of the part with that index, from 0."""

    text: str
    part_index: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of reasoning."""

    text: str
    part_index: int = 0


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. `id` and `name` come with its first piece and are empty after."""

    part_index: int
    id: str
    name: str
    arguments_fragment: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """A piece of the model's refusal."""

    text: str
    part_index: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """A source cited for a text part. Offsets count code points of the part, the end exclusive; None: not told."""

    part_index: int
    uri: str
    title: str
    cited_text: str
    start_offset: int | None
    end_offset: int | None


@dataclass(frozen=True, slots=True)
class PartCompleted:
    """A part is whole. `opaque_state` (None: none) can be read by its issuer only; `message` carries it on."""

    part_index: int
    issuer: str
    opaque_state: bytes | None


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt ended. Only with `include_attempts`."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Failed:
    """The call is about to end with an error; this report is whole. Only with `include_attempts`."""

    reason: Reason | str | None
    message: str
    report: FailoverReport


@dataclass(frozen=True, slots=True)
class Resumed:
    """Another target goes on from what was sent. The seam is at that code point of that part; nothing is void."""

    target: Target
    part_index: int
    offset: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answer begins again: everything received so far is void."""

    target: Target


@dataclass(frozen=True, slots=True)
class PartDiscarded:
    """What is at and behind this code point of the part is void; 0: the whole part."""

    part_index: int
    offset: int


@dataclass(frozen=True, slots=True)
class Completed(Answer):
    """The answer is whole. Ends every successful stream."""


Event: TypeAlias = (
    Started
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | RefusalDelta
    | Citation
    | PartCompleted
    | AttemptEnded
    | Failed
    | Resumed
    | Restarted
    | PartDiscarded
    | Completed
)


def event_from(message: pb.ChatResponse) -> Event | None:
    """The event a message carries; None for a kind this version does not know."""
    kind = message.WhichOneof("event")
    return None if kind is None else _CONVERSIONS[kind](getattr(message, kind))


def _tool_call_delta(body: pb.ToolCallDelta) -> ToolCallDelta:
    return ToolCallDelta(body.part_index, body.id, body.name, body.arguments_fragment)


def _citation(body: pb.Citation) -> Citation:
    start = body.start_offset if body.HasField("start_offset") else None
    end = body.end_offset if body.HasField("end_offset") else None
    return Citation(body.part_index, body.uri, body.title, body.cited_text, start, end)


def _part_completed(body: pb.PartCompleted) -> PartCompleted:
    return PartCompleted(body.part_index, body.issuer, body.opaque_state if body.HasField("opaque_state") else None)


_CONVERSIONS: dict[str, Callable[[Any], Event]] = {
    "started": lambda body: Started(target_from(body.target), body.failed_over),
    "text_delta": lambda body: TextDelta(body.text, body.part_index),
    "reasoning_delta": lambda body: ReasoningDelta(body.text, body.part_index),
    "tool_call_delta": _tool_call_delta,
    "refusal_delta": lambda body: RefusalDelta(body.text, body.part_index),
    "citation": _citation,
    "part_completed": _part_completed,
    "attempt": lambda body: AttemptEnded(attempt_from(body.attempt)),
    "failed": lambda body: Failed(reason_numbered(body.reason), body.message, report_from(body.report)),
    "resumed": lambda body: Resumed(target_from(body.target), body.part_index, body.offset),
    "restarted": lambda body: Restarted(target_from(body.target)),
    "part_discarded": lambda body: PartDiscarded(body.part_index, body.offset),
    "completed": lambda body: Completed(**answer_fields(body)),
}
