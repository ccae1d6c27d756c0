"""What a request needs of a model, and what a model lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.capability import lacking, largest_image, needs
from sidecar.core.catalog import Feature, Model
from sidecar.core.content import (
    Audio,
    Content,
    File,
    FormatKind,
    Image,
    Request,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

from .build import request

PICTURE = Image(b"12345", media_type="image/png")


def missing(model: Model, asked: Request) -> list[str]:
    return lacking(model, asked, needs(asked))


@pytest.mark.parametrize(
    ("content", "needed"),
    [
        (Text("hi"), set()),
        (PICTURE, {Feature.IMAGES}),
        (Audio(b"1"), {Feature.AUDIO}),
        (File(b"1"), {Feature.FILES}),
        (ToolCall("1", "look", "{}"), {Feature.TOOLS}),
        (ToolResult("1", "seen"), {Feature.TOOLS}),
        (ToolResult("1", "seen", (PICTURE,)), {Feature.TOOLS, Feature.IMAGES}),
    ],
)
def test_each_kind_of_content_needs_its_feature(content: Content, needed: set[Feature]) -> None:
    assert needs(request("m", content)) == needed


def test_tools_and_formats_need_their_features() -> None:
    assert needs(request(tools=(Tool("look"),))) == {Feature.TOOLS}
    assert needs(request(response_format=ResponseFormat(FormatKind.JSON))) == {Feature.JSON_MODE}
    assert needs(request(response_format=ResponseFormat(FormatKind.JSON_SCHEMA))) == {Feature.JSON_SCHEMA}
    assert needs(request(response_format=ResponseFormat())) == frozenset()


def test_a_model_of_which_nothing_is_known_lacks_nothing() -> None:
    assert missing(Model("m"), request("m", PICTURE, size_bytes=10**9)) == []


def test_what_a_model_lacks_is_named() -> None:
    asked = request("m", PICTURE, Audio(b"1"), tools=(Tool("look"),))
    assert missing(Model("m", features=frozenset({Feature.TOOLS})), asked) == ["audio", "images"]


def test_a_model_that_takes_schemas_takes_plain_json() -> None:
    model = Model("m", features=frozenset({Feature.JSON_SCHEMA}))
    assert missing(model, request(response_format=ResponseFormat(FormatKind.JSON))) == []


@pytest.mark.parametrize(
    ("size_bytes", "out", "fits"), [(600, None, True), (606, None, False), (594, 1, True), (600, 1, False)]
)
def test_a_window_excludes_only_when_even_six_bytes_a_token_and_the_output_exceed_it(
    size_bytes: int, out: int | None, fits: bool
) -> None:
    asked = request(size_bytes=size_bytes, max_output_tokens=out)
    assert missing(Model("m", context_window=100), asked) == ([] if fits else ["context of 101 tokens"])


def test_the_largest_picture_must_fit_also_inside_a_tool_result() -> None:
    asked = request("m", Image(uri="https://x"), ToolResult("1", "", (PICTURE,)), Image(b"12"))
    assert largest_image(asked) == 5
    assert missing(Model("m", max_image_bytes=5), asked) == []
    assert missing(Model("m", max_image_bytes=4), asked) == ["images over 4 bytes"]


@pytest.mark.parametrize(("effort", "needed"), [("high", {Feature.REASONING}), ("none", set()), (None, set())])
def test_an_effort_needs_a_model_that_reasons(effort: str | None, needed: set[Feature]) -> None:
    assert needs(replace(request(), reasoning_effort=effort)) == needed
