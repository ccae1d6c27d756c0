"""Tool calls come with their arguments, and go back with their results; also when the next turn is on another wire."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import permutations

import pytest
from remora_client import Client, FinishReason, Message, image, tool_result, user

from .aimock import Aimock, Json
from .scenery import NORTH_SAYS, SOUTH_SAYS, TOOL, WEATHER, WIRES
from .stage import Stage

PICTURE = b"\x89PNG\r\n\x1a\n and no more"
PICTURE_URL = "data:image/png;base64," + b64encode(PICTURE).decode()
RESULT = {"degrees": 11, "sky": "grå"}


def assert_call_goes_with_its_result(messages: list[Json], calls: int = 1) -> None:
    """The history as aimock understood it: calls with their arguments, each followed by its result under one id."""
    (turn,) = (message for message in messages if message.get("tool_calls"))
    results = [message for message in messages if message["role"] == "tool"]
    assert [call["function"]["name"] for call in turn["tool_calls"]] == ["get_weather"] * calls
    assert [json.loads(call["function"]["arguments"]) for call in turn["tool_calls"]] == [WEATHER] * calls
    assert [result["tool_call_id"] for result in results] == [call["id"] for call in turn["tool_calls"]]
    assert [json.loads(result["content"]) for result in results] == [RESULT] * calls


def test_a_tool_is_called_and_its_result_sent_back(stage: Stage):
    conversation: list[Message] = [user("What is the weather?")]
    heard = stage.chat("tools", conversation, tools=[TOOL])
    (call,) = heard.answer.tool_calls
    assert (call.name, call.arguments()) == ("get_weather", WEATHER)
    assert json.loads("".join(piece.arguments_fragment for piece in heard.calls)) == WEATHER
    assert heard.answer.finish_reason == FinishReason.TOOL_CALLS
    assert [tool["function"]["name"] for tool in stage.bodies("tools")[-1]["tools"]] == ["get_weather"]
    assert stage.bodies("tools")[-1]["tools"][0]["function"]["parameters"] == TOOL["parameters"]
    conversation += [heard.answer.message, tool_result(call.id, RESULT)]
    answer = stage.complete("tools", conversation, tools=[TOOL])
    assert (answer.text, answer.finish_reason) == (NORTH_SAYS, FinishReason.STOP)
    assert_call_goes_with_its_result(stage.bodies("tools")[-1]["messages"])


def test_words_and_several_calls_in_one_turn_are_kept_apart(stage: Stage):
    conversation: list[Message] = [user("What is the weather, twice?")]
    heard = stage.chat("several-tools", conversation, tools=[TOOL])
    assert heard.text == "Let me look."
    assert [call.arguments() for call in heard.answer.tool_calls] == [WEATHER, WEATHER]
    results = [tool_result(call.id, RESULT) for call in heard.answer.tool_calls]
    again = stage.chat("several-tools", [*conversation, heard.answer.message, *results], tools=[TOOL])
    assert again.text == NORTH_SAYS
    assert_call_goes_with_its_result(stage.bodies("several-tools")[-1]["messages"], calls=2)


def test_a_whole_answer_has_its_tool_call_too(stage: Stage):
    answer = stage.complete("tools", "What is the weather?", tools=[TOOL])
    assert [(call.name, call.arguments()) for call in answer.tool_calls] == [("get_weather", WEATHER)]
    assert answer.finish_reason == FinishReason.TOOL_CALLS


@pytest.mark.parametrize(("here", "there"), list(permutations(WIRES, 2)))
def test_a_conversation_goes_to_the_other_wire_and_back(remora: Client, aimock: Aimock, here: str, there: str):
    one, other = Stage(remora, aimock, here), Stage(remora, aimock, there)
    conversation: list[Message] = [user("What is the weather here?", image(PICTURE))]
    calls = one.chat("mixed", conversation, tools=[TOOL]).answer
    conversation += [calls.message, tool_result(calls.tool_calls[0].id, RESULT)]
    heard = other.chat("mixed", conversation, tools=[TOOL])
    assert heard.text == NORTH_SAYS
    assert_call_goes_with_its_result(other.bodies("mixed")[-1]["messages"])
    conversation += [heard.answer.message, user("And tomorrow?")]
    back = one.chat("mixed", conversation, tools=[TOOL])
    assert back.text == SOUTH_SAYS
    messages = one.bodies("mixed")[-1]["messages"]
    assert_call_goes_with_its_result(messages)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "assistant", "user"]
    assert messages[3]["content"] == NORTH_SAYS
    if here == "openai":  # aimock keeps no pictures of the other wire
        assert messages[0]["content"][1]["image_url"]["url"] == PICTURE_URL
