"""Requests that OpenAI would not take, and limits of models."""

from __future__ import annotations

import pytest

HI = {"role": "user", "content": "hi"}

INVALID = {
    "no messages": ({"model": "ok"}, "messages", "missing_required_parameter"),
    "empty messages": ({"model": "ok", "messages": []}, "messages", "empty_array"),
    "messages of another type": ({"model": "ok", "messages": "hi"}, "messages", "invalid_type"),
    "unknown role": (
        {"model": "ok", "messages": [{"role": "robot", "content": "x"}]},
        "messages[0].role",
        "invalid_value",
    ),
    "no role": ({"model": "ok", "messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
    "no content": ({"model": "ok", "messages": [{"role": "user"}]}, "messages[0].content", None),
    "content of another type": (
        {"model": "ok", "messages": [{"role": "user", "content": 1}]},
        "messages[0].content",
        "invalid_type",
    ),
    "unknown part": (
        {"model": "ok", "messages": [{"role": "user", "content": [{"type": "smell"}]}]},
        "messages[0].content[0].type",
        "invalid_value",
    ),
    "tool result without its call": (
        {"model": "ok", "messages": [HI, {"role": "tool", "tool_call_id": "x", "content": "y"}]},
        "messages[1].role",
        None,
    ),
    "tool call without id": (
        {"model": "ok", "messages": [HI, {"role": "assistant", "tool_calls": [{}]}]},
        "messages[1].tool_calls[0].id",
        "missing_required_parameter",
    ),
    "tool calls of another type": (
        {"model": "ok", "messages": [HI, {"role": "assistant", "tool_calls": 1}]},
        "messages[1].tool_calls",
        "invalid_type",
    ),
    "no model": ({"messages": [HI]}, None, None),
    "stream of another type": ({"model": "ok", "messages": [HI], "stream": "yes"}, "stream", "invalid_type"),
    "stream options without stream": (
        {"model": "ok", "messages": [HI], "stream_options": {"include_usage": True}},
        "stream_options",
        None,
    ),
    "hot temperature": (
        {"model": "ok", "messages": [HI], "temperature": 3},
        "temperature",
        "decimal_above_maximum_value",
    ),
    "max tokens 0": ({"model": "ok", "messages": [HI], "max_tokens": 0}, "max_tokens", "integer_below_min_value"),
    "both names of max tokens": (
        {"model": "ok", "messages": [HI], "max_tokens": 1, "max_completion_tokens": 1},
        "max_tokens",
        "invalid_parameter_combination",
    ),
    "two choices": ({"model": "ok", "messages": [HI], "n": 2}, "n", "invalid_value"),
    "tool without function": (
        {"model": "ok", "messages": [HI], "tools": [{}]},
        "tools[0].function",
        "missing_required_parameter",
    ),
    "tool schema that is no object": (
        {
            "model": "ok",
            "messages": [HI],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}],
        },
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    "choice without tools": ({"model": "ok", "messages": [HI], "tool_choice": "auto"}, "tool_choice", None),
    "unknown response format": (
        {"model": "ok", "messages": [HI], "response_format": {"type": "xml"}},
        "response_format.type",
        "invalid_value",
    ),
    "five stops": ({"model": "ok", "messages": [HI], "stop": list("abcde")}, "stop", "array_above_max_length"),
}


@pytest.mark.parametrize("case", INVALID)
async def test_an_invalid_request_is_openais_400_naming_the_parameter(start, case):
    body, param, code = INVALID[case]
    seen = await (await start()).post(body)
    assert seen.status == 400
    error = seen.json["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert error["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
async def test_a_body_that_is_no_json_object_is_a_400(start, body):
    seen = await (await start()).post(body)
    assert seen.status == 400
    assert "could not parse the JSON body" in seen.json["error"]["message"]


async def test_a_model_refuses_a_parameter_only_where_it_is_given(start):
    caller = await start()
    seen = await caller.ask("refuses-temperature", temperature=1)
    assert seen.status == 400
    assert (seen.json["error"]["param"], seen.json["error"]["code"]) == ("temperature", "unsupported_parameter")
    assert (await caller.ask("refuses-temperature")).status == 200


async def test_a_small_window_refuses_a_long_prompt_and_takes_a_short_one(start):
    caller = await start()
    seen = await caller.ask("context-50", messages=[{"role": "user", "content": "word " * 60}])
    assert (seen.status, seen.json["error"]["code"]) == (400, "context_length_exceeded")
    assert "maximum context length is 50 tokens" in seen.json["error"]["message"]
    assert (await caller.ask("context-50")).status == 200
    assert (await caller.ask("context-50", max_tokens=50)).status == 400


async def test_more_output_than_the_model_gives_is_refused_with_its_ceiling(start):
    caller = await start()
    seen = await caller.ask("max-output-30", max_tokens=31)
    assert seen.status == 400
    assert "at most 30 completion tokens" in seen.json["error"]["message"]
    assert (await caller.ask("max-output-30", max_tokens=30)).status == 200
