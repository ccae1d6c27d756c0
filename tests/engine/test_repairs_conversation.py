"""Repairs of conversations through the engine, in virtual time: overflows, tools and reasoning, in both wires."""

from __future__ import annotations

import orjson
import pytest

from sidecar.core.catalog import Model
from sidecar.core.content import Message, Part, Reasoning, Request, Role, Text, Tool, ToolCall, ToolResult
from sidecar.core.policy import OnContextOverflow, Policy, PromptGuidedTools
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .rig import ask, good, hear, provider
from .virtual import run
from .wires import CLAUDE, A, B, Wires, check_repaired, claude_good, claude_refused, one, refused, repairs

TRUNCATE = Policy(on_context_overflow=OnContextOverflow.TRUNCATE)
LONG = (
    Message(Role.SYSTEM, (Part(Text("Be brief.")),)),
    *(
        Message(role, (Part(Text(f"{role.value} {turn} " + "x" * 400)),))
        for turn in range(4)
        for role in (Role.USER, Role.ASSISTANT)
    ),
    Message(Role.USER, (Part(Text("And now?")),)),
)
TOO_LONG = "This model's maximum context length is 600 tokens, your prompt is longer"


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_the_oldest_turns_are_left_out_of_what_is_sent(wire: str) -> None:
    if wire == "openai":
        rig = one(refused(TOO_LONG))
    else:
        rig = one(claude_refused("prompt is too long: 900 tokens > 600 maximum"), claude_good(), CLAUDE)
    heard = run(hear(rig, ask(policy=TRUNCATE, messages=LONG)))
    check_repaired(rig, heard)
    first, second = (orjson.dumps(body).decode() for body in rig.bodies)
    for body, oldest in ((first, 0), (second, 2)):
        assert [turn for turn in range(4) if f"user {turn} " in body] == list(range(oldest, 4))
        assert "Be brief." in body
        assert "And now?" in body
    assert repairs(heard) == [(1, "CONTEXT_LENGTH", "the 2 oldest turns left out of the conversation")]


def test_with_nothing_to_leave_out_the_error_names_the_remedies() -> None:
    rig = one(refused(TOO_LONG))
    heard = run(hear(rig, ask(policy=TRUNCATE)))
    assert len(rig.bodies) == 1
    assert heard.error is not None
    assert heard.error.reason is Reason.CONTEXT_LENGTH
    assert "name a model with a larger window" in heard.error.message


def test_an_overflow_goes_to_a_larger_window_and_passes_over_smaller_ones() -> None:
    small, tiny, large = (
        provider(name, models=(Model(model, context_window=window),))
        for name, model, window in (("a", "m", 1000), ("b", "tiny", 500), ("d", "large", 4000))
    )
    rig = Wires({"a/m": [refused(TOO_LONG)], "d/large": [good()]}, (small, tiny, large), ("b/tiny", "d/large"))
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "d/large/k1"]
    report = heard.completed.report
    assert [(str(skip.entry), skip.cause) for skip in report.skipped] == [("b/tiny", SkipCause.CAPABILITY)]
    assert repairs(heard) == []


NO_TOOLS = "This model does not support tools"


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_refused_tools_are_given_as_instructions_in_the_prompt(wire: str) -> None:
    rig = one(refused(NO_TOOLS)) if wire == "openai" else one(claude_refused(NO_TOOLS), claude_good(), CLAUDE)
    heard = run(hear(rig, ask(tools=(Tool("look_it_up"),))))
    check_repaired(rig, heard)
    first, second = rig.bodies
    assert "tools" in first
    assert "tools" not in second
    assert "look_it_up" in orjson.dumps(second).decode()
    assert repairs(heard) == [(1, "TOOL_SCHEMA", "tools given as instructions in the prompt")]


def test_where_that_is_forbidden_the_next_entry_is_asked() -> None:
    rig = Wires({"a/m": [refused(NO_TOOLS)], "b/m": [good()]}, (A, B), ("b/m",))
    forbid = Policy(prompt_guided_tools=PromptGuidedTools.FORBID)
    heard = run(hear(rig, ask(policy=forbid, tools=(Tool("look_it_up"),))))
    assert heard.reasons == ["TOOL_SCHEMA", ""]
    assert ["tools" in body for body in rig.bodies] == [True, True]


def test_a_model_declared_without_tools_gets_them_as_instructions_at_once_where_that_is_allowed() -> None:
    bare = provider("a", models=(Model("m", features=frozenset()),))
    rig = Wires({"a/m": [good()]}, (bare,))
    allow = Policy(prompt_guided_tools=PromptGuidedTools.ALLOW)
    heard = run(hear(rig, ask(policy=allow, tools=(Tool("look_it_up"),))))
    (body,) = rig.bodies
    assert "tools" not in body
    assert heard.kinds == ["first"]
    assert repairs(heard) == [(1, "TOOL_SCHEMA", "tools given as instructions in the prompt")]


def thoughtful() -> Request:
    """A conversation with reasoning that the provider `c` issued, before a tool call."""
    thought = Part(Reasoning("Let me think."), "c", b"thinking:sig")
    turns = (
        Message(Role.USER, (Part(Text("Why?")),)),
        Message(Role.ASSISTANT, (thought, Part(ToolCall("call_1", "look", "{}")))),
        Message(Role.TOOL, (Part(ToolResult("call_1", "Because.")),)),
    )
    return ask(messages=turns, reasoning_effort="low", tools=(Tool("look"),))


def test_refused_reasoning_is_left_out_and_thinking_switched_off() -> None:
    message = "messages.1.content.0: Invalid `signature` in `thinking` block"
    rig = one(claude_refused(message), claude_good(), CLAUDE)
    heard = run(hear(rig, thoughtful()))
    check_repaired(rig, heard)
    first, second = rig.bodies
    assert first["thinking"]["type"] == "enabled"
    assert second.get("thinking", {"type": "disabled"})["type"] == "disabled"
    assert "Let me think." in orjson.dumps(first).decode()
    assert "Let me think." not in orjson.dumps(second).decode()
    words = "reasoning left out of the conversation, and thinking switched off"
    assert repairs(heard) == [(1, "FOREIGN_REASONING", words)]
