"""Tools and JSON answers as the Messages API takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core import content as c
from sidecar.core.capability import lacking, needs
from sidecar.core.catalog import Feature, Model

from .anthropic_bodies import OLD, SCHEMA, asked, body, sent

LOOK = c.Tool("look")
NO_ARGUMENTS = {"type": "object", "properties": {}}


def schema(text: str = SCHEMA, *, strict: bool = True, name: str = "place") -> c.ResponseFormat:
    return c.ResponseFormat(c.FormatKind.JSON_SCHEMA, text, name, strict)


def knowing(*features: Feature) -> Model:
    return Model(OLD, features=frozenset(features))


def choice(request: c.Request, model: Model | str = OLD) -> Any:
    return body(request, model).get("tool_choice")


@pytest.mark.parametrize(
    ("mode", "name", "parallel", "said"),
    [
        (None, None, None, None),
        (None, None, True, None),
        (None, None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", None, None, {"type": "auto"}),
        ("none", None, False, {"type": "none"}),
        ("required", None, None, {"type": "any"}),
        ("required", None, False, {"type": "any", "disable_parallel_tool_use": True}),
        ("named", "look", None, {"type": "tool", "name": "look"}),
    ],
)
def test_how_free_the_model_is(mode: str | None, name: str | None, parallel: bool | None, said: Any) -> None:
    chosen = c.ToolChoice(c.ToolMode(mode), name) if mode else None
    assert choice(asked(tools=(LOOK,), tool_choice=chosen, parallel_tool_calls=parallel)) == said


def test_no_choice_is_sent_without_tools() -> None:
    request = asked(tool_choice=c.ToolChoice(c.ToolMode.NONE), parallel_tool_calls=False)
    assert not {"tools", "tool_choice"} & body(request).keys()


def test_a_tool_without_parameters_takes_an_empty_object() -> None:
    assert body(asked(tools=(LOOK,)))["tools"] == [{"name": "look", "input_schema": NO_ARGUMENTS}]


@pytest.mark.parametrize(
    "model", [Model(OLD), knowing(Feature.JSON_SCHEMA), knowing(Feature.JSON_SCHEMA, Feature.TOOLS)]
)
def test_a_strict_schema_goes_into_the_format_where_the_model_may_take_one(model: Model) -> None:
    request = asked(response_format=schema())
    assert SCHEMA.encode() in sent(request, model).body
    assert body(request, model)["output_config"]["format"]["type"] == "json_schema"
    assert sent(request, model).answer_tool is None


@pytest.mark.parametrize(
    ("request_", "model"),
    [
        (asked(response_format=schema()), knowing(Feature.TOOLS)),
        (asked(response_format=schema()), Model("claude-3-5-haiku-20241022")),
        (asked(response_format=schema(strict=False)), Model(OLD)),
        (asked(response_format=schema(strict=False)), knowing(Feature.JSON_SCHEMA, Feature.TOOLS)),
    ],
)
def test_else_a_tool_whose_arguments_are_the_answer_must_be_called(request_: c.Request, model: Model) -> None:
    read = body(request_, model)
    assert sent(request_, model).answer_tool == "place"
    assert SCHEMA.encode() in sent(request_, model).body
    assert [tool["name"] for tool in read["tools"]] == ["place"]
    assert read["tool_choice"] == {"type": "tool", "name": "place", "disable_parallel_tool_use": True}
    assert "output_config" not in read


def test_json_without_a_schema_is_a_tool_that_takes_any_object() -> None:
    request = asked(response_format=c.ResponseFormat(c.FormatKind.JSON))
    assert sent(request).answer_tool == "answer"
    assert body(request)["tools"][0]["input_schema"] == {"type": "object", "additionalProperties": True}


def test_json_of_a_model_without_tools_is_an_instruction() -> None:
    request = asked(response_format=c.ResponseFormat(c.FormatKind.JSON))
    read = body(request, knowing(Feature.JSON_MODE))
    assert read["system"].startswith("Answer with one JSON object")
    assert not {"tools", "output_config"} & read.keys()


@pytest.mark.parametrize("text", ['{"type": "array"}', '{"$ref": "#/$defs/x"}'])
def test_a_schema_that_is_no_objects_goes_into_the_format(text: str) -> None:
    request = asked(response_format=schema(text, strict=False))
    assert "format" in body(request)["output_config"]


def test_a_schema_too_deep_to_be_read_goes_into_the_format() -> None:
    deep = '{"a":' * 2000 + "1" + "}" * 2000
    assert deep.encode() in sent(asked(response_format=schema(deep, strict=False))).body


@pytest.mark.parametrize("chosen", [None, c.ToolChoice(c.ToolMode.AUTO)])
def test_beside_the_callers_tools_one_of_them_or_the_answer_must_be_called(chosen: c.ToolChoice | None) -> None:
    request = asked(tools=(LOOK,), tool_choice=chosen, response_format=schema(strict=False))
    assert [tool["name"] for tool in body(request)["tools"]] == ["look", "place"]
    assert choice(request) == {"type": "any"}
    assert choice(replace(request, parallel_tool_calls=False)) == {"type": "any", "disable_parallel_tool_use": True}
    assert sent(request).answer_tool == "place"


def test_where_the_callers_tool_must_be_called_the_answer_has_no_tool() -> None:
    request = asked(tools=(LOOK,), tool_choice=c.ToolChoice(c.ToolMode.REQUIRED), response_format=schema(strict=False))
    assert [tool["name"] for tool in body(request)["tools"]] == ["look"]
    assert sent(request).answer_tool is None


def test_where_no_tool_may_be_called_the_answer_still_is() -> None:
    request = asked(tools=(LOOK,), tool_choice=c.ToolChoice(c.ToolMode.NONE), response_format=schema(strict=False))
    assert choice(request) == {"type": "tool", "name": "place", "disable_parallel_tool_use": True}


@pytest.mark.parametrize("name", ["look", "l" * 64])
def test_the_answers_tool_never_has_the_name_of_a_callers_tool(name: str) -> None:
    request = asked(tools=(c.Tool(name),), response_format=schema(strict=False, name=name))
    names = [tool["name"] for tool in body(request)["tools"]]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 64


def test_a_model_with_tools_is_not_skipped_for_want_of_json() -> None:
    for form in (schema(), c.ResponseFormat(c.FormatKind.JSON)):
        request = asked(response_format=form)
        assert lacking(knowing(Feature.TOOLS), request, needs(request), "anthropic") == []
        assert lacking(knowing(Feature.TOOLS), request, needs(request), "openai") != []
        assert lacking(knowing(Feature.IMAGES), request, needs(request), "anthropic") != []
