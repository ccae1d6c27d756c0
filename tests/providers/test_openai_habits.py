"""Habits of vendors that speak OpenAI's format: tool calls, reasoning, finish reasons, nulls, as they really come."""

from __future__ import annotations

import pytest

from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import Closed, Delta, Finish, Finished, Kind, PartCompleted

from .chunks import call, calls, chunk, decoded, of, sse, tool_calls
from .test_openai_answer import ORDINARY


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_by_either_name_is_a_part_of_its_own(name: str) -> None:
    events = decoded(sse(chunk({name: "hm"}), chunk({"content": "so", name: None}), chunk({}, "stop")))
    assert [e for e in events if isinstance(e, Delta)] == [Delta(Kind.REASONING, 0, "hm"), Delta(Kind.TEXT, 1, "so")]


def test_reasoning_by_both_names_counts_once() -> None:
    events = decoded(sse(chunk({"reasoning": "hm", "reasoning_content": "hm"}), chunk({}, "stop")))
    assert of(Kind.REASONING, events) == "hm"


def test_fragments_of_parallel_calls_may_alternate() -> None:
    events = decoded(
        sse(
            calls(call(0, "", "a", "first"), call(1, "", "b", "second")),
            calls(call(1, '{"y"')),
            calls(call(0, '{"x"')),
            calls(call(1, ":2}"), call(0, ":1}")),
            chunk({}, "tool_calls"),
        )
    )
    assert tool_calls(events) == {0: ("a", "first", '{"x":1}'), 1: ("b", "second", '{"y":2}')}
    assert [e.part_index for e in events if isinstance(e, PartCompleted)] == [0, 1]


def test_whole_calls_in_chunks_without_an_index_are_several() -> None:
    # Gemini's compatible endpoint, and Ollama in some versions.
    events = decoded(sse(calls(call(None, "{}", "a", "f")), calls(call(None, "{}", "b", "g")), chunk({}, "stop")))
    assert tool_calls(events) == {0: ("a", "f", "{}"), 1: ("b", "g", "{}")}


def test_whole_calls_that_all_have_index_zero_are_several() -> None:
    events = decoded(sse(calls(call(0, "{}", "a", "f")), calls(call(0, "{}", "b", "g")), chunk({}, "stop")))
    assert tool_calls(events) == {0: ("a", "f", "{}"), 1: ("b", "g", "{}")}


def test_fragments_without_an_index_belong_to_the_call_begun_last() -> None:
    chunks = [calls(call(None, "", "a", "f")), calls(call(None, "{}")), calls(call(None, '{"x"', "b", "g"))]
    events = decoded(sse(*chunks, calls(call(None, ":1}")), chunk({}, "tool_calls")))
    assert tool_calls(events) == {0: ("a", "f", "{}"), 1: ("b", "g", '{"x":1}')}


def test_an_id_and_name_in_every_fragment_make_one_call() -> None:
    events = decoded(sse(calls(call(0, "{", "a", "f")), calls(call(0, "}", "a", "f")), chunk({}, "tool_calls")))
    assert tool_calls(events) == {0: ("a", "f", "{}")}


def test_arguments_as_an_object_become_text() -> None:
    events = decoded(sse(calls(call(0, {"city": "Bonn"}, "a", "f")), chunk({}, "tool_calls")))
    assert tool_calls(events) == {0: ("a", "f", '{"city":"Bonn"}')}


def test_a_call_without_an_id_gets_one() -> None:
    events = decoded(sse(calls(call(0, "{}", None, "f"), call(1, "{}", None, "g")), chunk({}, "tool_calls")))
    ids = {id for id, _, _ in tool_calls(events).values()}
    assert len(ids) == 2
    assert "" not in ids


def test_a_call_without_a_name_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation):
        decoded(sse(calls(call(0, "{}", "a"))))


def test_an_empty_finish_reason_is_none() -> None:
    events = decoded(sse(chunk({"content": "a"}, ""), chunk({"content": "b"}, ""), chunk({}, "stop")))
    assert of(Kind.TEXT, events) == "ab"
    assert [e for e in events if isinstance(e, Finished)] == [Finished(Finish.STOP)]


@pytest.mark.parametrize(
    ("said", "finish"),
    [
        ("length", Finish.LENGTH),
        ("tool_calls", Finish.TOOL_CALLS),
        ("function_call", Finish.TOOL_CALLS),
        ("content_filter", Finish.CONTENT_FILTERED),
        ("eos", Finish.STOP),
        ("something new", Finish.OTHER),
    ],
)
def test_every_finish_is_understood(said: str, finish: Finish) -> None:
    assert Finished(finish) in decoded(sse(chunk({"content": "a"}, said)))


def test_done_without_a_finish_reason_is_a_completion_and_an_end_without_either_is_none() -> None:
    events = decoded(sse(chunk({"content": "a"})))
    assert events[-3:] == [PartCompleted(0, "vendor"), Finished(Finish.STOP), Closed()]
    assert not any(isinstance(e, Finished) for e in decoded(sse(chunk({"content": "a"}), end=b"")))


def test_nothing_after_done_counts() -> None:
    assert decoded(ORDINARY + sse(chunk({"content": "more"}))) == decoded(ORDINARY)


def test_a_finish_told_twice_is_one() -> None:
    events = decoded(sse(chunk({"content": "a"}, "stop"), chunk({}, "stop")))
    assert len([e for e in events if isinstance(e, Finished)]) == 1


def test_null_deltas_missing_choices_pings_and_a_bom_are_harmless() -> None:
    body = b"\xef\xbb\xbf: ping\r\n\r\n" + sse(
        chunk(None),
        {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": None, "usage": None},
        chunk({"content": None, "refusal": None, "tool_calls": None, "role": "assistant"}),
        chunk({"content": "a"}),
        {"id": "x", "choices": []},
        chunk({}, "stop"),
    ).replace(b"\n", b"\r\n")
    assert of(Kind.TEXT, decoded(body)) == "a"


def test_content_as_a_list_of_blocks_is_reasoning_and_text() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    delta = {"content": [thinking, {"type": "text", "text": "Yes."}, {"type": "reference", "reference_ids": [1]}]}
    body = sse(chunk(delta), chunk({}, "stop"))
    found = [(event.kind, event.text) for event in decoded(body) if isinstance(event, Delta)]
    assert found == [(Kind.REASONING, "Hm."), (Kind.TEXT, "Yes.")]
