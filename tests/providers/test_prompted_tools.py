"""Requests for models without native tools: what they are told instead, and how the conversation is shown to them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core import content as c
from sidecar.core.capability import needs
from sidecar.core.catalog import Feature, Model
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.codec import Codec
from sidecar.providers.openai import OpenAI
from sidecar.providers.prompted_tools import offered, prompted
from tests.conftest import Golden

GOLDEN = Path(__file__).parent / "golden"
PNG = c.Image(b"\x89PNG", None, "image/png", "low")
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string", "const": 1.10}}}'
WEATHER = c.Tool("get_weather", "Tells the weather.", SCHEMA, strict=True)
TOOLS = (WEATHER, c.Tool("get_time"))


def turn(role: c.Role, *parts: c.Content) -> c.Message:
    return c.Message(role, tuple(c.Part(part) for part in parts))


def user(*texts: str) -> c.Message:
    return turn(c.Role.USER, *(c.Text(text) for text in texts))


def system(*texts: str) -> c.Message:
    return turn(c.Role.SYSTEM, *(c.Text(text) for text in texts))


CALLS = turn(
    c.Role.ASSISTANT,
    c.Reasoning("hm"),
    c.Text("I look."),
    c.ToolCall("c1", "get_weather", '{"city":"Köln", "n": 1.10}'),
    c.ToolCall("c2", "get_time", ""),
    c.Text("Wait."),
)
HISTORY = (
    system("Be brief."),
    user("weather?"),
    CALLS,
    turn(c.Role.TOOL, c.ToolResult("c1", 'rain "now"\n', (PNG,))),
    turn(c.Role.TOOL, c.ToolResult("c2", "no clock", is_error=True)),
    user("so?"),
)
ASKED = c.Request("m", HISTORY, tools=TOOLS, parallel_tool_calls=True, max_output_tokens=9)


def texts(message: c.Message) -> list[str]:
    return [part.content.text for part in message.parts if isinstance(part.content, c.Text)]


def instruction(request: c.Request) -> str:
    first = prompted(request).messages[0]
    assert first.role is c.Role.SYSTEM
    return texts(first)[-1]


def encoded(codec: Codec, request: c.Request) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(codec.encode(request, Model("up"), stream=True, issuer="vendor").body)
    return body


@pytest.mark.parametrize("codec", [OpenAI(), Anthropic()], ids=lambda codec: codec.protocol)
def test_the_body_is_as_it_was_and_has_no_native_tools(codec: Codec, golden: Golden) -> None:
    body = encoded(codec, prompted(ASKED))
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()
    assert not {"tool", "tool_use", "tool_result"} & {
        name
        for message in body["messages"]
        for name in (message["role"], *(b["type"] for b in message["content"] if isinstance(b, dict)))
    }
    golden(GOLDEN / f"prompted-{codec.protocol}.json", orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n")


def test_each_tool_is_listed_with_its_schema_byte_for_byte() -> None:
    told = instruction(ASKED)
    described = f'{{"name":"get_weather","description":"Tells the weather.","parameters":{SCHEMA}}}'
    assert f'{{"type":"function","function":{described}}}\n' in told
    assert '"name":"get_time","parameters":{"type":"object","properties":{}}' in told


def test_the_instruction_follows_the_last_of_the_first_system_messages() -> None:
    request = replace(ASKED, messages=(system("One."), system("Two.", "Three."), user("hi"), system("Later.")))
    first, second, *rest = prompted(request).messages
    assert texts(first) == ["One."]
    assert texts(second)[0] == "Two."
    assert texts(second)[1].startswith("Three.\n\n# Tools")
    assert len(texts(second)) == 2
    assert rest == [user("hi"), system("Later.")]


def test_the_instruction_is_a_system_message_where_there_is_none() -> None:
    first, *rest = prompted(replace(ASKED, messages=(user("hi"),))).messages
    assert (first.role, len(first.parts), rest) == (c.Role.SYSTEM, 1, [user("hi")])


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (None, "only where you need them"),
        (c.ToolChoice(c.ToolMode.AUTO), "only where you need them"),
        (c.ToolChoice(c.ToolMode.REQUIRED), "must call at least one tool"),
        (c.ToolChoice(c.ToolMode.NAMED, "get_time"), "must call the tool get_time."),
    ],
)
def test_the_choice_of_tools_is_said_in_words(choice: c.ToolChoice | None, said: str) -> None:
    request = replace(ASKED, tool_choice=choice)
    assert said in instruction(request)
    assert offered(request) == TOOLS


def test_one_call_at_most_is_said_in_words() -> None:
    assert "one call at most" in instruction(replace(ASKED, parallel_tool_calls=False))
    assert "several calls" in instruction(replace(ASKED, parallel_tool_calls=None))


def test_ids_are_spoken_of_where_calls_have_some() -> None:
    assert "bear an id" in instruction(ASKED)
    assert "bear an id" not in instruction(replace(ASKED, messages=(user("hi"),)))


def test_with_the_choice_none_no_tool_is_listed() -> None:
    request = replace(ASKED, tool_choice=c.ToolChoice(c.ToolMode.NONE))
    assert offered(request) == ()
    assert "No tool can be called now" in instruction(request)
    assert "get_weather" not in instruction(request)
    fresh = replace(request, messages=(user("hi"),))
    assert prompted(fresh).messages == fresh.messages


def test_a_request_without_tools_still_shows_the_calls_of_its_past() -> None:
    request = replace(ASKED, tools=())
    assert "No tool can be called now" in instruction(request)
    assert Feature.TOOLS not in needs(prompted(request))


def test_a_request_that_has_nothing_to_do_with_tools_is_as_it_was() -> None:
    request = c.Request("m", (system("s"), user("hi")), temperature=0.5)
    assert prompted(request) == request


def test_calls_and_results_are_lines_of_text_in_the_form_that_is_asked_for() -> None:
    _, _, said, told = prompted(ASKED).messages
    assert said.role is c.Role.ASSISTANT
    assert said.parts[0].content == c.Reasoning("hm")
    assert "".join(texts(said)) == (
        'I look.\n<tool_call>\n{"name":"get_weather","arguments":{"city":"Köln", "n": 1.10},"id":"c1"}\n</tool_call>'
        '\n<tool_call>\n{"name":"get_time","arguments":{},"id":"c2"}\n</tool_call>\nWait.'
    )
    assert told.role is c.Role.USER
    assert [part.content for part in told.parts] == [
        c.Text('<tool_response>\n{"name":"get_weather","id":"c1","content":"rain \\"now\\"\\n"}\n</tool_response>'),
        PNG,
        c.Text('<tool_response>\n{"name":"get_time","id":"c2","is_error":true,"content":"no clock"}\n</tool_response>'),
        c.Text("so?"),
    ]


@pytest.mark.parametrize("arguments", ['{"city": ', '["Bonn"]', "Bonn", "\x00"])
def test_arguments_that_are_no_object_are_shown_as_a_string(arguments: str) -> None:
    request = replace(ASKED, messages=(user("a"), turn(c.Role.ASSISTANT, c.ToolCall("c1", "get_time", arguments))))
    line = texts(prompted(request).messages[-1])[0].split("\n")[1]
    assert orjson.loads(line)["arguments"] == arguments


def test_issuers_and_cache_hints_stay_with_what_is_left_of_their_parts() -> None:
    hint = c.CacheHint(60.0)
    call = c.Part(c.ToolCall("c1", "get_time", "{}"), "vendor", b"state", hint)
    plain = c.Part(c.ToolResult("c1", "noon"), None, None, hint)
    pictured = c.Part(c.ToolResult("c1", "noon", (PNG,)), None, None, hint)
    messages = (
        user("a"),
        c.Message(c.Role.ASSISTANT, (call,)),
        c.Message(c.Role.TOOL, (plain, pictured)),
    )
    said, told = prompted(replace(ASKED, messages=messages)).messages[2:]
    (shown,) = said.parts
    assert (shown.issuer, shown.opaque_state, shown.cache_hint) == ("vendor", None, hint)
    assert [part.cache_hint for part in told.parts] == [hint, None, hint]


def test_a_form_of_the_answer_is_said_in_words_beside_tools_only() -> None:
    json = c.ResponseFormat(c.FormatKind.JSON)
    schema = c.ResponseFormat(c.FormatKind.JSON_SCHEMA, SCHEMA)
    assert "one JSON object and nothing else" in instruction(replace(ASKED, response_format=json))
    assert instruction(replace(ASKED, response_format=schema)).endswith(SCHEMA)
    assert instruction(replace(ASKED, response_format=c.ResponseFormat())) == instruction(ASKED)
    assert prompted(replace(ASKED, response_format=schema)).response_format is None
    assert prompted(replace(ASKED, tools=(), response_format=schema)).response_format == schema


TURNS = st.sampled_from(
    [
        system("s"),
        user("u"),
        turn(c.Role.ASSISTANT, c.Text("a")),
        turn(c.Role.ASSISTANT, c.ToolCall("c1", "get_time", "{}")),
        turn(c.Role.TOOL, c.ToolResult("c1", "noon", (PNG,))),
    ]
)


@given(st.lists(TURNS, min_size=1, max_size=8), st.sampled_from([(), TOOLS]))
def test_no_two_user_messages_follow_each_other(messages: list[c.Message], tools: tuple[c.Tool, ...]) -> None:
    request = prompted(replace(ASKED, messages=tuple(messages), tools=tools))
    roles = [message.role for message in request.messages]
    assert c.Role.TOOL not in roles
    assert (c.Role.USER, c.Role.USER) not in pairwise(roles)
    sent = [message["role"] for message in encoded(OpenAI(), request)["messages"]]
    assert sent == [role.value for role in roles]
