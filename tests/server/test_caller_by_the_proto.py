"""A caller written from the comments of `chat.proto` alone: it follows every event, and has what the end says it has.

Nothing of the Python client is used, and nothing that the comments do not say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.pb import chat_pb2, chat_pb2_grpc, content_pb2, policy_pb2
from sidecar.simulator import answer_text, reasoning_text

from .conversation import question, tool
from .process import Sidecar
from .provider import Provider

WORDS = 20
UNKNOWN_KIND = b"\xa2\x06\x00"
"""Field 100, which no version has: an empty message."""

THINKING = content_pb2.Reasoning(effort=content_pb2.Reasoning.EFFORT_LOW)
RESTART = policy_pb2.Policy(on_stream_break=policy_pb2.ON_STREAM_BREAK_RESTART)
RESUME_OR_RESTART = policy_pb2.Policy(on_stream_break=policy_pb2.ON_STREAM_BREAK_RESUME_OR_RESTART)


def buffered(tokens: int) -> policy_pb2.Policy:
    """So much is held back, for at most five seconds."""
    return policy_pb2.Policy(
        on_stream_break=policy_pb2.ON_STREAM_BREAK_BUFFER, buffer_tokens=tokens, buffer_duration=Duration(seconds=5)
    )


@dataclass
class Piece:
    """One part as far as it has come. `text`: a tool call's arguments too. `kind` is a field of `Part`."""

    kind: str
    text: str = ""
    id: str = ""
    name: str = ""
    issuer: str | None = None
    opaque_state: bytes | None = None

    def part(self) -> content_pb2.Part:
        """As it belongs into the conversation."""
        made = content_pb2.Part(issuer=self.issuer, opaque_state=self.opaque_state)
        if self.kind == "reasoning":
            made.reasoning.text = self.text
        elif self.kind == "tool_call":
            made.tool_call.id, made.tool_call.name, made.tool_call.arguments_json = self.id, self.name, self.text
        else:
            setattr(made, self.kind, self.text)
        return made


@dataclass
class Caller:
    """Hears one answer. `seen`: kinds of events in order, repetitions in one; `voided`: text that was shown in vain."""

    pieces: dict[int, Piece] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    voided: str = ""
    seam: tuple[str, int, int] | None = None
    completed: chat_pb2.Completed | None = None

    def hear(self, stub: chat_pb2_grpc.ChatServiceStub, request: chat_pb2.ChatRequest) -> Caller:
        """Asks, and takes every event. Raises grpc.RpcError at any other end than `completed`."""
        for response in stub.Chat(request, timeout=15):
            self.take(response)
        return self

    def take(self, response: chat_pb2.ChatResponse) -> None:
        """One event; kinds this caller does not know are ignored."""
        assert self.completed is None, "`completed` comes last"
        kind = response.WhichOneof("event")
        if kind is None:
            return
        if self.seen[-1:] != [kind]:
            self.seen.append(kind)
        act = getattr(self, f"_{kind}", None)
        if act is not None:
            act(getattr(response, kind))

    def _started(self, event: chat_pb2.Started) -> None:
        assert self.seen.count("started") == 1, "once"
        assert not self.pieces, "right before the first content"

    def _text_delta(self, event: chat_pb2.TextDelta) -> None:
        self._append(event.part_index, "text", event.text)

    def _reasoning_delta(self, event: chat_pb2.ReasoningDelta) -> None:
        self._append(event.part_index, "reasoning", event.text)

    def _refusal_delta(self, event: chat_pb2.RefusalDelta) -> None:
        self._append(event.part_index, "refusal", event.text)

    def _append(self, index: int, kind: str, text: str) -> None:
        assert text, "never empty"
        self.pieces.setdefault(index, Piece(kind)).text += text

    def _tool_call_delta(self, event: chat_pb2.ToolCallDelta) -> None:
        is_first = event.part_index not in self.pieces
        assert is_first == bool(event.id) == bool(event.name), "with the first piece; absent after"
        call = self.pieces.setdefault(event.part_index, Piece("tool_call", id=event.id, name=event.name))
        call.text += event.arguments_fragment

    def _part_completed(self, event: chat_pb2.PartCompleted) -> None:
        piece = self.pieces.setdefault(event.part_index, Piece("reasoning"))
        piece.issuer = event.issuer
        piece.opaque_state = event.opaque_state if event.HasField("opaque_state") else None

    def _resumed(self, event: chat_pb2.Resumed) -> None:
        had = self.pieces.get(event.part_index)
        assert event.offset == (len(had.text) if had is not None else 0), "where the seam is in that part"
        self.seam = (event.target.model, event.part_index, event.offset)

    def _restarted(self, event: chat_pb2.Restarted) -> None:
        self.voided += self.text
        self.pieces.clear()

    def _part_discarded(self, event: chat_pb2.PartDiscarded) -> None:
        piece = self.pieces[event.part_index]
        self.voided += piece.text[event.offset :]
        piece.text = piece.text[: event.offset]
        if event.offset == 0:
            del self.pieces[event.part_index]

    def _completed(self, event: chat_pb2.Completed) -> None:
        self.completed = event

    @property
    def text(self) -> str:
        """All text parts, in order."""
        return "".join(piece.text for _, piece in sorted(self.pieces.items()) if piece.kind == "text")

    @property
    def reasoning(self) -> str:
        """All reasoning parts, in order."""
        return "".join(piece.text for _, piece in sorted(self.pieces.items()) if piece.kind == "reasoning")

    @property
    def calls(self) -> list[Piece]:
        """The tool calls, in order."""
        return [piece for _, piece in sorted(self.pieces.items()) if piece.kind == "tool_call"]

    @property
    def message(self) -> content_pb2.Message:
        """The assistant's turn, of what this caller has."""
        parts = [piece.part() for _, piece in sorted(self.pieces.items())]
        return content_pb2.Message(role=content_pb2.ROLE_ASSISTANT, parts=parts)

    @property
    def end(self) -> chat_pb2.Completed:
        """The end, whose message is what this caller has."""
        assert self.completed is not None
        assert self.completed.message == self.message
        return self.completed


