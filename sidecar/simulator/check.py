"""Checks of one value out of a script: each takes what YAML gave and returns what is meant, or says what it must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson

#: Takes a value as read; returns it as meant; raises ValueError whose text completes "must be …".
Check = Callable[[Any], Any]


def whole_number(low: int, high: int) -> Check:
    """Return a check for an integer between `low` and `high`, both included."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return check


def number(low: float, high: float) -> Check:
    """Return a check for a finite number between `low` and `high`, both included; the result is a float."""

    def check(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def flag(value: Any) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def string(value: Any) -> str:
    """Check for a string, which may be empty."""
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def name(value: Any) -> str:
    """Check for a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("a string that is not empty")
    return value


def one_of(*words: str) -> Check:
    """Return a check for one of `words`."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return str(value)

    return check


def list_of(item: Check, what: str) -> Check:
    """Return a check for a list whose items pass `item`; `what` names it in the problem. Gives a tuple."""

    def check(value: Any) -> tuple[Any, ...]:
        try:
            return tuple(map(item, value)) if isinstance(value, list) else _refuse(what)
        except ValueError:
            raise ValueError(what) from None

    return check


def json_object(value: Any) -> dict[str, Any]:
    """Check for a mapping whose keys are strings."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("a mapping")
    return dict(value)


def body(value: Any) -> str | dict[str, Any]:
    """Check for a response body: a string as it is, or a mapping that becomes JSON."""
    if isinstance(value, str):
        return value
    try:
        orjson.dumps(value)
        return json_object(value)
    except (ValueError, orjson.JSONEncodeError):
        raise ValueError("a string or a mapping of JSON values") from None


def headers(value: Any) -> dict[str, str]:
    """Check for response headers: names to strings or numbers, on one line each."""
    fields = json_object(value)
    texts = {key: str(field) for key, field in fields.items()}
    if any(isinstance(field, list | dict) for field in fields.values()) or any(
        mark in text for item in texts.items() for text in item for mark in "\r\n\0"
    ):
        raise ValueError("a mapping of header names to one-line values")
    if {key.lower() for key in texts} & {"content-length", "transfer-encoding"}:
        raise ValueError("without Content-Length and Transfer-Encoding, which follow from the body")
    return texts


def retry_after(value: Any) -> str:
    """Check for a Retry-After value: seconds as a number, or any string, sent as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or "\n" in str(value):
        raise ValueError("a number of seconds or a one-line string")
    return str(value)


def tool_calls(value: Any) -> tuple[tuple[str, Any], ...]:
    """Check for tool calls: a list of `{name, arguments}`, where arguments are a mapping or a string sent as it is."""
    what = "a list of {name, arguments}"
    if not isinstance(value, list) or not value:
        raise ValueError(what)
    calls = []
    for call in value:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str) or set(call) - {"name", "arguments"}:
            raise ValueError(what)
        try:
            calls.append((call["name"], body(call.get("arguments", {}))))
        except ValueError:
            raise ValueError(what) from None
    return tuple(calls)


def usage(value: Any) -> dict[str, int]:
    """Check for token counts that replace the counted ones."""
    names = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cache_write_tokens")
    counts = json_object(value)
    if set(counts) - set(names) or not all(type(count) is int and count >= 0 for count in counts.values()):
        raise ValueError("a mapping of " + ", ".join(names) + " to whole numbers of at least 0")
    return counts


def _refuse(what: str) -> tuple[Any, ...]:
    raise ValueError(what)
