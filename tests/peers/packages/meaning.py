"""Whether two request bodies ask the same: both are brought into one form, and what means nothing is left out."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
_TRANSPORT = ("stream", "stream_options")
"""How an answer travels, which every caller decides for itself."""


def meaning(body: Json) -> Json:
    """A body without nulls and order, its texts as lists of parts, JSON inside strings as values."""
    return {name: _plain(value, name) for name, value in sorted(body.items()) if name not in _TRANSPORT}


def _plain(value: Any, name: str = "") -> Any:
    if name in ("content", "system") and isinstance(value, str):
        return [{"type": "text", "text": value}]
    if name == "stop" and isinstance(value, str):
        return [value]
    if name == "arguments":
        return json.loads(value)
    if isinstance(value, dict):
        return {key: _plain(inner, key) for key, inner in sorted(value.items()) if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
