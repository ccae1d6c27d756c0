"""Settings that Anthropic would not take, each refused in its words."""

from __future__ import annotations

import pytest

from .messages import CACHED, HI, assistant, image, text


def tool(**fields):
    return {"tools": [{"name": "f", "input_schema": {"type": "object"}, **fields}]}


def schema(**fields):
    config = {"format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False, **fields}}}
    return {"output_config": config}


SET = {
    "no tokens": ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
    "tokens as text": ({"max_tokens": "9"}, "max_tokens: Input should be a valid integer"),
    "true tokens": ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
    "no model": ({"model": ""}, "model: String should have at least 1 character"),
    "stream of another type": ({"stream": "yes"}, "stream: Input should be a valid boolean"),
    "hot": ({"temperature": 1.5}, "temperature: range: 0..1"),
    "temperature as text": ({"temperature": "1"}, "temperature: Input should be a valid number"),
    "top_p": ({"top_p": 1.5}, "top_p: range: 0..1"),
    "top_k": ({"top_k": -1}, "top_k: Input should be greater than or equal to 0"),
    "seed": ({"seed": 7}, "seed: Extra inputs are not permitted"),
    "penalty": ({"frequency_penalty": 1}, "frequency_penalty: Extra inputs are not permitted"),
    "OpenAI's stop": ({"stop": ["x"]}, "stop: Extra inputs are not permitted"),
    "OpenAI's format": ({"response_format": {"type": "text"}}, "response_format: Extra inputs are not permitted"),
    "old format": (
        {"output_format": {}},
        "output_format: This field is deprecated. Use 'output_config.format' instead.",
    ),
    "blank stop": ({"stop_sequences": ["\n"]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    "metadata": ({"metadata": {"tag": "x"}}, "metadata.tag: Extra inputs are not permitted"),
    "service tier": ({"service_tier": "flex"}, "service_tier: Input should be 'auto' or 'standard_only'"),
    "system image": ({"system": image()["content"]}, "system.0: Input tag 'image' found using 'type' does not match"),
    "empty system": ({"system": [text("")]}, "system: text content blocks must be non-empty"),
    "system of another type": ({"system": {"a": 1}}, "system: Input should be a valid list"),
    "five caches": (
        {"system": [text(cache_control=CACHED) for _ in range(5)]},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "four caches and the request's own": (
        {"system": [text(cache_control=CACHED) for _ in range(4)], "cache_control": CACHED},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "an hour after five minutes": (
        {"system": [text(cache_control=CACHED), text(cache_control={"type": "ephemeral", "ttl": "1h"})]},
        "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.",
    ),
    "unknown cache": (
        {"system": [text(cache_control={"type": "eternal"})]},
        "system.0.text.cache_control: Input tag 'eternal' found using 'type' does not match",
    ),
    "unknown life": (
        {"cache_control": {"type": "ephemeral", "ttl": "1d"}},
        "cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
    "tools of another type": ({"tools": {}}, "tools: Input should be a valid list"),
    "tool without name": (
        {"tools": [{"input_schema": {"type": "object"}}]},
        "tools.0.custom.name: Field required",
    ),
    "OpenAI's tool": (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "tools.0: Input tag 'function' found using 'type' does not match",
    ),
    "dotted name": (tool(name="a.b"), "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    "parameters": (tool(parameters={}), "tools.0.custom.parameters: Extra inputs are not permitted"),
    "schema without type": (tool(input_schema={}), "tools.0.custom.input_schema.type: Field required"),
    "schema of a string": (
        tool(input_schema={"type": "string"}),
        "tools.0.custom.input_schema.type: Input should be 'object'",
    ),
    "schema of several": (
        tool(input_schema={"type": "object", "anyOf": []}),
        "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
    ),
    "open strict schema": (
        tool(strict=True),
        "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    "two of a name": ({"tools": [*tool()["tools"], *tool()["tools"]]}, "tools: Tool names must be unique."),
    "choice without tools": (
        {"tool_choice": {"type": "auto"}},
        "tool_choice may only be specified while providing tools.",
    ),
    "unknown choice": (
        {**tool(), "tool_choice": {"type": "required"}},
        "tool_choice: Input tag 'required' found using 'type' does not match",
    ),
    "choice as text": ({**tool(), "tool_choice": "auto"}, "tool_choice: Input should be a valid dictionary"),
    "choice of none": ({**tool(), "tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
    "choice of another": (
        {**tool(), "tool_choice": {"type": "tool", "name": "g"}},
        "Tool 'g' not found in provided tools",
    ),
    "effort": (
        {"output_config": {"effort": "some"}},
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    "format": (
        {"output_config": {"format": {"type": "json_object"}}},
        "output_config.format: Input tag 'json_object' found using 'type' does not match",
    ),
    "open schema": (
        schema(additionalProperties=True),
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    "open schema within": (
        schema(properties={"a": {"type": "array", "items": {"anyOf": [{"type": ["object", "null"]}]}}}),
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    "bounds": (
        schema(properties={"a": {"type": "integer", "minimum": 1, "maximum": 2}}),
        "output_config.format.schema: For 'integer' type, properties maximum, minimum are not supported",
    ),
    "length": (
        schema(**{"$defs": {"a": {"type": "string", "minLength": 1}}}),
        "output_config.format.schema: For 'string' type, property 'minLength' is not supported",
    ),
    "items": (
        schema(properties={"a": {"type": "array", "minItems": 2}}),
        "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not supported",
    ),
    "prefill of a schema": (
        {**schema(), "messages": [HI, assistant(text("{"))]},
        "Assistant message prefill is not supported with `output_config.format`.",
    ),
}


@pytest.mark.parametrize("case", SET)
async def test_an_invalid_setting_is_refused_in_anthropics_words(start_messages, case):
    fields, said = SET[case]
    heard = await (await start_messages()).post({"model": "ok", "max_tokens": 9, "messages": [HI], **fields})
    assert heard.status == 400
    assert heard.error.startswith(f"invalid_request_error: {said}")
