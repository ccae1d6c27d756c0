"""Messages API, outgoing: how hard the model thinks, and how much it may write.

Source: Anthropic's pages "Thinking" and "Effort". Newer models take an effort and decide by themselves, older ones take a
budget of at least 1,024 tokens inside `max_tokens`. Thinking excludes a forced tool call, a begun answer, and sampling
settings; with a budget, a turn that called tools must begin with its own thinking.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.catalog import Model
from ..core.content import Request
from ..core.reasons import Reason
from .anthropic_content import Json
from .anthropic_conversation import Conversation
from .anthropic_family import Family
from .repair import Repairs

DEFAULT_MAX_TOKENS = 4096
"""The output asked for where neither request nor configuration say: every model takes it."""
MIN_BUDGET_TOKENS = 1024
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384}
"""Tokens of thinking by effort, for models that take a budget; at most half of an output limit that is given."""
EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
"""What the API calls our efforts."""
NO_REASONING = "the last tool calls have no reasoning this provider issued"


@dataclass(frozen=True, slots=True)
class Thinking:
    """`config` and `effort` as sent, None for nothing. `is_on`: thinking was asked for and is."""

    max_tokens: int
    config: Json | None = None
    effort: str | None = None
    is_on: bool = False


def thinking_of(
    request: Request, model: Model, family: Family, conversation: Conversation, *, forced: bool, told: Repairs
) -> Thinking:
    """What is sent of thinking and of the output limit. A conflict switches thinking off, which goes to `told`."""
    wanted = request.reasoning_effort
    most = _max_tokens(request, model, told)
    if wanted is None or wanted == "none":
        return _unasked(most or DEFAULT_MAX_TOKENS, family, asked_none=wanted == "none", excluded=forced, told=told)
    room = most or DEFAULT_MAX_TOKENS + BUDGETS[wanted]
    effort = EFFORTS[wanted] if family.is_adaptive else None
    why = None if family.always_thinks else _conflict(conversation, forced)
    if why is None and not family.is_adaptive:
        why = _conflict_of_budget(conversation, room)
    if why is not None:
        prevents = Reason.FOREIGN_REASONING if why == NO_REASONING else Reason.UNSUPPORTED_PARAMETER
        told.add(f"thinking was switched off: {why}", prevents)
        off: Json | None = {"type": "disabled"} if family.thinks_unasked else None
        return Thinking(most or DEFAULT_MAX_TOKENS, off, effort)
    if family.is_adaptive:
        shown = {"display": "summarized"} if family.hides_thinking else {}
        return Thinking(room, {"type": "adaptive"} | shown, effort, is_on=True)
    budget = BUDGETS[wanted] if most is None else min(BUDGETS[wanted], most // 2)
    return Thinking(room, {"type": "enabled", "budget_tokens": budget}, is_on=True)


def sampling_of(request: Request, family: Family, *, is_thinking: bool, told: Repairs) -> Json:
    """temperature, top_p and top_k, as far as they may be sent."""
    asked = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
    settings: Json = {name: value for name, value in asked.items() if value is not None}
    if settings and not family.takes_sampling:
        told.add(f"{', '.join(settings)} left out: this model takes no sampling settings")
        return {}
    if settings and is_thinking:
        told.add(f"{', '.join(settings)} left out: thinking excludes sampling settings")
        return {}
    if not family.takes_both and "temperature" in settings and settings.pop("top_p", None) is not None:
        told.add("top_p left out: this model takes temperature or top_p, not both")
    if settings.get("temperature", 0) > 1:
        told.add(f"temperature {settings['temperature']:g} was lowered to 1, the most this protocol takes")
        settings["temperature"] = 1.0
    return settings


def _unasked(most: int, family: Family, *, asked_none: bool, excluded: bool, told: Repairs) -> Thinking:
    """Models that think unasked are told not to where the caller says so, and where a forced tool excludes it."""
    if family.always_thinks:
        return Thinking(most, None, EFFORTS["minimal"] if asked_none else None)
    if not family.thinks_unasked or not (asked_none or excluded):
        return Thinking(most)
    if not asked_none:
        told.add("thinking was switched off: it excludes a tool call that must be made")
    return Thinking(most, {"type": "disabled"})


def _conflict(conversation: Conversation, forced: bool) -> str | None:
    if forced:
        return "it excludes a tool call that must be made"
    if conversation.is_begun:
        return "it excludes an answer whose beginning is given"
    return None


def _conflict_of_budget(conversation: Conversation, room: int) -> str | None:
    """What excludes thinking only where it has a budget."""
    if conversation.goes_on_without_thinking:
        return NO_REASONING
    if room // 2 < MIN_BUDGET_TOKENS:
        return f"an answer of at most {room} tokens leaves no room for it"
    return None


def _max_tokens(request: Request, model: Model, told: Repairs) -> int | None:
    asked, most = request.max_output_tokens, model.max_output_tokens
    if asked is not None and most is not None and asked > most:
        told.add(
            f"at most {most} output tokens were asked for, the model's limit, instead of {asked}", Reason.MAX_TOKENS
        )
        return most
    return most if asked is None else asked
