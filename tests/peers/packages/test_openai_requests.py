"""For the same conversation, the official `openai` package and our codec ask the same."""

from __future__ import annotations

import base64
from typing import Any

import openai
import orjson
import pytest

from sidecar.core import content as c
from sidecar.core.catalog import Model
from sidecar.providers.openai import OpenAI

from .capture import caught
from .conftest import KEY
from .meaning import meaning

PNG = b"\x89PNG\r\n\x1a\n and no more"
PNG_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
WAV = b"RIFF and no more"
PDF = b"%PDF and no more"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA, "strict": True},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Bonn"}'}}
HI: list[Any] = [{"role": "user", "content": "Hi – für alle 🦈"}]


def turn(role: c.Role, *parts: c.Content) -> c.Message:
    """A message of these contents."""
    return c.Message(role, tuple(c.Part(part) for part in parts))


OUR_HI = (turn(c.Role.USER, c.Text("Hi – für alle 🦈")),)
OUR_TOOL = c.Tool("get_weather", "The weather.", orjson.dumps(SCHEMA).decode(), strict=True)
OUR_CALL = c.ToolCall("call_1", "get_weather", '{"city": "Bonn"}')

SAME: dict[str, tuple[dict[str, Any], c.Request]] = {
    "text": ({"messages": HI}, c.Request("m", OUR_HI)),
    "a conversation with instructions": (
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                *HI,
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            ]
        },
        c.Request(
            "m",
            (
                turn(c.Role.SYSTEM, c.Text("Be brief.")),
                *OUR_HI,
                turn(c.Role.ASSISTANT, c.Text("Hello.")),
                turn(c.Role.USER, c.Text("a"), c.Text("b")),
            ),
        ),
    ),
    "settings": (
        {
            "messages": HI,
            "max_tokens": 9,
            "temperature": 0.0,
            "top_p": 0.25,
            "stop": ["a", "b"],
            "seed": 7,
            "presence_penalty": -1.5,
            "frequency_penalty": 2.0,
            "reasoning_effort": "high",
            "user": "u",
        },
        c.Request(
            "m",
            OUR_HI,
            max_output_tokens=9,
            temperature=0.0,
            top_p=0.25,
            stop=("a", "b"),
            seed=7,
            presence_penalty=-1.5,
            frequency_penalty=2.0,
            reasoning_effort="high",
            end_user_id="u",
        ),
    ),
    "one stop": ({"messages": HI, "stop": "a"}, c.Request("m", OUR_HI, stop=("a",))),
    "images": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}},
                        {"type": "image_url", "image_url": {"url": "https://example.com/fish.png"}},
                    ],
                }
            ]
        },
        c.Request(
            "m",
            (
                turn(
                    c.Role.USER,
                    c.Text("What is it?"),
                    c.Image(PNG, None, "image/png", "low"),
                    c.Image(uri="https://example.com/fish.png"),
                ),
            ),
        ),
    ),
    "sounds and documents": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "input_audio",
                            "input_audio": {"data": base64.b64encode(WAV).decode(), "format": "wav"},
                        },
                        {
                            "type": "file",
                            "file": {
                                "filename": "fish.pdf",
                                "file_data": "data:application/pdf;base64," + base64.b64encode(PDF).decode(),
                            },
                        },
                    ],
                }
            ]
        },
        c.Request("m", (turn(c.Role.USER, c.Audio(WAV), c.File(PDF, None, "application/pdf", "fish.pdf")),)),
    ),
    "tools": (
        {"messages": HI, "tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
        c.Request(
            "m",
            OUR_HI,
            tools=(OUR_TOOL,),
            tool_choice=c.ToolChoice(c.ToolMode.AUTO),
            parallel_tool_calls=False,
        ),
    ),
    "a tool that must be called": (
        {"messages": HI, "tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        c.Request("m", OUR_HI, tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.NAMED, "get_weather")),
    ),
    "any tool": (
        {"messages": HI, "tools": [TOOL], "tool_choice": "required"},
        c.Request("m", OUR_HI, tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.REQUIRED)),
    ),
    "no tool": (
        {"messages": HI, "tools": [TOOL], "tool_choice": "none"},
        c.Request("m", OUR_HI, tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.NONE)),
    ),
    "tool calls and their results": (
        {
            "messages": [
                *HI,
                {"role": "assistant", "content": "I look.", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "call_1", "content": "11 °C"},
            ],
            "tools": [TOOL],
        },
        c.Request(
            "m",
            (
                *OUR_HI,
                turn(c.Role.ASSISTANT, c.Text("I look."), OUR_CALL),
                turn(c.Role.TOOL, c.ToolResult("call_1", "11 °C")),
            ),
            tools=(OUR_TOOL,),
        ),
    ),
    "a refusal in the history": (
        {"messages": [*HI, {"role": "assistant", "refusal": "No."}, *HI]},
        c.Request("m", (*OUR_HI, turn(c.Role.ASSISTANT, c.Refusal("No.")), *OUR_HI)),
    ),
    "a JSON schema": (
        {
            "messages": HI,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "place", "schema": SCHEMA, "strict": True},
            },
        },
        c.Request(
            "m",
            OUR_HI,
            response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, orjson.dumps(SCHEMA).decode(), "place", True),
        ),
    ),
    "JSON": (
        {"messages": HI, "response_format": {"type": "json_object"}},
        c.Request("m", OUR_HI, response_format=c.ResponseFormat(c.FormatKind.JSON)),
    ),
    "an option of the provider's own": (
        {"messages": HI, "logit_bias": {"1": 2}, "service_tier": "flex"},
        c.Request("m", OUR_HI, provider_options={"openai": '{"logit_bias": {"1": 2}, "service_tier": "flex"}'}),
    ),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SAME)
def test_the_same_conversation_is_asked_in_the_same_words(name: str, stream: bool):
    arguments, ours = SAME[name]

    def ask(http: Any) -> object:
        client = openai.OpenAI(api_key=KEY, base_url="http://provider/v1", max_retries=0, http_client=http)
        return client.chat.completions.create(model="m", stream=stream, **arguments)

    request, body = caught(ask)
    encoded = OpenAI().encode(ours, Model("m"), stream=stream, issuer="openai")
    assert meaning(orjson.loads(encoded.body)) == meaning(body)
    assert request.url.path == "/v1" + encoded.path
    assert orjson.loads(encoded.body).get("stream", False) == stream
    sent = {**encoded.headers, **OpenAI().authorization(KEY)}
    assert {name: sent[name] for name in ("content-type", "authorization")} == {
        name: request.headers[name] for name in ("content-type", "authorization")
    }
