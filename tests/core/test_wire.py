"""What a wire protocol cannot carry is a missing capability, so that another entry is asked."""

from __future__ import annotations

import pytest

from sidecar.core.capability import lacking, needs
from sidecar.core.catalog import Feature, Model
from sidecar.core.content import Audio, Content, File, FormatKind, Image, Request, ResponseFormat, Text, ToolResult
from sidecar.core.wire import bare_media_type, unsendable

from .build import request


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Text("hi"), []),
        (Audio(b"1"), ["audio"]),
        (Image(b"1", media_type="image/JPG; q=1"), []),
        (Image(b"1", media_type="image/tiff"), ["images of type image/tiff"]),
        (Image(uri="https://x.example/i.tiff"), []),
        (ToolResult("1", "", (Image(b"1", media_type="image/bmp"),)), ["images of type image/bmp"]),
        (File(b"1", media_type="application/pdf"), []),
        (File(b"1", media_type="image/png"), []),
        (File(b"1", media_type="text/csv; charset=utf-8"), []),
        (File(b"1", media_type="application/json"), []),
        (File(b"1", media_type="application/zip"), ["files of type application/zip"]),
    ],
)
def test_the_messages_api_takes_some_kinds_of_content(content: Content, words: list[str]) -> None:
    assert unsendable("anthropic", request("m", content)) == words
    assert unsendable("openai", request("m", content)) == []


@pytest.mark.parametrize(("stop", "words"), [(("a", " b"), []), (("a", "\n\n"), ["stop texts of white space only"])])
def test_it_takes_no_blank_stop_texts(stop: tuple[str, ...], words: list[str]) -> None:
    assert unsendable("anthropic", request("m", stop=stop)) == words


def test_what_the_wire_lacks_is_named_once_beside_what_the_model_lacks() -> None:
    asked: Request = request("m", Audio(b"1"), Audio(b"2"))
    assert lacking(Model("m"), asked, needs(asked), "anthropic") == ["audio"]
    assert lacking(Model("m", features=frozenset()), asked, needs(asked), "anthropic") == ["audio"]
    able = Model("m", features=frozenset({Feature.AUDIO}))
    assert lacking(able, asked, needs(asked), "anthropic") == ["audio"]
    assert lacking(able, asked, needs(asked), "openai") == []


def test_a_missing_media_type_is_empty() -> None:
    assert bare_media_type(None) == ""


@pytest.mark.parametrize("kind", [FormatKind.JSON, FormatKind.JSON_SCHEMA])
def test_json_is_no_want_of_a_model_with_tools_where_the_wire_gets_it_by_a_tool(kind: FormatKind) -> None:
    asked = request(response_format=ResponseFormat(kind))
    tools, pictures = frozenset({Feature.TOOLS}), frozenset({Feature.IMAGES})
    assert lacking(Model("m", features=tools), asked, needs(asked), "anthropic") == []
    assert lacking(Model("m", features=tools), asked, needs(asked), "openai") != []
    assert lacking(Model("m", features=pictures), asked, needs(asked), "anthropic") != []
