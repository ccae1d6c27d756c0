"""Answers of chat completions: any chunking gives the same events; what is an error, and what is not the protocol."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import (
    Closed,
    Delta,
    Finish,
    Finished,
    Identity,
    Kind,
    PartCompleted,
    Upstream,
    UsageTold,
)
from sidecar.core.usage import Usage
from sidecar.providers.codec import ErrorEvent
from sidecar.providers.openai_answer import StreamDecoder

from .chunks import call, calls, chunk, decoded, of, sse, tool_calls, whole

ORDINARY = sse(
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({}, "stop"),
    chunk(None, None, choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2}),
)


def test_an_ordinary_answer() -> None:
    assert decoded(ORDINARY) == [
        Identity("chatcmpl-1"),
        Delta(Kind.TEXT, 0, "Hello"),
        PartCompleted(0, "vendor"),
        Finished(Finish.STOP),
        UsageTold(Usage(3, 2)),
        Closed(),
    ]


DELTAS = st.one_of(
    st.text(max_size=6).map(lambda text: chunk({"content": text})),
    st.text(max_size=6).map(lambda text: chunk({"reasoning_content": text})),
    st.text(max_size=6).map(lambda text: chunk({"refusal": text})),
    st.tuples(st.integers(0, 2), st.text(max_size=5)).map(lambda t: calls(call(t[0], t[1], f"c{t[0]}", "look"))),
    st.just(chunk(None)),
    st.just(chunk({}, choices=[])),
    st.just(chunk({}, usage={"prompt_tokens": 1, "completion_tokens": 2})),
)


def joined(events: list[Upstream]) -> list[Upstream]:
    """Pieces of one part that follow each other as one: how they are cut is the wire's chance."""
    out: list[Upstream] = []
    for event in events:
        last = out[-1] if out else None
        both = last.joined(event) if isinstance(last, Delta) and isinstance(event, Delta) else None
        if both is None:
            out.append(event)
        else:
            out[-1] = both
    return out


@given(st.lists(DELTAS, max_size=6), st.sampled_from(["stop", "tool_calls", "length", "odd"]), st.data())
def test_any_chunking_gives_the_same_events(chunks: list[Any], finish: str, data: st.DataObject) -> None:
    body = sse(*chunks, chunk({}, finish)).replace(b"\n", data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])))
    step = data.draw(st.integers(1, max(1, len(body))))
    assert joined(decoded(body, step=step)) == joined(decoded(body))


@given(st.binary(max_size=200), st.integers(1, 50))
def test_bytes_that_are_anything_give_events_or_a_violation_and_nothing_else(body: bytes, step: int) -> None:
    for decode in (lambda: decoded(body, step=step), lambda: whole(body)):
        try:
            decode()
        except (ProtocolViolation, ErrorEvent):
            pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "index",
                    "usage",
                    "error",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_that_is_anything_gives_events_or_a_violation_and_nothing_else(value: Any) -> None:
    for wrapped in (value, {"choices": [value]}, {"choices": [{"delta": value}]}, {"choices": [], "usage": value}):
        for decode in (lambda one=wrapped: decoded(sse(one)), lambda one=wrapped: whole(orjson.dumps(one))):
            try:
                decode()
            except (ProtocolViolation, ErrorEvent):
                pass


def test_a_later_usage_replaces_an_earlier_one_and_details_are_read() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    events = decoded(sse(chunk({"content": "a"}, "stop", usage={"prompt_tokens": 1}), chunk({}, usage=usage)))
    assert [e.usage for e in events if isinstance(e, UsageTold)][-1] == Usage(9, 4, 8, None, 3)


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1}, {"prompt_tokens": "9"}, {"prompt_tokens": True}, {}])
def test_counts_that_are_none_are_not_told(usage: dict[str, Any]) -> None:
    (told,) = [e for e in decoded(sse(chunk({}, "stop", usage=usage))) if isinstance(e, UsageTold)]
    assert told.usage == Usage(0, 0)


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error": {"message": "Overloaded", "code": 529}}\n\n',
        b'event: error\ndata: {"message": "Overloaded"}\n\n',
        b'data: {"object": "error", "message": "Overloaded"}\n\n',
        b'data: {"error": "Overloaded"}\n\n',
    ],
)
def test_an_error_event_is_raised_with_its_body_and_what_came_before_is_kept(event: bytes) -> None:
    decoder = StreamDecoder("vendor")
    with pytest.raises(ErrorEvent) as caught:
        decoder.feed(sse(chunk({"content": "a"}), end=b"") + event)
    assert b"Overloaded" in caught.value.body
    assert of(Kind.TEXT, decoder.taken()) == "a"
    assert decoder.taken() == []