@pytest.fixture(scope="module")
def served(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """A sidecar with entries of both wires, with and without prefill."""
    text = f"""
listen: {{grpc: ["127.0.0.1:0"]}}
providers:
  sim: {{protocol: openai, base_url: {provider.url}, api_key: env:SIM_KEY}}
  filled: {{protocol: openai, base_url: {provider.url}, api_key: env:SIM_KEY, prefill: plain}}
  west: {{protocol: anthropic, base_url: {provider.origin}, api_key: env:SIM_KEY}}
policy: {{retry_budget: {{capacity: 100000}}}}
"""
    with Sidecar(tmp_path_factory.mktemp("caller"), text, SIM_KEY="key-of-sim-0123456789") as started:
        yield started


def heard(served: Sidecar, model: str, *fallbacks: str, **fields: Any) -> Caller:
    """What a caller makes of an answer."""
    return Caller().hear(served.chat, question(model, fallback_models=fallbacks, **fields))


def test_a_plain_answer(served: Sidecar) -> None:
    caller = heard(served, "sim/think+tools+caller-plain", tools=[tool("look")])
    assert caller.seen == ["started", "reasoning_delta", "tool_call_delta", "part_completed", "completed"]
    assert caller.reasoning == reasoning_text("hi", 8)
    assert [call.name for call in caller.calls] == ["look"]
    assert caller.end.finish_reason == chat_pb2.FINISH_REASON_TOOL_CALLS
    assert not caller.end.end_inferred


@pytest.mark.parametrize(
    "going_on", ["sim/ok", "sim/overlaps", "filled/ok", "filled/begins-again", "filled/no-prefill", "west/ok"]
)
@pytest.mark.parametrize("broken", ["sim/fin-at-8", "west/end-at-8", "sim/error-event-at-8"])
def test_a_cut_and_a_resume(served: Sidecar, broken: str, going_on: str) -> None:
    label = f"caller-{broken}-{going_on}".replace("/", ".")
    caller = heard(served, f"{broken}+{label}", f"{going_on}+{label}")
    assert caller.seen == ["started", "text_delta", "resumed", "text_delta", "part_completed", "completed"]
    assert caller.text == answer_text("hi", WORDS)
    assert caller.seam == (f"{going_on.split('/')[1]}+{label}", 0, len(answer_text("hi", 8)))
    assert (caller.voided, caller.end.failed_over) == ("", True)


def test_two_cuts_and_two_resumes(served: Sidecar) -> None:
    caller = heard(served, "sim/fin-at-5+caller-two", "west/fin-at-6+caller-two", "sim/ok+caller-two")
    assert caller.seen == ["started", *["text_delta", "resumed"] * 2, "text_delta", "part_completed", "completed"]
    assert caller.text == answer_text("hi", WORDS)
    assert len(caller.end.message.parts) == 1


def test_a_restart(served: Sidecar) -> None:
    caller = heard(served, "sim/fin-at-8+caller-again", "sim/ok+caller-again", policy=RESTART)
    assert caller.seen == ["started", "text_delta", "restarted", "text_delta", "part_completed", "completed"]
    assert caller.text == answer_text("hi", WORDS)
    assert caller.voided == answer_text("hi", 8)
    assert caller.end.failed_over


def test_an_answer_in_json_that_nobody_can_go_on_with_begins_again(served: Sidecar) -> None:
    form = content_pb2.ResponseFormat(kind=content_pb2.ResponseFormat.KIND_JSON)
    asked = {"response_format": form, "policy": RESUME_OR_RESTART}
    caller = heard(served, "sim/fin-at-1+caller-json", "sim/ok+caller-json", **asked)
    assert caller.seen[:4] == ["started", "text_delta", "restarted", "text_delta"]
    assert isinstance(json.loads(caller.text), dict)
    assert caller.voided
    assert caller.end.failed_over


def test_a_cut_inside_reasoning(served: Sidecar) -> None:
    caller = heard(served, "sim/think+fin-at-4+caller-thinks", "west/think+caller-thinks", reasoning=THINKING)
    assert caller.seen[:4] == ["started", "reasoning_delta", "part_discarded", "resumed"]
    assert caller.voided == reasoning_text("hi", 4)
    assert (caller.reasoning, caller.text) == (reasoning_text("hi", 8), answer_text("hi", WORDS))
    assert caller.end.message.parts[0].opaque_state


def test_a_cut_inside_a_tool_call(served: Sidecar) -> None:
    caller = heard(served, "sim/tools+fin-at-2+caller-calls", "west/tools+caller-calls", tools=[tool("look")])
    assert caller.seen[:4] == ["started", "tool_call_delta", "part_discarded", "resumed"]
    assert [call.name for call in caller.calls] == ["look"]
    assert caller.end.finish_reason == chat_pb2.FINISH_REASON_TOOL_CALLS
    assert not caller.end.end_inferred


def test_a_finished_tool_call_and_then_a_cut(served: Sidecar, provider: Provider) -> None:
    model = "parallel-tools+fin-at-5+caller-inferred"
    whole = heard(served, "west/parallel-tools+caller-whole", tools=[tool("look"), tool("hear")])
    caller = heard(served, f"west/{model}", "sim/ok+caller-inferred", tools=[tool("look"), tool("hear")])
    assert caller.seen[:4] == ["started", "tool_call_delta", "part_completed", "tool_call_delta"], caller.seen
    assert caller.seen[4:] == ["part_discarded", "completed"]
    assert [(call.name, call.text) for call in caller.calls] == [(whole.calls[0].name, whole.calls[0].text)]
    assert caller.end.finish_reason == chat_pb2.FINISH_REASON_TOOL_CALLS
    assert caller.end.end_inferred
    assert provider.entries("ok+caller-inferred") == []


def test_a_break_inside_what_is_held_back_is_not_seen(served: Sidecar) -> None:
    caller = heard(served, "sim/fin-at-8+caller-held", "sim/ok+caller-held", policy=buffered(500))
    assert caller.seen == ["started", "text_delta", "part_completed", "completed"]
    assert caller.text == answer_text("hi", WORDS)
    assert caller.end.target.model == "ok+caller-held"


def test_a_break_behind_what_was_held_back_is_a_resume(served: Sidecar) -> None:
    caller = heard(served, "sim/fin-at-15+caller-later", "sim/ok+caller-later", policy=buffered(5))
    assert caller.seen == ["started", "text_delta", "resumed", "text_delta", "part_completed", "completed"]
    assert caller.text == answer_text("hi", WORDS)
    assert caller.end.failed_over


def test_kinds_of_a_later_version_are_ignored() -> None:
    caller = Caller()
    caller.take(chat_pb2.ChatResponse(started=chat_pb2.Started()))
    caller.take(chat_pb2.ChatResponse.FromString(UNKNOWN_KIND))
    caller.take(chat_pb2.ChatResponse(text_delta=chat_pb2.TextDelta(text="a")))
    assert (caller.seen, caller.text) == (["started", "text_delta"], "a")
