"""Thinking, tool calls, answers by a tool, and citations of the Messages API as events."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sidecar.core.events import Citation, Delta, Finish, Finished, Kind, PartCompleted, Upstream

from .anthropic_chunks import answer, begin, block, call, decoded, delta, end, finish, message, said, sse, start, whole
from .chunks import of, tool_calls


def content(events: list[Upstream]) -> list[Upstream]:
    return [event for event in events if isinstance(event, Delta | PartCompleted | Citation)]


def thinking(index: int, *pieces: str, signature: str = "") -> list[dict[str, Any]]:
    deltas = [delta(index, type="thinking_delta", thinking=piece) for piece in pieces]
    signatures = [delta(index, type="signature_delta", signature=signature)] if signature else []
    return block(index, *deltas, *signatures, type="thinking", thinking="", signature="")


def test_thinking_carries_its_signature_as_state() -> None:
    assert content(decoded(answer(thinking(0, "h", "m", signature="sig=="), said(1, "a")))) == [
        Delta(Kind.REASONING, 0, "hm"),
        PartCompleted(0, "vendor", b"thinking:sig=="),
        Delta(Kind.TEXT, 1, "a"),
        PartCompleted(1, "vendor"),
    ]


def test_thinking_that_is_not_shown_is_a_part_without_content_told_once_one_with_content_is_whole() -> None:
    hidden = [thinking(0, signature="s"), block(1, type="redacted_thinking", data="d")]
    assert content(decoded(answer(*hidden, said(2, "a", "b")), step=7)) == [
        Delta(Kind.TEXT, 2, "a"),
        Delta(Kind.TEXT, 2, "b"),
        PartCompleted(0, "vendor", b"thinking:s"),
        PartCompleted(1, "vendor", b"redacted:d"),
        PartCompleted(2, "vendor"),
    ]


def test_so_it_is_with_a_tool_call() -> None:
    events = content(decoded(answer(thinking(0, signature="s"), call(1, '{"a":', "1}"), reason="tool_use"), step=7))
    assert [type(event) for event in events[:2]] == [Delta, Delta]
    assert events[-2:] == [PartCompleted(0, "vendor", b"thinking:s"), PartCompleted(1, "vendor")]


def test_thinking_without_text_state_or_an_answer_is_nothing() -> None:
    assert content(decoded(answer(thinking(0)))) == []
    assert content(decoded(answer(thinking(0, signature="s"), reason="max_tokens"))) == []


def test_a_tool_call_begins_with_id_and_name_and_its_arguments_follow() -> None:
    events = decoded(answer(call(0, "", '{"a"', ":1}"), call(1, id="toolu_2"), reason="tool_use"))
    assert tool_calls(events) == {0: ("toolu_1", "look", '{"a":1}'), 1: ("toolu_2", "look", "{}")}
    assert Finished(Finish.TOOL_CALLS) in events


def test_arguments_that_come_with_the_beginning_are_taken_and_a_missing_id_is_made() -> None:
    body = sse(start(), begin(0, type="tool_use", name="f", input={"a": 1}), end(0), *finish("tool_use"))
    assert tool_calls(decoded(body)) == {0: ("call_0", "f", '{"a":1}')}


def test_the_arguments_of_the_answers_tool_are_the_answer() -> None:
    events = decoded(answer(call(0, '{"a"', ":1}", name="answer"), reason="tool_use"), answer_tool="answer")
    assert content(events) == [Delta(Kind.TEXT, 0, '{"a":1}'), PartCompleted(0, "vendor")]
    assert Finished(Finish.STOP) in events


def test_an_answer_by_tool_without_arguments_is_an_empty_object() -> None:
    events = decoded(answer(call(0, name="answer"), reason="tool_use"), answer_tool="answer")
    assert of(Kind.TEXT, events) == "{}"


def test_a_whole_answer_by_tool_is_the_same() -> None:
    body = message({"type": "tool_use", "id": "t", "name": "answer", "input": {"a": [1]}}, reason="tool_use")
    events = whole(orjson.dumps(body), answer_tool="answer")
    assert of(Kind.TEXT, events) == '{"a":[1]}'
    assert Finished(Finish.STOP) in events


def test_a_callers_tool_beside_the_answers_is_still_a_tool_call() -> None:
    events = decoded(answer(call(0, "{}", name="look"), reason="tool_use"), answer_tool="answer")
    assert tool_calls(events) == {0: ("toolu_1", "look", "{}")}
    assert Finished(Finish.TOOL_CALLS) in events


def test_an_answer_by_tool_that_is_cut_off_is_cut_off() -> None:
    events = decoded(answer(call(0, '{"a"', name="answer"), reason="max_tokens"), answer_tool="answer")
    assert Finished(Finish.LENGTH) in events


CITED = {
    "type": "web_search_result_location",
    "cited_text": "It rains.",
    "url": "https://x.example",
    "title": "Rain",
    "encrypted_index": "e",
}
FROM_FILE = {
    "type": "char_location",
    "cited_text": "It rains.",
    "document_index": 0,
    "document_title": "a.pdf",
    "start_char_index": 0,
    "end_char_index": 9,
}


@pytest.mark.parametrize(("cited", "uri", "title"), [(CITED, "https://x.example", "Rain"), (FROM_FILE, "", "a.pdf")])
def test_sources_are_told_for_their_part(cited: dict[str, Any], uri: str, title: str) -> None:
    events = [delta(0, type="citations_delta", citation=cited)]
    text = delta(0, type="text_delta", text="Rain.")
    expected = Citation(0, uri, title, "It rains.")
    assert expected in decoded(answer(block(0, text, *events, type="text", text="", citations=[])))
    early = content(decoded(answer(block(0, *events, text, type="text", text="", citations=[]))))
    assert early[:2] == [Delta(Kind.TEXT, 0, "Rain."), expected]
    assert expected in whole(orjson.dumps(message({"type": "text", "text": "Rain.", "citations": [cited]})))
