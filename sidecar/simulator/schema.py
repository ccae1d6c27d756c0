"""A value that fits a JSON Schema, the same one every time: for JSON answers and tool arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEPTH = 12
_KEYWORDS_OF_OBJECT = ("properties", "additionalProperties", "required")


def example(schema: Mapping[str, Any], text: str) -> Any:
    """Return a value that fits `schema`, with `text` as its strings where nothing forbids it.

    Knows type, enum, const, properties, required, items, minItems, minimum, maximum, minLength, maxLength, anyOf,
    oneOf, allOf, $ref into the schema itself; deeper than 12 levels gives null. Patterns and formats are not looked at.
    """
    return _example(schema, schema, text, 0)


def _example(schema: Any, root: Mapping[str, Any], text: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return text if schema is True else None
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    if "$ref" in schema:
        return _example(_resolved(str(schema["$ref"]), root), root, text, depth + 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        options = schema.get(choice)
        if isinstance(options, list) and options:
            chosen = _merged(options) if choice == "allOf" else options[0]
            return _example(chosen, root, text, depth + 1)
    return _of_type(_type_of(schema), schema, root, text, depth)


def _of_type(kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], text: str, depth: int) -> Any:
    if kind == "object":
        properties = schema.get("properties")
        shapes = properties if isinstance(properties, Mapping) else {}
        return {key: _example(shape, root, text, depth + 1) for key, shape in shapes.items()}
    if kind == "array":
        count = max(1, min(_integer(schema.get("minItems"), 1), 100))
        return [_example(schema.get("items", True), root, text, depth + 1) for _ in range(count)]
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 1), schema.get("maximum")
        return low if high is None else min(low, high)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    filled = text.ljust(_integer(schema.get("minLength"), 0), ".")
    return filled[: _integer(schema.get("maxLength"), len(filled))]


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and kind:
        kind = kind[0]
    if isinstance(kind, str):
        return kind
    return "object" if any(keyword in schema for keyword in _KEYWORDS_OF_OBJECT) else "string"


def _resolved(reference: str, root: Mapping[str, Any]) -> Any:
    value: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _merged(options: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for option in options:
        if isinstance(option, Mapping):
            properties = {**merged.get("properties", {}), **option.get("properties", {})}
            merged = {**merged, **option, "properties": properties}
    return merged


def _integer(value: Any, otherwise: int) -> int:
    return value if type(value) is int and value >= 0 else otherwise
