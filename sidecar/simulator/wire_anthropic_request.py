"""Reads a Messages request, and refuses what Anthropic refuses in Anthropic's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from .wire import ChatCall, Thinking
from .wire_anthropic_block import Block, read_block
from .wire_anthropic_field import cache_ttl, literal, record, refuse, tag, typed
from .wire_anthropic_prompt import prompt_blocks, prompt_tokens, units_of
from .wire_anthropic_schema import check_strict
from .wire_anthropic_thinking import read_thinking
from .wire_anthropic_tool import read_tool_choice, read_tools
from .wire_anthropic_turn import Message, read_messages, signed_of, turns_of
from .wire_anthropic_version import check_moved, check_removed

_REQUIRED = ("model", "max_tokens", "messages")
_OPTIONAL = (
    "cache_control",
    "container",
    "diagnostics",
    "inference_geo",
    "metadata",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
)
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def read_call(body: bytes, *, is_newest: bool = False) -> ChatCall:
    """Return the call in `body`; raise BadRequestError for what Anthropic answers with 400.

    `is_newest`: the request is of version 2026-10-21, which takes less than those before it.
    """
    fields = _object(body)
    if is_newest:
        check_removed(fields)
    _check_fields(fields)
    messages = read_messages(fields["messages"])
    if is_newest:
        check_moved(messages)
    system = _system(fields.get("system"))
    tools = read_tools(fields.get("tools"))
    choice, is_parallel = read_tool_choice(fields.get("tool_choice"), tools)
    schema = _schema(fields.get("output_config"), messages)
    thinking = read_thinking(fields, messages, is_forced=choice == "required" or choice.startswith("="))
    units = units_of(fields, system, messages)
    return ChatCall(
        model=fields["model"],
        turns=turns_of(messages),
        stream=fields.get("stream") is True,
        include_usage=True,
        tools=tools,
        tool_choice=choice,
        parallel=is_parallel,
        json=schema is not None,
        schema=schema,
        max_tokens=fields["max_tokens"],
        stop=_stop(fields.get("stop_sequences")),
        thinking=thinking,
        hides_thinking=thinking is not Thinking.OFF and fields["thinking"].get("display") == "omitted",
        signed=signed_of(messages),
        prompt_tokens=prompt_tokens(units),
        blocks=prompt_blocks(units, cache_ttl(fields, "")),
        fields=fields,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        refuse(f"The request body is not valid JSON: {error.msg}: line {error.lineno} column {error.colno}")
    if not isinstance(fields, dict):
        refuse("Input should be a valid dictionary")
    return fields


def _check_fields(fields: Mapping[str, Any]) -> None:
    for name in _REQUIRED:
        if name not in fields:
            refuse(f"{name}: Field required")
    if "output_format" in fields:
        refuse("output_format: This field is deprecated. Use 'output_config.format' instead.")
    for name in fields:
        if name not in _REQUIRED and name not in _OPTIONAL:
            refuse(f"{name}: Extra inputs are not permitted")
    if not typed(fields["model"], "model", str):
        refuse("model: String should have at least 1 character")
    if typed(fields["max_tokens"], "max_tokens", int) < 1:
        refuse("max_tokens: Input should be greater than or equal to 1")
    if "stream" in fields:
        typed(fields["stream"], "stream", bool)
    _check_numbers(fields)
    if "service_tier" in fields:
        literal(fields["service_tier"], "service_tier", ("auto", "standard_only"))
    if "metadata" in fields:
        user = record(fields["metadata"], "metadata", (), ("user_id",)).get("user_id")
        if user is not None:
            typed(user, "metadata.user_id", str)


def _check_numbers(fields: Mapping[str, Any]) -> None:
    for name in ("temperature", "top_p"):
        value = fields.get(name, 1)
        if type(value) not in (int, float):
            refuse(f"{name}: Input should be a valid number")
        if not 0 <= value <= 1:
            refuse(f"{name}: range: 0..1")
    if typed(fields.get("top_k", 0), "top_k", int) < 0:
        refuse("top_k: Input should be greater than or equal to 0")


def _system(value: Any) -> tuple[Block, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = [{"type": "text", "text": value}]
    blocks = typed(value, "system", list)
    return tuple(read_block(block, f"system.{place}", ("text",)) for place, block in enumerate(blocks))


def _stop(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    sequences = typed(value, "stop_sequences", list)
    for place, sequence in enumerate(sequences):
        if not typed(sequence, f"stop_sequences.{place}", str).strip():
            refuse("stop_sequences: each stop sequence must contain non-whitespace")
    return tuple(sequences)


def _schema(value: Any, messages: Sequence[Message]) -> Mapping[str, Any] | None:
    config = record(value if value is not None else {}, "output_config", (), ("effort", "format"))
    if config.get("effort") is not None:
        literal(config["effort"], "output_config.effort", _EFFORTS)
    if config.get("format") is None:
        return None
    tag(config["format"], "output_config.format", ("json_schema",))
    schema: Mapping[str, Any] = record(config["format"], "output_config.format", ("type", "schema"))["schema"]
    typed(schema, "output_config.format.schema", dict)
    check_strict(schema, "output_config.format.schema")
    if messages[-1].role == "assistant":
        refuse("Assistant message prefill is not supported with `output_config.format`.")
    return schema
