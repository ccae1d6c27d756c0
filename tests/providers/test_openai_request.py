"""Requests as OpenAI takes them: golden bodies, and what may not stand in provider_options."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from sidecar.core import content as c
from sidecar.core.catalog import Model
from sidecar.providers.openai import OpenAI
from sidecar.providers.openai_request import RESERVED, UNSUPPORTED, refused
from tests.conftest import Golden

GOLDEN = Path(__file__).parent / "golden"
PNG = c.Image(b"\x89PNG", None, "image/png", "low")
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}}'


def turn(role: c.Role, *parts: c.Content) -> c.Message:
    return c.Message(role, tuple(c.Part(part) for part in parts))


def user(*parts: c.Content) -> c.Message:
    return turn(c.Role.USER, *parts)


HI = (user(c.Text("hi")),)
WEATHER = c.Tool("get_weather", "Tells the weather.", SCHEMA, strict=True)
CALLS = turn(
    c.Role.ASSISTANT,
    c.Reasoning("hm"),
    c.Text("I look."),
    c.ToolCall("c1", "get_weather", '{"city":"Bonn"}'),
    c.ToolCall("c2", "get_time", ""),
)
REQUESTS = {
    "plain": c.Request("m", HI),
    "settings": c.Request(
        "m",
        HI,
        max_output_tokens=9,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        stop=("a", "b"),
        seed=-1,
        presence_penalty=-2.0,
        frequency_penalty=2.0,
        reasoning_effort="high",
        end_user_id="u",
        provider_options={"openai": '{"logit_bias": {"1": 2}}', "other": '{"x": 1}'},
    ),
    "conversation": c.Request(
        "m",
        (
            turn(c.Role.SYSTEM, c.Text("One."), c.Text("Two.")),
            user(c.Text("a"), c.Text("b")),
            turn(c.Role.ASSISTANT, c.Text("c"), c.Text("d")),
            turn(c.Role.ASSISTANT, c.Refusal("no")),
            turn(c.Role.ASSISTANT, c.Reasoning("only thought")),
        ),
    ),
    "media": c.Request(
        "m",
        (
            user(
                c.Text("look"),
                PNG,
                c.Image(uri="https://x.example/i.png"),
                c.Audio(b"RIFF", "audio/wav"),
                c.Audio(b"ID3", "audio/mpeg"),
                c.File(b"%PDF", None, "application/pdf", "a.pdf"),
            ),
        ),
    ),
    "tools": c.Request(
        "m",
        (
            user(c.Text("weather?")),
            CALLS,
            turn(c.Role.TOOL, c.ToolResult("c1", "rain", (PNG,))),
            turn(c.Role.TOOL, c.ToolResult("c2", "no clock", is_error=True)),
            user(c.Text("so?")),
        ),
        tools=(WEATHER, c.Tool("get_time")),
        tool_choice=c.ToolChoice(c.ToolMode.NAMED, "get_weather"),
        parallel_tool_calls=True,
    ),
    "json": c.Request("m", HI, response_format=c.ResponseFormat(c.FormatKind.JSON)),
    "schema": c.Request(
        "m", HI, response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, SCHEMA, "place", strict=False)
    ),
    "text-format": c.Request("m", HI, response_format=c.ResponseFormat()),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_body_is_as_it_was(name: str, golden: Golden) -> None:
    body = OpenAI().encode(REQUESTS[name], Model("upstream-model"), stream=True, issuer="vendor").body
    golden(GOLDEN / f"{name}.json", orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode() + "\n")


def test_a_whole_answer_is_asked_for_without_the_streams_settings() -> None:
    sent = OpenAI().encode(REQUESTS["plain"], Model("m"), stream=False, issuer="vendor")
    assert orjson.loads(sent.body) == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert (sent.path, sent.headers["accept"]) == ("/chat/completions", "application/json")
    assert (
        OpenAI().encode(REQUESTS["plain"], Model("m"), stream=True, issuer="vendor").headers["accept"]
        == "text/event-stream"
    )


def test_schemas_and_arguments_keep_every_byte() -> None:
    big = '{"type": "object", "properties": {"n": {"const": 123456789012345678901234567890, "x": 1.10}}}'
    request = c.Request("m", HI, tools=(c.Tool("t", parameters=big),))
    assert big.encode() in OpenAI().encode(request, Model("m"), stream=True, issuer="vendor").body


def test_nothing_stands_between_a_call_and_its_results() -> None:
    messages = orjson.loads(OpenAI().encode(REQUESTS["tools"], Model("m"), stream=True, issuer="vendor").body)[
        "messages"
    ]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user", "user"]


def test_the_key_is_a_bearer_token() -> None:
    assert OpenAI().authorization("sk-x") == {"authorization": "Bearer sk-x"}


def test_a_body_does_not_show_in_a_repr() -> None:
    assert "hi" not in repr(OpenAI().encode(REQUESTS["plain"], Model("m"), stream=True, issuer="vendor"))


def test_what_the_contract_has_a_field_for_is_refused_by_name() -> None:
    errors = refused(dict.fromkeys(RESERVED | UNSUPPORTED, 1), "here")
    assert [error.path for error in errors] == [f"here.{name}" for name in sorted(RESERVED | UNSUPPORTED)]
    why = {error.path: error.description for error in errors}
    assert why["here.n"] == why["here.store"] == "is not supported"
    assert "own fields" in why["here.stream"]


def test_other_options_pass() -> None:
    assert refused({"logit_bias": {}, "service_tier": "flex"}, "here") == []
