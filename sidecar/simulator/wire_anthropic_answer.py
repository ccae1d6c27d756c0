"""The parts of a Messages answer: its blocks, how it stopped, its usage. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .signature import sign
from .wire import Answer, ToolCall, Usage

# Our finish reasons in the API's words
_STOPS: Mapping[str | None, str | None] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    None: None,
}


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """One block of an answer: whole, and as its start and its deltas. What counts is one token."""

    whole: Mapping[str, Any]
    start: Mapping[str, Any]
    deltas: Iterable[tuple[Mapping[str, Any], bool]]
    """Each with whether it counts."""
    counts_start: bool = False


def message_of(answer: Answer) -> dict[str, Any]:
    """Return the fields that a `message` begins with."""
    return {"id": f"msg_01{answer.id[:22]}", "type": "message", "role": "assistant", "model": answer.model}


def blocks_of(answer: Answer) -> Iterator[AnswerBlock]:
    """Yield the blocks in order: thinking, text, tool calls. A refusal is no block: it is how the answer stopped."""
    if answer.reasoning and answer.is_redacted:
        yield _redacted(answer)
    elif answer.reasoning:
        yield _thinking(answer)
    if answer.text:
        yield _text(answer)
    for call in answer.calls:
        yield _tool_use(call)


def stop_of(answer: Answer) -> dict[str, Any]:
    """Return the fields that tell how the answer stopped."""
    reason = _STOPS[answer.finish]
    if answer.finish == "stop" and answer.stop_sequence is not None:
        reason = "stop_sequence"
    if answer.refusal and reason == "end_turn":
        reason = "refusal"
    details = None
    if reason == "refusal":
        details = {"type": "refusal", "category": None, "explanation": "".join(answer.refusal) or None}
    return {"stop_reason": reason, "stop_sequence": answer.stop_sequence, "stop_details": details}


def usage_of(usage: Usage) -> dict[str, Any]:
    """Return the `usage` object of a whole answer."""
    hour = min(usage.cache_write_hour_tokens, usage.cache_write_tokens)
    lives = {"ephemeral_5m_input_tokens": usage.cache_write_tokens - hour, "ephemeral_1h_input_tokens": hour}
    rest = {"cache_creation": lives, "service_tier": "standard", "inference_geo": "not_available"}
    return {**last_usage_of(usage), **rest}


def first_usage_of(usage: Usage) -> dict[str, Any]:
    """Return the `usage` object of a `message_start`: all of the input, and the first token of the output."""
    return {name: value for name, value in usage_of(usage).items() if name != "output_tokens_details"} | {
        "output_tokens": 1
    }


def last_usage_of(usage: Usage) -> dict[str, Any]:
    """Return the `usage` object of a `message_delta`, which is cumulative."""
    return {
        "input_tokens": max(0, usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def _redacted(answer: Answer) -> AnswerBlock:
    block = {"type": "redacted_thinking", "data": sign(None, answer.signing, answer.id)}
    return AnswerBlock(block, block, (), counts_start=True)


def _thinking(answer: Answer) -> AnswerBlock:
    pieces = () if answer.hides_thinking else answer.reasoning
    text = "".join(pieces)
    signature = sign(text, answer.signing, answer.id)
    deltas = [({"type": "thinking_delta", "thinking": piece}, True) for piece in pieces]
    return AnswerBlock(
        {"type": "thinking", "thinking": text, "signature": signature},
        {"type": "thinking", "thinking": "", "signature": ""},
        [*deltas, ({"type": "signature_delta", "signature": signature}, False)],
    )


def _text(answer: Answer) -> AnswerBlock:
    return AnswerBlock(
        {"type": "text", "text": "".join(answer.text)},
        {"type": "text", "text": ""},
        (({"type": "text_delta", "text": piece}, True) for piece in answer.text),
    )


def _tool_use(call: ToolCall) -> AnswerBlock:
    head = {"type": "tool_use", "id": f"toolu_01{call.id[:22]}", "name": call.name}
    first = ({"type": "input_json_delta", "partial_json": ""}, False)
    deltas = [({"type": "input_json_delta", "partial_json": piece}, True) for piece in call.arguments]
    return AnswerBlock({**head, "input": _input(call)}, {**head, "input": {}}, [first, *deltas], counts_start=True)


def _input(call: ToolCall) -> Any:
    try:
        return orjson.loads("".join(call.arguments))
    except orjson.JSONDecodeError:
        return {}
