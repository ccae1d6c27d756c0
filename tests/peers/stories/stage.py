"""Plays a story as any caller would, and keeps what the caller heard and what aimock saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

from remora_client import (
    Answer,
    Attempt,
    AttemptEnded,
    ChatOptions,
    Client,
    Completed,
    FailoverReport,
    Prompt,
    RemoraError,
    Target,
    TextDelta,
    ToolCallDelta,
)

from . import scenery
from .aimock import Aimock, Json

QUESTION = "How does a remora travel?"
Tried = list[tuple[str, str | None, int | None]]
"""Attempts as (endpoint and key, reason or None for an answer, the provider's status)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One streamed call: the pieces of text and of tool calls, then its end, which is one of the last two.

    told: the attempts that were shown while the call ran.
    """

    texts: tuple[str, ...]
    calls: tuple[ToolCallDelta, ...]
    told: Tried
    completed: Completed | None
    error: RemoraError | None

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.texts)

    @property
    def answer(self) -> Completed:
        """The end of a call that went well."""
        assert self.completed is not None, str(self.error)
        return self.completed

    @property
    def failure(self) -> RemoraError:
        """The end of one that did not."""
        assert self.error is not None
        return self.error

    @property
    def by(self) -> str:
        """The endpoint and key that answered, as `north main`."""
        return _who(self.answer.target)


@dataclass(frozen=True, slots=True)
class Stage:
    """The sidecar and aimock, on one wire."""

    remora: Client
    aimock: Aimock
    wire: str

    def chat(self, story: str, prompt: Prompt = QUESTION, **options: Unpack[ChatOptions]) -> Heard:
        """A streamed call of the story's chain."""
        texts: list[str] = []
        calls: list[ToolCallDelta] = []
        told: Tried = []
        completed, error = None, None
        with self.remora.chat(scenery.alias(self.wire, story), prompt, include_attempts=True, **options) as stream:
            try:
                for event in stream:
                    match event:
                        case TextDelta(text):
                            texts.append(text)
                        case ToolCallDelta():
                            calls.append(event)
                        case AttemptEnded(attempt):
                            told.append(_tried(attempt))
                        case Completed():
                            completed = event
            except RemoraError as failed:
                error = failed
        return Heard(tuple(texts), tuple(calls), told, completed, error)

    def complete(self, story: str, prompt: Prompt = QUESTION, **options: Unpack[ChatOptions]) -> Answer:
        """The same in one piece."""
        return self.remora.complete(scenery.alias(self.wire, story), prompt, **options)

    def statuses(self, story: str, name: str = "north") -> list[int]:
        """What aimock answered at an endpoint, request by request."""
        return self.aimock.statuses(scenery.model(self.wire, story, name))

    def bodies(self, story: str, name: str = "north") -> list[Json]:
        """The requests that came there, as aimock understood them: in the shape of chat completions on either wire."""
        return [entry["body"] for entry in self.aimock.asked(scenery.model(self.wire, story, name))]


def tried(report: FailoverReport) -> Tried:
    """The attempts of a report."""
    return [_tried(attempt) for attempt in report.attempts]


def _tried(attempt: Attempt) -> tuple[str, str | None, int | None]:
    reason = None if attempt.reason is None else str(attempt.reason)
    return _who(attempt.target), reason, attempt.upstream_status


def _who(target: Target) -> str:
    _, name, _ = target.provider.split(".")
    return f"{name} {target.profile}"
