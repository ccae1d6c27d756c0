"""Makes the answer to a call: text, reasoning, tool calls, length, token counts. Pure and deterministic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from .action import Action
from .cache import NOTHING_CACHED, CacheUse
from .continuation import continued, kind_by_seed
from .schema import example
from .text import Continuation, answer_text, continuation, pieces, reasoning_text
from .wire import Answer, ChatCall, Thinking, Tool, ToolCall, Usage

_TOKENS_PER_MESSAGE = 4
# Words of reasoning where the request demands some and the action does not say how much.
_THINK_WORDS = 8
_ANY_TOOL = Tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}})


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one answer different from an equal one: its number, and when it was made (seconds since 1970)."""

    number: int
    created_s: float


def make_answer(call: ChatCall, action: Action, words: int, stamp: Stamp, cache: CacheUse = NOTHING_CACHED) -> Answer:
    """Return the answer to `call` that `action` wants.

    `words` is the length where the action says nothing; `cache` is what a cache did with the prompt.
    """
    key = hashlib.sha256(f"{stamp.number}/{stamp.created_s}/{call.model}".encode()).hexdigest()
    answer = Answer(
        id=key,
        created=int(stamp.created_s),
        model=call.model,
        signing=action.signing,
        is_redacted=action.redacted,
        hides_thinking=call.hides_thinking,
        usage=None,
    )
    answer = _filled(answer, call, action, action.words if action.words is not None else words, key)
    answer = _shortened(answer, call.max_tokens)
    if action.finish is not None:
        answer = replace(answer, finish=action.finish, stop_sequence=None)
    if action.no_finish:
        answer = replace(answer, finish=None, stop_sequence=None)
    if action.no_usage:
        return answer
    usage = _counted(call, answer, cache)
    return replace(answer, usage=replace(usage, **action.usage) if action.usage else usage)


def prompt_tokens(call: ChatCall) -> int:
    """Return how many tokens the prompt of `call` has."""
    if call.prompt_tokens is not None:
        return call.prompt_tokens
    return 3 + sum(_TOKENS_PER_MESSAGE + len(pieces(turn.text)) for turn in call.turns)


def _filled(answer: Answer, call: ChatCall, action: Action, words: int, key: str) -> Answer:
    if action.empty or action.role_only:
        return replace(answer, has_role=action.role_only)
    wanted = continuation(call.turns, lambda prompt: _whole_text(prompt, call, action, words))
    answer = replace(answer, reasoning=pieces(_reasoning(call, action, wanted.prompt)))
    if action.refusal is not None:
        return replace(answer, refusal=pieces(action.refusal))
    calls = _tool_calls(call, action, wanted.prompt, key)
    if calls:
        said = pieces(action.text) if action.text else ()
        return replace(answer, text=said, calls=calls, finish="tool_calls")
    text, stopped_by = _stopped(_text(wanted, call, action, words), call.stop)
    return replace(answer, text=pieces(text), stop_sequence=stopped_by)


def _reasoning(call: ChatCall, action: Action, prompt: str) -> str:
    if call.thinking is Thinking.OFF:
        return ""
    is_demanded = call.thinking is Thinking.ON and call.turns[-1].role != "assistant"
    words = action.think if action.think is not None else _THINK_WORDS * is_demanded
    return action.reasoning or (reasoning_text(prompt, words) if words else "")


def _text(wanted: Continuation, call: ChatCall, action: Action, words: int) -> str:
    whole = _whole_text(wanted.prompt, call, action, words)
    if not wanted.sent:
        return whole
    kind = action.continuation
    if action.continuation_seed is not None:
        kind = kind_by_seed(action.continuation_seed, wanted.sent, call.turns[-1].role == "assistant")
    return continued(kind, whole, wanted.sent, action.continuation_seed or 0)


def _whole_text(prompt: str, call: ChatCall, action: Action, words: int) -> str:
    if action.text is not None:
        return action.text
    text = answer_text(prompt, words)
    if call.schema is not None:
        return orjson.dumps(example(call.schema, text)).decode()
    return orjson.dumps({"answer": text}).decode() if call.json else text


def _stopped(text: str, stop: Iterable[str]) -> tuple[str, str | None]:
    ends = [(place, sequence) for sequence in stop if (place := text.find(sequence)) >= 0]
    return (text[: min(ends)[0]], min(ends)[1]) if ends else (text, None)


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
    return ToolCall(digest, name, pieces(text))


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
    shorter = replace(answer, reasoning=reasoning, text=text, refusal=refusal, calls=tuple(calls))
    return replace(shorter, finish="length", stop_sequence=None)


def _counted(call: ChatCall, answer: Answer, cache: CacheUse) -> Usage:
    return Usage(
        prompt_tokens=prompt_tokens(call),
        completion_tokens=_completion_tokens(answer),
        cached_tokens=cache.read_tokens,
        reasoning_tokens=len(answer.reasoning),
        cache_write_tokens=cache.written_tokens,
        cache_write_hour_tokens=cache.written_hour_tokens,
    )


def _completion_tokens(answer: Answer) -> int:
    called = sum(1 + len(call.arguments) for call in answer.calls)
    return len(answer.reasoning) + len(answer.text) + len(answer.refusal) + called
