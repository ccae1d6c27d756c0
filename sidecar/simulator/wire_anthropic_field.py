"""Checks of one value of a Messages request, each refused in the API's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from .wire import BadRequestError

_NAMES: Mapping[type, str] = {
    str: "a valid string",
    int: "a valid integer",
    bool: "a valid boolean",
    list: "a valid list",
    dict: "a valid dictionary",
}
#: What ids of tool calls are made of.
ID_PATTERN = "^[a-zA-Z0-9_-]+$"


def refuse(message: str) -> NoReturn:
    """Raise the 400 with this message."""
    raise BadRequestError(message)


def typed(value: Any, path: str, kind: type) -> Any:
    """Return `value`, which must be of `kind`; true and false are no numbers."""
    if type(value) is not kind:
        refuse(f"{path}: Input should be {_NAMES[kind]}")
    return value


def record(value: Any, path: str, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """Return `value`, which must be an object with all fields of `required` and none but those and `optional`."""
    fields: dict[str, Any] = typed(value, path, dict)
    for name in required:
        if name not in fields:
            refuse(f"{path}.{name}: Field required")
    for name in fields:
        if name not in required and name not in optional:
            refuse(f"{path}.{name}: Extra inputs are not permitted")
    return fields


def literal(value: Any, path: str, words: tuple[str, ...]) -> str:
    """Return `value`, which must be one of `words`."""
    if value not in words:
        refuse(f"{path}: Input should be {_either(words)}")
    return str(value)


def tag(value: Any, path: str, words: tuple[str, ...]) -> str:
    """Return the `type` of `value`, which must be an object of one of these types."""
    fields = typed(value, path, dict)
    if "type" not in fields:
        refuse(f"{path}.type: Field required")
    if fields["type"] not in words:
        known = ", ".join(f"'{word}'" for word in words)
        refuse(
            f"{path}: Input tag '{fields['type']}' found using 'type' does not match any of the expected tags: {known}"
        )
    return str(fields["type"])


def matching(value: Any, path: str, pattern: str) -> str:
    """Return `value`, which must be a string that matches all of `pattern`."""
    text = str(typed(value, path, str))
    if re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text) is None:
        refuse(f"{path}: String should match pattern '{pattern}'")
    return text


def cache_ttl(fields: Mapping[str, Any], path: str) -> str | None:
    """Return how long the cache that `fields` wants to end here shall live (`5m`, `1h`), None when it wants none."""
    value = fields.get("cache_control")
    if value is None:
        return None
    where = f"{path}.cache_control" if path else "cache_control"
    tag(value, where, ("ephemeral",))
    record(value, f"{where}.ephemeral", ("type",), ("ttl",))
    return literal(value.get("ttl", "5m"), f"{where}.ephemeral.ttl", ("5m", "1h"))


def _either(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]
