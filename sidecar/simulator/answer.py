"""Makes the answer to a call: text, reasoning, tool calls, limits, token counts. Pure and deterministic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from .action import Action
from .schema import example
from .text import Continuation, answer_text, continuation, overlap_of, pieces, reasoning_text
from .wire import Answer, BadRequestError, ChatCall, Tool, ToolCall, Usage

_TOKENS_PER_MESSAGE = 4
_ANY_TOOL = Tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}})


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one answer different from an equal one: its number, and when it was made (seconds since 1970)."""

    number: int
    created_s: float


def check_limits(call: ChatCall, action: Action) -> None:
    """Raise BadRequestError where the model of `action` refuses what `call` asks for."""
    for parameter in action.refuses:
        if parameter in call.fields:
            message = f"Unsupported parameter: '{parameter}' is not supported with this model."
            raise BadRequestError(message, parameter, "unsupported_parameter")
    prompt, asked, window, most = _prompt_tokens(call), call.max_tokens, action.context_tokens, action.max_output_tokens
    if window is not None and prompt + (asked or 0) > window:
        raise BadRequestError(
            f"This model's maximum context length is {window} tokens. However, you requested {prompt + (asked or 0)} "
            f"tokens ({prompt} in the messages, {asked or 0} in the completion). Please reduce the length of the "
            "messages or completion.",
            "messages",
            "context_length_exceeded",
        )
    if most is not None and asked is not None and asked > most:
        message = (
            f"max_tokens is too large: {asked}. This model supports at most {most} completion tokens, whereas you "
            f"provided {asked}."
        )
        raise BadRequestError(message, "max_tokens", "invalid_value")
    if action.continuation == "refuse" and call.turns[-1].role == "assistant":
        raise BadRequestError("This model does not support assistant message prefill.", "messages")


def make_answer(call: ChatCall, action: Action, words: int, stamp: Stamp) -> Answer:
    """Return the answer to `call` that `action` wants; `words` is the length where it says nothing."""
    key = hashlib.sha256(f"{stamp.number}/{stamp.created_s}/{call.model}".encode()).hexdigest()
    answer = Answer(id=f"chatcmpl-{key[:29]}", created=int(stamp.created_s), model=call.model, usage=None)
    answer = _filled(answer, call, action, action.words if action.words is not None else words, key)
    answer = _shortened(answer, call.max_tokens)
    if action.finish is not None:
        answer = replace(answer, finish=action.finish)
    if action.no_finish:
        answer = replace(answer, finish=None)
    if action.no_usage:
        return answer
    usage = _counted(call, answer)
    return replace(answer, usage=replace(usage, **action.usage) if action.usage else usage)


def _filled(answer: Answer, call: ChatCall, action: Action, words: int, key: str) -> Answer:
    if action.empty or action.role_only:
        return replace(answer, has_role=action.role_only)
    wanted = continuation(call.turns, lambda prompt: _whole_text(prompt, call, action, words))
    reasoning = action.reasoning or (reasoning_text(wanted.prompt, action.think) if action.think else "")
    answer = replace(answer, reasoning=pieces(reasoning))
    if action.refusal is not None:
        return replace(answer, refusal=pieces(action.refusal))
    calls = _tool_calls(call, action, wanted.prompt, key)
    if calls:
        text = pieces(action.text) if action.text else ()
        return replace(answer, text=text, calls=calls, finish="tool_calls")
    return replace(answer, text=pieces(_stopped(_text(wanted, call, action, words), call.stop)))


def _text(wanted: Continuation, call: ChatCall, action: Action, words: int) -> str:
    whole = _whole_text(wanted.prompt, call, action, words)
    rest = whole[len(wanted.sent) :]
    if action.continuation == "again":
        return whole
    return overlap_of(wanted.sent).lstrip() + rest if action.continuation == "overlap" and wanted.sent else rest


def _whole_text(prompt: str, call: ChatCall, action: Action, words: int) -> str:
    if action.text is not None:
        return action.text
    text = answer_text(prompt, words)
    if call.schema is not None:
        return orjson.dumps(example(call.schema, text)).decode()
    return orjson.dumps({"answer": text}).decode() if call.json else text


def _stopped(text: str, stop: Iterable[str]) -> str:
    ends = [place for sequence in stop if (place := text.find(sequence)) >= 0]
    return text[: min(ends)] if ends else text


def _tool_calls(call: ChatCall, action: Action, prompt: str, key: str) -> tuple[ToolCall, ...]:
    if action.tool_calls is not None:
        return tuple(_tool_call(name, value, place, key) for place, (name, value) in enumerate(action.tool_calls))
    chosen = _chosen_tools(call, action)
    asked = answer_text(prompt, 2)
    return tuple(_tool_call(tool.name, example(tool.schema, asked), place, key) for place, tool in enumerate(chosen))


def _chosen_tools(call: ChatCall, action: Action) -> list[Tool]:
    if call.tool_choice.startswith("="):
        return [tool for tool in call.tools if tool.name == call.tool_choice[1:]]
    wants = action.tools if action.tools is not None else int(call.tool_choice == "required")
    if not wants or call.tool_choice == "none" or (call.turns and call.turns[-1].role == "tool"):
        return []
    tools = call.tools or (_ANY_TOOL,)
    return [tools[place % len(tools)] for place in range(wants if call.parallel else 1)]


def _tool_call(name: str, arguments: Any, place: int, key: str) -> ToolCall:
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments or {}).decode()
    digest = hashlib.sha256(f"{key}/{place}".encode()).hexdigest()
    return ToolCall(f"call_{digest[:24]}", name, pieces(text))


def _shortened(answer: Answer, max_tokens: int | None) -> Answer:
    if max_tokens is None or _completion_tokens(answer) <= max_tokens:
        return answer
    left = max_tokens
    reasoning, left = answer.reasoning[:left], max(0, left - len(answer.reasoning))
    text, left = answer.text[:left], max(0, left - len(answer.text))
    refusal, left = answer.refusal[:left], max(0, left - len(answer.refusal))
    calls = []
    for call in answer.calls:
        if left <= 0:
            break
        calls.append(replace(call, arguments=call.arguments[: left - 1]))
        left -= 1 + len(call.arguments)
    return replace(answer, reasoning=reasoning, text=text, refusal=refusal, calls=tuple(calls), finish="length")


def _counted(call: ChatCall, answer: Answer) -> Usage:
    return Usage(_prompt_tokens(call), _completion_tokens(answer), 0, len(answer.reasoning))


def _completion_tokens(answer: Answer) -> int:
    called = sum(1 + len(call.arguments) for call in answer.calls)
    return len(answer.reasoning) + len(answer.text) + len(answer.refusal) + called


def _prompt_tokens(call: ChatCall) -> int:
    return 3 + sum(_TOKENS_PER_MESSAGE + len(pieces(turn.text)) for turn in call.turns)
