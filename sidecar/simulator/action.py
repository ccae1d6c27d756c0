"""What happens to one request: the values of an action, and the table that checks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from . import check
from .check import Check

_TOKENS = check.whole_number(0, 1_000_000)
_SECONDS = check.number(0, 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action; a field left out means the ordinary behaviour. docs/simulator.md explains each."""

    # the answer
    text: str | None = None
    words: int | None = None
    think: int | None = None
    reasoning: str | None = None
    redacted: bool = False
    signing: str = "simulator"
    refusal: str | None = None
    tools: int | None = None
    tool_calls: tuple[tuple[str, Any], ...] | None = None
    finish: str | None = None
    empty: bool = False
    role_only: bool = False
    usage: dict[str, int] | None = None
    no_usage: bool = False
    continuation: str = "continue"
    continuation_seed: int | None = None
    # what the model refuses
    refuses: tuple[str, ...] = ()
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    # the pace
    delay_s: float = 0.0
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    burst: bool | None = None
    pings_s: float | None = None
    # something else instead of an answer
    status: int | None = None
    body: str | dict[str, Any] | None = None
    error: str | None = None
    headers: dict[str, str] | None = None
    retry_after: str | None = None
    reset: bool = False
    close: bool = False
    silence: bool = False
    headers_then_silence: bool = False
    html: bool = False
    not_json: bool = False
    no_body: bool = False
    # in the middle of the answer, after so many tokens
    cut_at: int | None = None
    fin_at: int | None = None
    end_at: int | None = None
    stall_at: int | None = None
    stall_s: float | None = None
    malformed_at: int | None = None
    error_event_at: int | None = None
    error_event: str | dict[str, Any] | None = None
    # at its end
    no_finish: bool = False
    no_done: bool = False
    # the connection afterwards
    close_after_response: bool = False
    stale: bool = False


#: Every field of an action with what its value must be.
FIELDS: Mapping[str, Check] = {
    "text": check.string,
    "words": check.whole_number(0, 1_000_000),
    "think": check.whole_number(0, 1_000_000),
    "reasoning": check.string,
    "redacted": check.flag,
    "signing": check.name,
    "refusal": check.name,
    "tools": check.whole_number(0, 16),
    "tool_calls": check.tool_calls,
    "finish": check.one_of("stop", "length", "tool_calls", "content_filter"),
    "empty": check.flag,
    "role_only": check.flag,
    "usage": check.usage,
    "no_usage": check.flag,
    "continuation": check.one_of("continue", "again", "overlap", "different", "refuse"),
    "continuation_seed": check.whole_number(0, 1_000_000_000),
    "refuses": check.list_of(check.name, "a list of parameter names"),
    "context_tokens": check.whole_number(1, 100_000_000),
    "max_output_tokens": check.whole_number(1, 100_000_000),
    "delay_s": _SECONDS,
    "first_token_s": _SECONDS,
    "tokens_per_s": check.number(0.01, 1_000_000),
    "burst": check.flag,
    "pings_s": check.number(0.001, 3600),
    "status": check.whole_number(200, 599),
    "body": check.body,
    "error": check.one_of("quota", "overloaded", "context_length", "filtered"),
    "headers": check.headers,
    "retry_after": check.retry_after,
    "reset": check.flag,
    "close": check.flag,
    "silence": check.flag,
    "headers_then_silence": check.flag,
    "html": check.flag,
    "not_json": check.flag,
    "no_body": check.flag,
    "cut_at": _TOKENS,
    "fin_at": _TOKENS,
    "end_at": _TOKENS,
    "stall_at": _TOKENS,
    "stall_s": _SECONDS,
    "malformed_at": _TOKENS,
    "error_event_at": _TOKENS,
    "error_event": check.body,
    "no_finish": check.flag,
    "no_done": check.flag,
    "close_after_response": check.flag,
    "stale": check.flag,
}

_INSTEAD = ("status", "error", "reset", "close", "silence", "headers_then_silence", "html", "not_json", "no_body")
_NEEDS = {
    "body": ("status",),
    "retry_after": ("status", "error"),
    "stall_s": ("stall_at",),
    "error_event": ("error_event_at",),
}
_ORDINARY = Action()


def conflicts(values: Mapping[str, Any]) -> Iterable[str]:
    """Yield a sentence for each pair of fields that cannot be meant together."""
    instead = [field for field in _INSTEAD if values.get(field) not in (None, False)]
    if len(instead) > 1 and instead != ["status", "error"]:
        yield " and ".join(instead) + " exclude each other"
    for field, needed in _NEEDS.items():
        if field in values and not any(other in values for other in needed):
            yield f"{field} needs {' or '.join(needed)}"


def description(action: Action) -> str:
    """Return the fields of `action` that are not the ordinary behaviour, on one line of at most 200 characters."""
    said = [(field.name, getattr(action, field.name)) for field in fields(action)]
    told = [name if value is True else f"{name}={value}" for name, value in said if value != getattr(_ORDINARY, name)]
    return (", ".join(told) or "ok")[:200]
