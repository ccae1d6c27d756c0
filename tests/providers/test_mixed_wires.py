"""A conversation that goes from one wire to the other and back keeps tools, ids and pictures, and no foreign reasoning."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sidecar.core import content as c
from sidecar.core.assembly import Assembly
from sidecar.core.catalog import Model
from sidecar.core.events import Delta, PartCompleted
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.codec import Codec
from sidecar.providers.history import FOREIGN_LEFT_OUT
from sidecar.providers.openai import OpenAI

from . import anthropic_chunks as claude
from .anthropic_bodies import PNG, check, results, system, user
from .chunks import call, calls, chunk, sse

CLAUDE, GPT = Anthropic(), OpenAI()
ISSUERS: dict[str, str] = {"anthropic": "claude-house", "openai": "gpt-house"}
LONG_ID = "call|" + "9" * 60
TOOL = c.Tool("look", "Looks.", '{"type": "object"}')
FROM_GPT = sse(
    chunk({"reasoning_content": "gpt thinks"}),
    chunk({"content": "I look."}),
    calls(call(0, '{"city": ', LONG_ID, "look"), call(1, "{}", "call_2", "look")),
    calls(call(0, '"Bonn"}')),
    chunk({}, "tool_calls"),
)
FROM_CLAUDE = claude.answer(
    claude.block(
        0,
        claude.delta(0, type="thinking_delta", thinking="claude thinks"),
        claude.delta(0, type="signature_delta", signature="sig=="),
        type="thinking",
        thinking="",
        signature="",
    ),
    claude.said(1, "I look again."),
    claude.call(2, '{"city": "Ulm"}', id="toolu_" + "A" * 24),
    reason="tool_use",
)


def answered(codec: Codec, body: bytes) -> c.Message:
    """The turn a caller receives, and sends back unchanged."""
    decoder = codec.decoder(stream=True, issuer=ISSUERS[codec.protocol])
    assembly = Assembly()
    for event in [*decoder.feed(body), *decoder.end()]:
        if isinstance(event, Delta):
            assembly.add(event)
        elif isinstance(event, PartCompleted):
            assembly.complete(event)
    return assembly.message()


def results_of(turn: c.Message) -> c.Message:
    made = [part.content for part in turn.parts if isinstance(part.content, c.ToolCall)]
    return results(*(c.ToolResult(call.id, f"seen {i}", (PNG,)) for i, call in enumerate(made)))


def talk(*answers: tuple[Codec, bytes]) -> tuple[c.Message, ...]:
    messages = [system("Be brief."), user("weather?", PNG)]
    for codec, body in answers:
        turn = answered(codec, body)
        messages += [turn, results_of(turn)]
    return tuple(messages)


THERE_AND_BACK = {
    "openai first": talk((GPT, FROM_GPT), (CLAUDE, FROM_CLAUDE), (GPT, FROM_GPT)),
    "anthropic first": talk((CLAUDE, FROM_CLAUDE), (GPT, FROM_GPT), (CLAUDE, FROM_CLAUDE)),
}


def encoded(codec: Codec, messages: tuple[c.Message, ...], **more: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    request = c.Request("m", messages, tools=(TOOL,), **more)
    sent = codec.encode(request, Model("claude-sonnet-4-5"), stream=True, issuer=ISSUERS[codec.protocol])
    read: dict[str, Any] = orjson.loads(sent.body)
    if codec is CLAUDE:
        check(read)
    return read, tuple(made.message for made in sent.repairs)


def claude_calls(body: dict[str, Any]) -> list[tuple[list[tuple[str, str, Any]], list[str]]]:
    """Per turn of the model: its calls, and the ids of the results right behind it."""
    found = []
    for turn, behind in zip(body["messages"], body["messages"][1:], strict=False):
        if turn["role"] == "assistant":
            made = [(b["id"], b["name"], b["input"]) for b in turn["content"] if b["type"] == "tool_use"]
            found.append((made, [b["tool_use_id"] for b in behind["content"] if b["type"] == "tool_result"]))
    return found


def gpt_calls(body: dict[str, Any]) -> list[tuple[list[tuple[str, str, Any]], list[str]]]:
    found: list[tuple[list[tuple[str, str, Any]], list[str]]] = []
    for turn in body["messages"]:
        if turn["role"] == "assistant":
            functions = [(call["id"], call["function"]) for call in turn["tool_calls"]]
            made = [(call_id, f["name"], orjson.loads(f["arguments"])) for call_id, f in functions]
            found.append((made, []))
        elif turn["role"] == "tool":
            found[-1][1].append(turn["tool_call_id"])
    return found


@pytest.mark.parametrize("name", THERE_AND_BACK)
def test_every_call_has_an_id_of_its_own_that_is_accepted_and_its_result_right_behind_it(name: str) -> None:
    claude_body, _ = encoded(CLAUDE, THERE_AND_BACK[name])
    gpt_body, _ = encoded(GPT, THERE_AND_BACK[name])
    for turns, longest in ((claude_calls(claude_body), 64), (gpt_calls(gpt_body), 40)):
        ids = [call_id for made, _ in turns for call_id, _, _ in made]
        assert len(set(ids)) == len(ids)
        assert max(map(len, ids)) <= longest
        assert all([call_id for call_id, _, _ in made] == answered_ids for made, answered_ids in turns)


@pytest.mark.parametrize("name", THERE_AND_BACK)
def test_tools_and_arguments_are_the_same_on_both_wires(name: str) -> None:
    on_claude = [(n, i) for made, _ in claude_calls(encoded(CLAUDE, THERE_AND_BACK[name])[0]) for _, n, i in made]
    on_gpt = [(n, i) for made, _ in gpt_calls(encoded(GPT, THERE_AND_BACK[name])[0]) for _, n, i in made]
    assert on_claude == on_gpt
    assert {"city": "Bonn"} in [arguments for _, arguments in on_claude]
    assert {"city": "Ulm"} in [arguments for _, arguments in on_claude]


@pytest.mark.parametrize("name", THERE_AND_BACK)
def test_no_picture_is_lost(name: str) -> None:
    messages = THERE_AND_BACK[name]
    pictures = 1 + sum(len(p.content.images) for m in messages for p in m.parts if isinstance(p.content, c.ToolResult))
    assert orjson.dumps(encoded(CLAUDE, messages)[0]).count(b'"type":"image"') == pictures
    assert orjson.dumps(encoded(GPT, messages)[0]).count(b'"type":"image_url"') == pictures


@pytest.mark.parametrize("name", THERE_AND_BACK)
def test_reasoning_goes_back_to_its_issuer_only_and_what_stays_behind_is_told_once(name: str) -> None:
    claude_body, claude_repairs = encoded(CLAUDE, THERE_AND_BACK[name])
    gpt_body, gpt_repairs = encoded(GPT, THERE_AND_BACK[name])
    thinking = {"type": "thinking", "thinking": "claude thinks", "signature": "sig=="}
    blocks = [b for m in claude_body["messages"] if m["role"] == "assistant" for b in m["content"]]
    assert thinking in blocks
    assert "gpt thinks" not in str(claude_body)
    assert "thinks" not in str(gpt_body)
    assert "sig==" not in str(gpt_body)
    assert claude_repairs == gpt_repairs == (FOREIGN_LEFT_OUT,)


def test_thinking_goes_on_after_an_answer_of_its_own_and_is_off_after_a_foreign_one() -> None:
    own, told = encoded(CLAUDE, THERE_AND_BACK["anthropic first"], reasoning_effort="low")
    assert own["thinking"]["type"] == "enabled"
    assert told == (FOREIGN_LEFT_OUT,)
    foreign, told = encoded(CLAUDE, THERE_AND_BACK["openai first"], reasoning_effort="low")
    assert "thinking" not in foreign
    assert told == (
        FOREIGN_LEFT_OUT,
        "thinking was switched off: the last tool calls have no reasoning this provider issued",
    )


def test_a_conversation_on_one_wire_needs_no_repair() -> None:
    assert encoded(CLAUDE, talk((CLAUDE, FROM_CLAUDE)))[1] == ()
    assert encoded(GPT, talk((GPT, FROM_GPT)))[1] == ()


def test_a_system_prompt_is_one_on_both_wires() -> None:
    messages = THERE_AND_BACK["openai first"]
    assert encoded(CLAUDE, messages)[0]["system"] == "Be brief."
    assert encoded(GPT, messages)[0]["messages"][0] == {"role": "system", "content": "Be brief."}
