"""Which JSON schemas the Messages API can hold a model to: those of `output_config.format` and of strict tools.

Source: Anthropic's page "Structured outputs", its limits of JSON Schema and of complexity, and how its official package
rewrites schemas. The API refuses any other schema before the model runs. A tool that is not strict takes them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import orjson

MAX_OPTIONAL = 24
"""Properties that are not required, in all objects together."""
MAX_UNIONS = 16
"""Schemas with several types or alternatives, together."""
_REFUSED = (
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "minProperties",
    "maxProperties",
    "prefixItems",
    "contains",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
)
_FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf")
_SAYS_WHAT = ("type", "anyOf", "allOf", "enum", "const", "$ref")


@lru_cache(maxsize=128)
def obstacle(text: str) -> str | None:
    """Why the API would refuse to hold a model to a schema, for a person, as far as that can be known; None: it may take it.

    `text`: JSON. A grammar that grows too large shows only there.
    """
    try:
        root = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "the schema is nested too deeply"
    reached: dict[int, list[int]] = {}
    optional = unions = 0
    unseen: list[Any] = [root]
    while unseen:
        node = unseen.pop()
        if id(node) in reached:
            continue
        if (why := _obstacle_here(node)) is not None:
            return why
        inner = [*_parts(node), *_targets(node, root)]
        reached[id(node)] = [id(part) for part in inner]
        unseen += inner
        optional += _optional(node)
        unions += isinstance(node.get("type"), list) or "anyOf" in node
    return _obstacle_of_all(reached, optional, unions)


def _obstacle_of_all(reached: dict[int, list[int]], optional: int, unions: int) -> str | None:
    try:
        TopologicalSorter(reached).prepare()
    except CycleError:
        return "the schema contains itself"
    if optional > MAX_OPTIONAL:
        return f"the schema has over {MAX_OPTIONAL} properties that are not required"
    return f"the schema has over {MAX_UNIONS} parts of several types" if unions > MAX_UNIONS else None


def _obstacle_here(node: Any) -> str | None:
    if not isinstance(node, dict):
        return "the schema has a part, or a '$ref' to one, that is no JSON object"
    for keyword in _REFUSED:
        if keyword in node:
            return f"the schema has {keyword!r}"
    if not any(keyword in node for keyword in _SAYS_WHAT):
        return "the schema has a part without a type"
    types = node.get("type")
    is_object = "properties" in node or types == "object" or "object" in _listed(types)
    if is_object and node.get("additionalProperties") is not False:
        return "the schema has an object without 'additionalProperties': false"
    if node.get("minItems", 0) not in (0, 1):
        return "the schema has 'minItems' over 1"
    if "format" in node and node["format"] not in _FORMATS:
        return "the schema has a 'format' that is not known"
    if any(isinstance(value, dict | list) for value in _listed(node.get("enum"))):
        return "the schema has an 'enum' of more than plain values"
    if any(isinstance(part, dict) and "$ref" in part for part in _listed(node.get("allOf"))):
        return "the schema has '$ref' in 'allOf'"
    return None


def _parts(node: dict[str, Any]) -> Iterator[Any]:
    """The schemas right inside a schema."""
    for name in _MAPS:
        held = node.get(name)
        yield from held.values() if isinstance(held, dict) else ()
    for name in _LISTS:
        yield from _listed(node.get(name))
    if "items" in node:
        yield node["items"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _optional(node: dict[str, Any]) -> int:
    properties = node.get("properties")
    if not isinstance(properties, dict):
        return 0
    required = [name for name in _listed(node.get("required")) if isinstance(name, str)]
    return len(properties.keys() - set(required))


def _targets(node: dict[str, Any], root: Any) -> Iterator[Any]:
    """What a schema refers to, by a place inside the whole (RFC 6901, as a fragment); None where that leads nowhere."""
    if "$ref" not in node:
        return
    reference = node["$ref"]
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        yield None
        return
    place: Any = root
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    yield place
