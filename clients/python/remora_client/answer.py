"""The whole answer: what `complete` returns, and what a stream ends with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ._pb import chat_pb2 as pb
from ._pb.content_pb2 import Message
from .enumeration import short_name
from .report import Cost, FailoverReport, Target, Usage, cost_from, report_from, target_from, usage_from

_FINISH_REASON = pb.DESCRIPTOR.enum_types_by_name["FinishReason"]


class FinishReason(StrEnum):
    """Why a model stopped."""

    STOP = "STOP"
    LENGTH = "LENGTH"
    TOOL_CALLS = "TOOL_CALLS"
    CONTENT_FILTERED = "CONTENT_FILTERED"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model wants made. Answer it with `tool_result(call.id, …)`."""

    id: str
    name: str
    arguments_json: str

    def arguments(self) -> Any:
        """The arguments parsed, normally a dict; json.JSONDecodeError if the model wrote broken JSON."""
        return json.loads(self.arguments_json or "{}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `usage` is of the answer as delivered, `total_usage` and `cost` of all attempts.

    `cost` None: a price is not known. `message` is the assistant's turn, ready to append to the conversation; without any
    parts with `omit_message`.
    """

    finish_reason: FinishReason | str | None
    end_inferred: bool
    message: Message
    usage: Usage
    total_usage: Usage
    cost: Cost | None
    requested_model: str
    target: Target
    response_id: str | None
    failed_over: bool
    report: FailoverReport
    trace_id: str

    @property
    def text(self) -> str:
        """The text of the answer; empty with `omit_message`."""
        return "".join(part.text for part in self.message.parts)

    @property
    def reasoning(self) -> str:
        """The reasoning the provider showed."""
        return "".join(part.reasoning.text for part in self.message.parts)

    @property
    def refusal(self) -> str:
        """The model's refusal in its own words; empty if it did not refuse."""
        return "".join(part.refusal for part in self.message.parts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls the model wants made, in order."""
        return tool_calls_of(self.message)

    @property
    def request_id(self) -> str:
        """The call's request id: the caller's, or the one generated."""
        return self.report.request_id

    def json(self) -> Any:
        """The text parsed as JSON; json.JSONDecodeError if it is none."""
        return json.loads(self.text)


def tool_calls_of(message: Message) -> tuple[ToolCall, ...]:
    """The tool calls among the parts of a turn, in order."""
    calls = (part.tool_call for part in message.parts if part.WhichOneof("content") == "tool_call")
    return tuple(ToolCall(call.id, call.name, call.arguments_json) for call in calls)


def answer_fields(message: pb.Completed | pb.CompleteResponse) -> dict[str, Any]:
    """The arguments of `Answer`, and of `Completed`, from either message of the contract."""
    finish = short_name(_FINISH_REASON, message.finish_reason, "FINISH_REASON_")
    return {
        "finish_reason": FinishReason(finish) if finish and finish in FinishReason.__members__ else finish,
        "end_inferred": message.end_inferred,
        "message": message.message,
        "usage": usage_from(message.usage),
        "total_usage": usage_from(message.total_usage),
        "cost": cost_from(message.cost) if message.HasField("cost") else None,
        "requested_model": message.requested_model,
        "target": target_from(message.target),
        "response_id": message.response_id if message.HasField("response_id") else None,
        "failed_over": message.failed_over,
        "report": report_from(message.report),
        "trace_id": message.trace_id,
    }


def answer_from(message: pb.CompleteResponse) -> Answer:
    """The answer of `Complete`."""
    return Answer(**answer_fields(message))
