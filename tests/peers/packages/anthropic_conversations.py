"""Conversations twice: as the arguments of the official `anthropic` package, and as our requests."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from sidecar.core import content as c

BUDGETED, ADAPTIVE = "claude-haiku-4-5", "claude-opus-4-6"
"""A model that thinks within a budget, which is asked unless the arguments say otherwise; one that thinks by effort."""
ISSUER = "anthropic"
"""Whose the reasoning in these requests is."""
PNG = b"\x89PNG\r\n\x1a\n and no more"
PDF = b"%PDF and no more"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"name": "get_weather", "description": "The weather.", "input_schema": SCHEMA}
CALL = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Bonn"}}
RESULT = {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "11 °C"}]}
HI: list[Any] = [{"role": "user", "content": "Hi – für alle 🦈"}]
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def turn(role: c.Role, *contents: c.Content | c.Part) -> c.Message:
    """A message of these contents."""
    return c.Message(role, tuple(one if isinstance(one, c.Part) else c.Part(one) for one in contents))


def thought(text: str, state: bytes) -> c.Part:
    """Reasoning as this provider issued it."""
    return c.Part(c.Reasoning(text), ISSUER, state)


def picture(data: bytes) -> dict[str, Any]:
    """A picture as the package takes it."""
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


OUR_HI = (turn(c.Role.USER, c.Text("Hi – für alle 🦈")),)
OUR_TOOL = c.Tool("get_weather", "The weather.", orjson.dumps(SCHEMA).decode())
OUR_CALL = c.ToolCall("call_1", "get_weather", '{"city": "Bonn"}')
OUR_RESULT = c.ToolResult("call_1", "11 °C")


def request(messages: tuple[c.Message, ...] = OUR_HI, **fields: Any) -> c.Request:
    """Our request, with the limit that this protocol demands."""
    return c.Request("m", messages, max_output_tokens=fields.pop("max_output_tokens", 900), **fields)


SAME: dict[str, tuple[dict[str, Any], c.Request]] = {
    "text": ({"messages": HI}, request()),
    "a conversation with instructions": (
        {
            "system": "Be brief.",
            "messages": [
                *HI,
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            ],
        },
        request(
            (
                turn(c.Role.SYSTEM, c.Text("Be brief.")),
                *OUR_HI,
                turn(c.Role.ASSISTANT, c.Text("Hello.")),
                turn(c.Role.USER, c.Text("a"), c.Text("b")),
            )
        ),
    ),
    "settings": (
        {
            "messages": HI,
            "stop_sequences": ["a", "b"],
            "metadata": {"user_id": "u"},
            "extra_body": {"temperature": 0.0, "top_k": 3},
        },
        request(temperature=0.0, top_k=3, stop=("a", "b"), end_user_id="u"),
    ),
    "an answer whose beginning is given": (
        {"messages": [*HI, {"role": "assistant", "content": "Once upon"}]},
        request((*OUR_HI, turn(c.Role.ASSISTANT, c.Text("Once upon")))),
    ),
    "images": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        picture(PNG),
                        {"type": "image", "source": {"type": "url", "url": "https://example.com/fish.png"}},
                    ],
                }
            ]
        },
        request(
            (
                turn(
                    c.Role.USER,
                    c.Text("What is it?"),
                    c.Image(PNG, None, "image/png"),
                    c.Image(uri="https://example.com/fish.png"),
                ),
            )
        ),
    ),
    "documents": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "title": "fish.pdf",
                            "source": {
                                "type": "base64",
                                "media_type": "application/pdf",
                                "data": base64.b64encode(PDF).decode(),
                            },
                        },
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "All of it."},
                        },
                    ],
                }
            ]
        },
        request(
            (
                turn(
                    c.Role.USER,
                    c.File(PDF, None, "application/pdf", "fish.pdf"),
                    c.File(b"All of it.", None, "text/plain"),
                ),
            )
        ),
    ),
    "tools": (
        {"messages": HI, "tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        request(tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.AUTO), parallel_tool_calls=False),
    ),
    "a tool that must be called": (
        {"messages": HI, "tools": [TOOL], "tool_choice": {"type": "tool", "name": "get_weather"}},
        request(tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.NAMED, "get_weather")),
    ),
    "any tool": (
        {"messages": HI, "tools": [TOOL], "tool_choice": {"type": "any"}},
        request(tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.REQUIRED)),
    ),
    "no tool": (
        {"messages": HI, "tools": [TOOL], "tool_choice": {"type": "none"}},
        request(tools=(OUR_TOOL,), tool_choice=c.ToolChoice(c.ToolMode.NONE)),
    ),
    "tool calls and their results, two in one turn": (
        {
            "messages": [
                *HI,
                {"role": "assistant", "content": [{"type": "text", "text": "I look."}, CALL, {**CALL, "id": "call_2"}]},
                {
                    "role": "user",
                    "content": [
                        RESULT,
                        {**RESULT, "tool_use_id": "call_2", "is_error": True, "content": "No such city."},
                        {"type": "text", "text": "And?"},
                    ],
                },
            ],
            "tools": [TOOL],
        },
        request(
            (
                *OUR_HI,
                turn(
                    c.Role.ASSISTANT,
                    c.Text("I look."),
                    OUR_CALL,
                    c.ToolCall("call_2", "get_weather", '{"city":"Bonn"}'),
                ),
                turn(c.Role.TOOL, OUR_RESULT),
                turn(c.Role.TOOL, c.ToolResult("call_2", "No such city.", is_error=True)),
                turn(c.Role.USER, c.Text("And?")),
            ),
            tools=(OUR_TOOL,),
        ),
    ),
    "a picture as a tool's result": (
        {
            "messages": [
                *HI,
                {"role": "assistant", "content": [CALL]},
                {"role": "user", "content": [{**RESULT, "content": [{"type": "text", "text": "11 °C"}, picture(PNG)]}]},
            ],
            "tools": [TOOL],
        },
        request(
            (
                *OUR_HI,
                turn(c.Role.ASSISTANT, OUR_CALL),
                turn(c.Role.TOOL, c.ToolResult("call_1", "11 °C", (c.Image(PNG, None, "image/png"),))),
            ),
            tools=(OUR_TOOL,),
        ),
    ),
    "a JSON schema": (
        {"messages": HI, "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        request(response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, orjson.dumps(SCHEMA).decode(), "place")),
    ),
    "cache marks": (
        {
            "system": [{"type": "text", "text": "Much.", **HOUR}],
            "messages": [
                {"role": "user", "content": [{**picture(PNG), **MARK}, {"type": "text", "text": "What is it?"}]}
            ],
        },
        request(
            (
                turn(c.Role.SYSTEM, c.Part(c.Text("Much."), cache_hint=c.CacheHint(3600))),
                turn(
                    c.Role.USER,
                    c.Part(c.Image(PNG, None, "image/png"), cache_hint=c.CacheHint()),
                    c.Text("What is it?"),
                ),
            )
        ),
    ),
    "thinking with a budget": (
        {"messages": HI, "max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 2048}},
        request(max_output_tokens=20000, reasoning_effort="low"),
    ),
    "thinking by effort": (
        {
            "model": ADAPTIVE,
            "messages": HI,
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": "medium"},
        },
        request(reasoning_effort="medium"),
    ),
    "thinking that goes back with its signature": (
        {
            "messages": [
                *HI,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Where is Bonn?", "signature": "c2lnbmVk"},
                        {"type": "redacted_thinking", "data": "aGlkZGVu"},
                        CALL,
                    ],
                },
                {"role": "user", "content": [RESULT]},
            ],
            "tools": [TOOL],
            "max_tokens": 20000,
            "thinking": {"type": "enabled", "budget_tokens": 2048},
        },
        request(
            (
                *OUR_HI,
                turn(
                    c.Role.ASSISTANT,
                    thought("Where is Bonn?", b"thinking:c2lnbmVk"),
                    thought("", b"redacted:aGlkZGVu"),
                    OUR_CALL,
                ),
                turn(c.Role.TOOL, OUR_RESULT),
            ),
            tools=(OUR_TOOL,),
            max_output_tokens=20000,
            reasoning_effort="low",
        ),
    ),
    "an option of the provider's own": (
        {"messages": HI, "service_tier": "standard_only"},
        request(provider_options={"anthropic": '{"service_tier": "standard_only"}'}),
    ),
}
