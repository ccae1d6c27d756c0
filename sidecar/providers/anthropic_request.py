"""Messages API, outgoing: a request as the JSON body of POST /v1/messages.

Source: Anthropic's reference, "Create a Message". What each field becomes is in docs/wires.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import orjson

from ..core.catalog import Model
from ..core.content import Request, ToolCall
from ..core.wire import ANTHROPIC
from .anthropic_content import Json, tool_name
from .anthropic_conversation import MAX_CACHE_MARKS, Conversation, conversation_of, plain
from .anthropic_family import family_of
from .anthropic_thinking import Thinking, sampling_of, thinking_of
from .anthropic_tools import Tools, tools_of
from .options import options_of, refused_options
from .repair import Repaired, Repairs

PROTOCOL = ANTHROPIC
RESERVED = frozenset(
    {
        "model",
        "max_tokens",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "output_config",
        "output_format",
        "thinking",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "metadata",
        "stream",
    }
)
refused = partial(refused_options, reserved=RESERVED)
"""What may not stand in this protocol's options: FieldErrors of options, and of their path in the request."""
MAX_USER_CHARACTERS = 256
_NO_FIELD = ("seed", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body, what had to be changed for it, each in a sentence, and the tool whose arguments are the answer."""

    body: bytes
    repairs: tuple[Repaired, ...]
    answer_tool: str | None


def encoded(request: Request, model: Model, *, stream: bool, issuer: str) -> Encoded:
    """The request for one model of this protocol. Whatever the edge and the capability filter let through can be encoded."""
    told = Repairs()
    family = family_of(model.id)
    talk = conversation_of(request.messages, issuer, family, told)
    tools = tools_of(request, model, family, _called(request) if talk.has_calls else (), told)
    if tools.instruction is not None:
        talk.system.append({"type": "text", "text": tools.instruction})
    thinking = thinking_of(request, model, family, talk, forced=tools.is_forced, told=told)
    if not thinking.is_on:
        talk.drop_thinking_of_beginning()
    options = options_of(request, PROTOCOL)
    talk.limit_cache_marks(MAX_CACHE_MARKS - ("cache_control" in options))
    body: Json = {"model": model.id, "max_tokens": thinking.max_tokens, **_talk(talk), **_tools(tools)}
    if stream:
        body["stream"] = True
    body |= _thinking(thinking, tools)
    body |= sampling_of(request, family, is_thinking=thinking.is_on, told=told)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    body |= _user(request, told)
    left_out = [name for name in _NO_FIELD if getattr(request, name) is not None]
    if left_out:
        told.add(f"{', '.join(left_out)} left out: this protocol has no such setting")
    return Encoded(orjson.dumps(body | options), told.all(), tools.answer_tool)


def _called(request: Request) -> tuple[str, ...]:
    """Names of the tools called so far, each once."""
    parts = (part.content for message in request.messages for part in message.parts)
    return tuple(dict.fromkeys(tool_name(content.name) for content in parts if isinstance(content, ToolCall)))


def _talk(talk: Conversation) -> Json:
    out: Json = {"system": plain(talk.system)} if talk.system else {}
    return out | {"messages": [turn.as_json() for turn in talk.turns]}


def _tools(tools: Tools) -> Json:
    out: Json = {"tools": tools.tools} if tools.tools else {}
    return out if tools.choice is None else out | {"tool_choice": tools.choice}


def _thinking(thinking: Thinking, tools: Tools) -> Json:
    out: Json = {} if thinking.config is None else {"thinking": thinking.config}
    config = {"effort": thinking.effort, "format": tools.format}
    config = {name: value for name, value in config.items() if value is not None}
    return out | {"output_config": config} if config else out


def _user(request: Request, told: Repairs) -> Json:
    user = request.end_user_id
    if user is None:
        return {}
    if len(user) > MAX_USER_CHARACTERS:
        told.add(f"the end user's id left out: it is over {MAX_USER_CHARACTERS} characters")
        return {}
    return {"metadata": {"user_id": user}}
