"""Answers with calls in their text: ordinary events of tool calls, whatever the chunks; what is no call, and what no answer."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.content import Tool
from sidecar.core.errors import BadToolCall, ProtocolViolation
from sidecar.core.events import Citation, Closed, Delta, Finish, Finished, Identity, Kind, PartCompleted, Upstream
from sidecar.providers import anthropic_answer, openai_answer, prompted_text
from sidecar.providers.codec import ErrorEvent

from . import anthropic_chunks as messages
from .chunks import call, calls, chunk, of, sse, tool_calls
from .prompted_texts import BAD, GOOD, LOOK, LOOKED, TIME, TOOLS, content, decoded, finish_of, joined, said, wrapped


def test_a_call_between_texts_is_an_ordinary_tool_call() -> None:
    assert said(f"I look.\n\n{LOOK}\n\nDone.") == [
        Identity("chatcmpl-1"),
        Delta(Kind.TEXT, 0, "I look."),
        PartCompleted(0, "vendor"),
        Delta(Kind.TOOL_CALL, 1, LOOKED, "call_000000000000000000000001", "look"),
        PartCompleted(1, "vendor"),
        Delta(Kind.TEXT, 2, "Done."),
        PartCompleted(2, "vendor"),
        Finished(Finish.TOOL_CALLS),
        Closed(),
    ]


@pytest.mark.parametrize("name", GOOD)
def test_text_is_read_as_texts_and_calls(name: str) -> None:
    text, expected = GOOD[name]
    events = said(text)
    assert content(events) == expected
    assert finish_of(events) is (Finish.STOP if all(isinstance(e, str) for e in expected) else Finish.TOOL_CALLS)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "huge numbers"])
def test_any_cut_of_a_text_gives_the_same_events(name: str) -> None:
    text = GOOD[name][0]
    whole = said(text)
    assert said(*text) == whole
    for at in range(1, len(text)):
        assert said(text[:at], text[at:]) == whole


PIECES = st.sampled_from(
    [
        *(LOOK, TIME, "```", "```json", "`", "\n", " ", "a", "é", "<tool_call", "</tool_call>", "<", "x\n\n"),
        *("<tool_call>", "`<tool_call>{", '"', "{"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_any_chunking_of_any_text_gives_the_same_events(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(cuts)]
    assert outcome(*pieces) == outcome(text) == outcome(*text)


def outcome(*pieces: str) -> object:
    try:
        return said(*pieces)
    except ProtocolViolation as violation:
        return str(violation)


def test_any_chunking_of_the_bytes_gives_the_same_events() -> None:
    body = sse(chunk({"content": f"é {LOOK} "}), chunk({"content": f"\n{TIME} ü"}), chunk({}, "stop"))
    whole = decoded(body)
    for step in range(1, len(body)):
        assert decoded(body, step=step) == whole


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_is_told_as_one_and_its_words_are_not(name: str) -> None:
    text, why = BAD[name]
    with pytest.raises(BadToolCall) as raised:
        said(text)
    assert why in str(raised.value)
    assert "look" not in str(raised.value)
    if len(text) < 1000:
        with pytest.raises(BadToolCall, match=why):
            said(*text)


def test_what_came_before_a_bad_call_is_not_lost() -> None:
    decoder = wrapped(openai_answer.StreamDecoder("vendor"))
    with pytest.raises(ProtocolViolation):
        decoder.feed(sse(chunk({"content": f"a {TIME} b\n<tool_call>?</tool_call>"}), end=b""))
    assert [e.text for e in decoder.taken() if isinstance(e, Delta)] == ["a", "{}", "b"]
    assert decoder.taken() == []


def test_what_came_before_a_fault_of_the_inner_decoder_is_not_lost() -> None:
    for text, expected in ((f"a {TIME} b", ["a", "{}", "b"]), ("a\n<tool_call>?</tool_call>", ["a"])):
        decoder = wrapped(openai_answer.StreamDecoder("vendor"))
        with pytest.raises(ErrorEvent):
            decoder.feed(sse(chunk({"content": text}), {"error": {"message": "overloaded"}}))
        assert [e.text for e in decoder.taken() if isinstance(e, Delta)] == expected


def test_text_passes_at_once_and_what_may_be_a_tag_does_not() -> None:
    decoder = wrapped(openai_answer.StreamDecoder("vendor"))

    def passed(piece: str) -> str:
        return of(Kind.TEXT, decoder.feed(sse(chunk({"content": piece}), end=b"")))

    pieces = ["Hello", " you", " \n", "all <", "tool", "_box <tool_call>", '{"name":"look"}', "</tool_call", "> "]
    assert [passed(piece) for piece in pieces] == ["Hello", " you", "", " \nall", "", " <tool_box", "", "", ""]
    assert [passed("b"), passed("c")] == ["b", "c"]


def test_it_says_while_a_call_is_being_written() -> None:
    decoder = wrapped(openai_answer.StreamDecoder("vendor"))
    states = []
    for piece in ("a<tool_", 'call>{"name"', ':"look"}</tool_call>', "b"):
        decoder.feed(sse(chunk({"content": piece}), end=b""))
        states.append(decoder.is_in_call)
    assert states == [False, True, False, False]


def test_a_tag_that_is_only_spoken_of_passes_as_soon_as_that_is_known() -> None:
    decoder = wrapped(openai_answer.StreamDecoder("vendor"))
    passed = [
        of(Kind.TEXT, decoder.feed(sse(chunk({"content": piece}), end=b"")))
        for piece in ("Write <tool_call>", " ", "\n", "and then JSON")
    ]
    assert passed == ["Write", "", "", " <tool_call> \nand then JSON"]
    assert not decoder.is_in_call


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_call_that_a_cut_answer_ends_in_is_left_out(finish: str) -> None:
    events = said('So. <tool_call>{"name":"look","argum', finish=finish)
    assert content(events) == ["So."]
    assert finish_of(events) is openai_answer.FINISHES[finish]


def test_a_finish_that_is_not_an_ordinary_stop_stays() -> None:
    assert finish_of(said(LOOK, finish="length")) is Finish.LENGTH
    assert finish_of(said(LOOK, finish="tool_calls")) is Finish.TOOL_CALLS


def test_a_required_call_that_was_not_made_is_an_answer_in_words() -> None:
    assert finish_of(said("No.")) is Finish.STOP


def test_a_call_of_over_eight_million_characters_is_a_bad_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompted_text, "MAX_CALL_CHARACTERS", 30)
    with pytest.raises(BadToolCall, match="over 30 characters"):
        said("<tool_call>", " " * 20, " " * 20)


def test_without_tools_text_is_not_searched() -> None:
    text = f" a {LOOK} <tool_call>?"
    assert content(said(text, tools=())) == [text]


def test_reasoning_is_never_searched() -> None:
    body = sse(
        chunk({"reasoning_content": f"I will write {LOOK} "}),
        chunk({"content": f"\n{TIME}"}),
        chunk({"reasoning_content": "<tool_call>"}),
        chunk({"content": "a "}),
        chunk({"refusal": LOOK}),
        chunk({}, "stop"),
    )
    events = decoded(body)
    assert content(events) == [f"I will write {LOOK} ", ("get_time", "{}"), "<tool_call>", "a ", LOOK]
    kinds = [event.kind for event in events if isinstance(event, Delta)]
    assert kinds == [Kind.REASONING, Kind.TOOL_CALL, Kind.REASONING, Kind.TEXT, Kind.REFUSAL]


def test_a_call_that_came_natively_passes() -> None:
    events = decoded(sse(chunk({"content": "a"}), calls(call(0, '{"b":1}', "c1", "look")), chunk({}, "stop")))
    assert tool_calls(events) == {1: ("c1", "look", '{"b":1}')}
    assert content(events) == ["a", ("look", '{"b":1}')]
    assert finish_of(events) is Finish.TOOL_CALLS


def test_an_answer_that_is_not_streamed_is_read_the_same_way() -> None:
    message = {"role": "assistant", "content": f"a {LOOK} b"}
    body = orjson.dumps({"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    decoder = wrapped(openai_answer.WholeDecoder("vendor"))
    events = decoder.feed(body) + decoder.end()
    assert content(events) == ["a", ("look", LOOKED), "b"]
    assert finish_of(events) is Finish.TOOL_CALLS


def of_messages(body: bytes, tools: Iterable[Tool] = TOOLS) -> list[Upstream]:
    decoder = wrapped(anthropic_answer.StreamDecoder("vendor"), tools)
    return joined(decoder.feed(body) + decoder.end())


def test_thinking_that_is_not_shown_keeps_its_place_before_text_and_calls() -> None:
    hidden = messages.block(
        0, messages.delta(0, type="signature_delta", signature="s"), type="thinking", thinking="", signature=""
    )
    events = of_messages(messages.answer(hidden, messages.said(1, "a ", LOOK, " b")))
    assert [(e.part_index, e.kind) for e in events if isinstance(e, Delta)] == [
        (1, Kind.TEXT),
        (2, Kind.TOOL_CALL),
        (3, Kind.TEXT),
    ]
    states = {e.part_index: e.opaque_state for e in events if isinstance(e, PartCompleted)}
    assert states == {0: b"thinking:s", 1: None, 2: None, 3: None}
    assert finish_of(events) is Finish.TOOL_CALLS


def test_a_call_does_not_go_on_in_the_next_block() -> None:
    body = messages.answer(messages.said(0, f"a {TIME[:20]}"), messages.said(1, TIME[20:]))
    with pytest.raises(ProtocolViolation, match="no end"):
        of_messages(body)


@pytest.mark.parametrize(("tools", "part"), [(TOOLS, 2), ((), 0)])
def test_a_citation_belongs_to_the_text_it_stands_in(tools: tuple[Tool, ...], part: int) -> None:
    cited: dict[str, Any] = {
        "type": "char_location",
        "cited_text": "c",
        "document_index": 0,
        "document_title": "T",
        "start_char_index": 0,
        "end_char_index": 1,
        "file_id": None,
    }
    block = messages.block(
        0,
        messages.text(0, f"a {TIME} b"),
        messages.delta(0, type="citations_delta", citation=cited),
        type="text",
        text="",
    )
    (citation,) = [e for e in of_messages(messages.answer(block), tools) if isinstance(e, Citation)]
    assert citation == Citation(part, "", "T", "c")
