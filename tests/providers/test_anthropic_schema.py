"""Schemas the Messages API can hold a model to, and what becomes of the others."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core import content as c
from sidecar.core.catalog import Feature, Model
from sidecar.core.reasons import Reason
from sidecar.providers.anthropic_schema import obstacle

from .anthropic_bodies import NEW, OLD, asked, body, repairs, sent

TEXT = {"type": "string"}
OLDER = "claude-3-5-haiku-20241022"


def closed(required: bool = True, **properties: Any) -> dict[str, Any]:
    names = list(properties) if required else []
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def written(schema: Any) -> str:
    return orjson.dumps(schema).decode()


LINKED = {"a": closed(b={"$ref": "#/$defs/b"}), "b": closed(a={"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]})}
TAKEN = {
    "plain": closed(a=TEXT, b={"type": "array", "items": TEXT, "minItems": 1}, c={"enum": ["x", 1, None]}),
    "nested": closed(a=closed(b={"anyOf": [TEXT, closed(c={"type": "string", "format": "date-time"})]})),
    "names that are keywords": closed(minimum={"type": "integer"}, oneOf=TEXT, additionalProperties=TEXT),
    "values that look like schemas": closed(a={"const": "x", "default": {"minimum": 1}, "examples": [{"oneOf": []}]}),
    "used twice": closed(a={"$ref": "#/$defs/x"}, b={"$ref": "#/$defs/x"}) | {"$defs": {"x": closed(d=TEXT)}},
    "older place": closed(a={"$ref": "#/definitions/x~1y~0"}) | {"definitions": {"x/y~": TEXT}},
    "24 left free": closed(False, **{f"p{i}": TEXT for i in range(24)}),
    "16 of several types": closed(**{f"p{i}": {"type": ["string", "null"]} for i in range(16)}),
}
REFUSED = {
    "open": ({"type": "object"}, "an object without"),
    "open inside": (closed(a={"type": "array", "items": {"type": "object"}}), "an object without"),
    "open to some": (closed() | {"additionalProperties": TEXT}, "an object without"),
    "perhaps open": (closed(a={"type": ["object", "null"]}), "an object without"),
    "open and unused": (closed() | {"$defs": {"x": {"type": "object"}}}, "an object without"),
    "alternative": (closed(a={"oneOf": [TEXT]}), "'oneOf'"),
    "bound": (closed(a={"type": "integer", "minimum": 0}), "'minimum'"),
    "length": (closed(a={"anyOf": [{"type": "string", "maxLength": 3}]}), "'maxLength'"),
    "at least two": (closed(a={"type": "array", "items": TEXT, "minItems": 2}), "'minItems'"),
    "format": (closed(a={"type": "string", "format": "regex"}), "'format'"),
    "odd format": (closed(a={"type": "string", "format": []}), "'format'"),
    "objects to choose from": (closed(a={"enum": [{"b": 1}]}), "'enum'"),
    "all of a reference": (closed(a={"allOf": [{"$ref": "#/$defs/x"}]}) | {"$defs": {"x": TEXT}}, "'allOf'"),
    "anything": (closed(a={}), "without a type"),
    "true": (closed(a=True), "no JSON object"),
    "itself": (closed(a={"anyOf": [{"$ref": "#"}, {"type": "null"}]}), "contains itself"),
    "each other": ({"$ref": "#/$defs/a", "$defs": LINKED}, "contains itself"),
    "elsewhere": (closed(a={"$ref": "https://x.example/s.json"}), "'$ref'"),
    "nowhere": (closed(a={"$ref": "#/$defs/x"}), "'$ref'"),
    "reference of no text": (closed(a={"$ref": 7}), "'$ref'"),
    "25 left free": (closed(False, **{f"p{i}": TEXT for i in range(22)}, q=closed(False, a=TEXT, b=TEXT)), "over 24"),
    "17 of several types": (closed(**{f"p{i}": {"anyOf": [TEXT]} for i in range(17)}), "over 16"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_a_schema_of_the_subset_has_no_obstacle_and_goes_into_the_format(name: str) -> None:
    text = written(TAKEN[name])
    request = asked(response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, text, "place", True))
    assert obstacle(text) is None
    assert body(request)["output_config"]["format"] == {"type": "json_schema", "schema": TAKEN[name]}
    assert repairs(request) == ()


@pytest.mark.parametrize("name", REFUSED)
def test_of_any_other_the_obstacle_is_named(name: str) -> None:
    schema, words = REFUSED[name]
    assert words in (obstacle(written(schema)) or "")


def test_a_strict_schema_the_api_would_refuse_goes_as_a_tools_and_that_is_told() -> None:
    text = written({"type": "object", "properties": {"city": TEXT}})
    request = asked(response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, text, "place", True))
    read = body(request)
    assert text.encode() in sent(request).body
    assert read["tool_choice"]["name"] == sent(request).answer_tool == "place"
    assert "output_config" not in read
    assert "strict" not in read["tools"][0]
    assert repairs(request) == (
        "the answer's schema was sent as a tool's, which the model is not held to: "
        "the schema has an object without 'additionalProperties': false",
    )


def test_a_model_known_to_take_no_tools_gets_it_in_the_format_all_the_same() -> None:
    form = c.ResponseFormat(c.FormatKind.JSON_SCHEMA, '{"type": "object"}', "place", True)
    formats_only = Model(OLD, features=frozenset({Feature.JSON_SCHEMA}))
    assert "format" in body(asked(response_format=form), formats_only)["output_config"]


def test_a_strict_tool_keeps_its_strictness_where_the_api_takes_it() -> None:
    request = asked(tools=(c.Tool("look", None, written(closed(a=TEXT)), strict=True), c.Tool("stay", strict=True)))
    look, stay = body(request, NEW)["tools"]
    assert look["strict"] is stay["strict"] is True
    assert stay["input_schema"]["additionalProperties"] is False
    assert repairs(request, NEW) == ()


@pytest.mark.parametrize(
    ("model", "parameters", "why"),
    [
        (NEW, {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}, "the schema has an object"),
        (NEW, closed(n={"type": "integer", "minimum": 1}), "the schema has 'minimum'"),
        (OLDER, closed(n=TEXT), "this model has no strict tools"),
    ],
)
def test_else_it_loses_it_and_that_is_told(model: str, parameters: Any, why: str) -> None:
    request = asked(tools=(c.Tool("look", None, written(parameters), strict=True),))
    assert body(request, model)["tools"] == [{"name": "look", "input_schema": parameters}]
    (told,) = sent(request, model).repairs
    assert told.message.startswith(f"the tool look was sent without strict: {why}")
    assert told.prevents is Reason.TOOL_SCHEMA


@pytest.mark.parametrize("strict", [False, None])
def test_a_tool_that_is_not_strict_says_nothing_of_it(strict: bool | None) -> None:
    """Models without strict tools refuse the field whatever it says."""
    assert "strict" not in body(asked(tools=(c.Tool("look", strict=strict),)), OLDER)["tools"][0]


KEYWORDS = ["type", "properties", "$ref", "$defs", "anyOf", "allOf", "items", "enum", "format", "minItems", "required"]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["object", "string", "#", "#/$defs/a", "date", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYWORDS, "a"]), inner, max_size=4),
    max_leaves=20,
)


@given(ANY_JSON)
def test_any_json_either_has_an_obstacle_or_none(schema: Any) -> None:
    found = obstacle(written(schema))
    assert found is None or found.startswith("the schema ")


def test_depth_is_an_obstacle_not_a_failure() -> None:
    deep = 900
    assert obstacle('{"type":"array","items":' * deep + '{"type":"string"}' + "}" * deep) is None
    assert obstacle('{"type":"array","items":' * 2000 + "{}" + "}" * 2000) == "the schema is nested too deeply"
