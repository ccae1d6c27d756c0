"""Which JSON Schemas Anthropic's structured outputs take. Pure.

Rules: Anthropic's page on structured outputs, "JSON Schema limitations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .wire_anthropic_field import refuse

_UNSUPPORTED: Mapping[str, tuple[str, ...]] = {
    "integer": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "string": ("maxLength", "minLength"),
    "array": ("maxItems", "uniqueItems"),
    "object": ("maxProperties", "minProperties", "patternProperties", "propertyNames"),
}
_OF_SCHEMAS = ("properties", "$defs", "definitions")
_LISTS_OF_SCHEMAS = ("anyOf", "allOf", "oneOf")


def check_strict(schema: Any, path: str) -> None:
    """Raise BadRequestError where structured outputs do not take `schema`: at any depth, naming `path`."""
    if not isinstance(schema, Mapping):
        return
    for kind in _types(schema):
        _check_type(kind, schema, path)
    for keyword in _OF_SCHEMAS:
        inner = schema.get(keyword)
        for part in inner.values() if isinstance(inner, Mapping) else ():
            check_strict(part, path)
    for keyword in _LISTS_OF_SCHEMAS:
        options = schema.get(keyword)
        for part in options if isinstance(options, list) else ():
            check_strict(part, path)
    check_strict(schema.get("items"), path)


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind] if kind is not None else []
    return [str(one) for one in kinds]


def _check_type(kind: str, schema: Mapping[str, Any], path: str) -> None:
    if kind == "object" and schema.get("additionalProperties") is not False:
        refuse(f"{path}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    found = [keyword for keyword in _UNSUPPORTED.get(kind, ()) if keyword in schema]
    if found:
        plural = "properties" if len(found) > 1 else "property"
        names = ", ".join(found) if len(found) > 1 else f"'{found[0]}'"
        refuse(f"{path}: For '{kind}' type, {plural} {names} {'are' if len(found) > 1 else 'is'} not supported")
    if kind == "array" and schema.get("minItems", 0) not in (0, 1):
        refuse(f"{path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