@pytest.mark.parametrize(
    "body",
    [
        b"data: {not json\n\n",
        b"data: 7\n\n",
        b"data: []\n\n",
        b'data: {"unexpected": true}\n\n',
        b'data: {"choices": ["text"]}\n\n',
        b'data: {"choices": [{"delta": "text"}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": ["x"]}}]}\n\n',
        b"<html>\n\n",
    ],
)
def test_what_is_not_the_protocol_is_a_violation_that_names_no_content(body: bytes) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decoded(body)
    assert "html" not in str(caught.value)


def test_a_whole_answer_gives_the_events_of_a_stream() -> None:
    message = {"role": "assistant", "reasoning": "hm", "content": "Hello", "tool_calls": [call(None, "{}", "a", "f")]}
    answer = {
        "id": "chatcmpl-1",
        "model": "gpt-x-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    assert whole(orjson.dumps(answer)) == [
        Identity("chatcmpl-1", "gpt-x-2026"),
        Delta(Kind.REASONING, 0, "hm"),
        Delta(Kind.TEXT, 1, "Hello"),
        Delta(Kind.TOOL_CALL, 2, "{}", "a", "f"),
        *[PartCompleted(index, "vendor") for index in range(3)],
        Finished(Finish.TOOL_CALLS),
        UsageTold(Usage(3, 2)),
        Closed(),
    ]


def test_a_whole_answer_with_parallel_calls_without_indexes_keeps_them_apart() -> None:
    message = {"tool_calls": [call(None, "{}", None, "f"), call(None, "{}", None, "f")]}
    events = whole(orjson.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))
    assert [name for _, name, _ in tool_calls(events).values()] == ["f", "f"]


@pytest.mark.parametrize("body", [b"", b"not json", b"<html></html>", b"[]", b"{}"])
def test_a_whole_answer_that_is_none_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        whole(body)


def test_a_whole_error_is_raised_with_its_body() -> None:
    with pytest.raises(ErrorEvent) as caught:
        whole(b'{"error": {"message": "no"}}')
    assert b"no" in caught.value.body


def test_a_call_whose_arguments_are_whole_is_complete_as_soon_as_the_next_one_begins() -> None:
    first, second = call(0, '{"at": 1}', "c1", "look"), call(1, '{"at"', "c2", "look")
    events = decoded(sse(calls(first), calls(second), end=b""), step=None)
    assert [event for event in events if isinstance(event, PartCompleted)] == [PartCompleted(0, "vendor")]
    finished = decoded(sse(calls(first), calls(second), calls(call(1, ": 2}")), chunk({}, "tool_calls")))
    assert [event for event in finished if isinstance(event, PartCompleted)] == [
        PartCompleted(0, "vendor"),
        PartCompleted(1, "vendor"),
    ]


def test_calls_whose_fragments_alternate_are_complete_only_at_the_end() -> None:
    body = sse(
        calls(call(0, '{"a"', "c1", "look")),
        calls(call(1, '{"b"', "c2", "look")),
        calls(call(0, ": 1}")),
        calls(call(1, ": 2}")),
        chunk({}, "tool_calls"),
    )
    events = decoded(body)
    assert events.index(PartCompleted(0, "vendor")) > events.index(Delta(Kind.TOOL_CALL, 1, ": 2}"))
    assert tool_calls(events) == {0: ("c1", "look", '{"a": 1}'), 1: ("c2", "look", '{"b": 2}')}
