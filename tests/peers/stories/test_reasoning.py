"""Reasoning goes back to who issued it, signed, and to nobody else. aimock is strict: it refuses a tool's result when
thinking is asked for and the turn that called the tool does not begin with signed thinking."""

from __future__ import annotations

from remora_client import Client, Message, ReasoningDelta, tool_result, user

from .aimock import Aimock
from .scenery import NORTH_SAYS, SOUTH_SAYS, THOUGHT, TOOL, alias
from .stage import Stage, tried

QUESTION = "What is the weather?"


def test_reasoning_arrives_as_it_was_thought(stage: Stage):
    chain = alias(stage.wire, "thinking")
    with stage.remora.chat(chain, QUESTION, tools=[TOOL], reasoning_effort="low") as stream:
        thought = "".join(event.text for event in stream if isinstance(event, ReasoningDelta))
    assert thought == THOUGHT
    assert stage.complete("thinking", QUESTION, tools=[TOOL], reasoning_effort="low").reasoning == THOUGHT


def test_a_tools_result_goes_back_behind_the_signed_reasoning_that_called_it(stage: Stage):
    conversation: list[Message] = [user(QUESTION)]
    called = stage.chat("thinking", conversation, tools=[TOOL], reasoning_effort="low").answer
    conversation += [called.message, tool_result(called.tool_calls[0].id, "11 °C")]
    heard = stage.chat("thinking", conversation, tools=[TOOL], reasoning_effort="low")
    assert heard.text == NORTH_SAYS
    assert heard.told == [("north main", None, 200)]
    assert not heard.answer.report.repairs


def test_signed_reasoning_is_left_out_elsewhere_and_comes_back_to_its_issuer(remora: Client, aimock: Aimock):
    issuer, elsewhere = Stage(remora, aimock, "anthropic"), Stage(remora, aimock, "openai")
    conversation: list[Message] = [user(QUESTION)]
    called = issuer.chat("thinking", conversation, tools=[TOOL], reasoning_effort="low").answer
    conversation += [called.message, tool_result(called.tool_calls[0].id, "11 °C")]
    heard = elsewhere.chat("thinking", conversation, tools=[TOOL])
    assert heard.text == NORTH_SAYS
    assert THOUGHT not in str(elsewhere.bodies("thinking")[-1])
    conversation += [heard.answer.message, user("And tomorrow?")]
    back = issuer.chat("thinking", conversation, tools=[TOOL], reasoning_effort="low")
    assert back.text == SOUTH_SAYS
    assert tried(back.answer.report) == [("north main", None, 200)]
