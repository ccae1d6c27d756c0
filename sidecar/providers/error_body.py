"""What every protocol's error reader needs of a body: JSON out of it, and the few fields vendors agree on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ..core.retry_after import sentence_wait, stated_wait_s

Json = dict[str, Any]

_SSE_SCAN_BYTES = 262_144
_WAIT_FIELDS = (
    ("retryDelay", ""),
    ("retry_delay", ""),
    ("retry_after", ""),
    ("retryAfter", ""),
    ("retry_after_s", ""),
    ("retry_after_seconds", ""),
    ("retryAfterSeconds", ""),
    ("retry_after_ms", "ms"),
    ("retryAfterMs", "ms"),
)
"""Body fields that state a wait, with the unit of a bare number (none: seconds)."""
_MAY_WAIT = frozenset({403, 408, 429})
"""Besides every 5xx: the statuses whose text may state a wait."""


def documents(body: bytes) -> Iterator[Json]:
    """The JSON objects of a body: the object itself, those of a list, or those of an event stream's data lines."""
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if text[:1] in (b"{", b"["):
        yield from _objects(text)
        return
    for line in text[:_SSE_SCAN_BYTES].splitlines():
        if line.startswith(b"data:"):
            yield from _objects(line[5:].strip())


def _objects(text: bytes) -> Iterator[Json]:
    value = _parsed(text)
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def _parsed(text: bytes) -> object:
    """The JSON value, None where it is none. A vendor that cuts the caller's text may leave half an emoji: still read."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def name_of(value: object) -> str | None:
    """A machine name: a non-empty string, or a whole number as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    return text_of(value).strip() or None


def text_of(value: object) -> str:
    """A text field, else nothing; valid Unicode in any case."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def object_of(value: object) -> Json:
    """An object field, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[Json]:
    """The objects of a list field."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole_number_of(value: object) -> int | None:
    """A positive whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The header `x-should-retry`, None where it is absent or neither `true` nor `false`."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def wait_of(status: int, headers: Mapping[str, str], places: list[Json], message: str, now_wall: float) -> float | None:
    """The stated wait in seconds of an answer: headers, then the body's fields and sentence, then rate-limit headers.

    `status`: the one to judge by. `places`: objects of the body that may hold a wait field.
    """
    hints = [hint for place in places for hint in _hints(place)]
    sentence = sentence_wait(message) if status in _MAY_WAIT or status >= 500 else None
    if sentence is not None:
        hints.append(sentence)
    return stated_wait_s(headers, hints, now_wall)


def _hints(place: Json) -> Iterator[str]:
    for field, unit in _WAIT_FIELDS:
        value = place.get(field)
        if isinstance(value, str):
            yield value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{value}{unit}"
        elif isinstance(value, dict) and isinstance(value.get("seconds"), (int, str)):
            yield f"{value['seconds']}s"
