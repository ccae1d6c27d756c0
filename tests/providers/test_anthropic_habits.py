"""Habits of vendors that speak the Messages API almost as its maker does."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core import content as c
from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import Closed, Delta, Finish, Finished, Kind, PartCompleted, Upstream, UsageTold
from sidecar.core.reasons import Reason
from sidecar.core.usage import Usage
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.anthropic_answer import StreamDecoder
from sidecar.providers.codec import ErrorEvent

from .anthropic_bodies import OLD, asked, body, model, repairs, results, thought, user
from .anthropic_chunks import (
    begin,
    block,
    call,
    decoded,
    delta,
    end,
    finish,
    fragment,
    message,
    said,
    sse,
    start,
    text,
    whole,
)
from .chunks import of, tool_calls


def last_usage(events: list[Upstream]) -> Usage:
    return [event.usage for event in events if isinstance(event, UsageTold)][-1]


def test_blocks_with_gaps_between_their_numbers_are_parts_one_after_the_other() -> None:
    events = decoded(sse(start(), *said(3, "a"), *said(9, "b"), *finish()))
    assert [event for event in events if isinstance(event, Delta)] == [
        Delta(Kind.TEXT, 0, "a"),
        Delta(Kind.TEXT, 1, "b"),
    ]


def test_a_block_that_begins_where_another_never_ended_ends_that() -> None:
    thinking = begin(0, type="thinking", thinking="hm", signature="")
    signed = delta(0, type="signature_delta", signature="s")
    events = decoded(sse(start(), thinking, signed, begin(0, type="text", text=""), text(0, "a"), *finish()))
    assert [event for event in events if isinstance(event, Delta | PartCompleted)] == [
        Delta(Kind.REASONING, 0, "hm"),
        PartCompleted(0, "vendor", b"thinking:s"),
        Delta(Kind.TEXT, 1, "a"),
        PartCompleted(1, "vendor"),
    ]


@pytest.mark.parametrize(
    ("opening", "piece"),
    [
        ({"type": "text", "text": ""}, {"type": "thinking_delta", "thinking": "secret thoughts"}),
        ({"type": "text", "text": ""}, {"type": "input_json_delta", "partial_json": "{}"}),
        ({"type": "thinking", "thinking": ""}, {"type": "text_delta", "text": "a"}),
        ({"type": "redacted_thinking", "data": "d"}, {"type": "text_delta", "text": "a"}),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, {"type": "text_delta", "text": "a"}),
    ],
)
def test_a_piece_of_another_type_of_block_is_a_violation_and_never_told(opening: Any, piece: Any) -> None:
    decoder = StreamDecoder("vendor")
    with pytest.raises(ProtocolViolation) as caught:
        decoder.feed(sse(start(), begin(0, **opening), delta(0, **piece)))
    assert "secret" not in str(caught.value)
    assert not any(isinstance(event, Delta) and event.text for event in decoder.taken())


def test_pieces_of_blocks_and_kinds_nobody_knows_are_passed_over() -> None:
    unknown = block(0, text(0, "x"), type="server_tool_use", id="s", name="web_search", input={})
    known = block(1, delta(1, type="new_delta", text="x"), text(1, "a"), type="text", text="")
    assert of(Kind.TEXT, decoded(sse(start(), *unknown, *known, *finish()))) == "a"


@pytest.mark.parametrize(("content", "finished"), [(said(0, "a"), Finish.STOP), (call(0), Finish.TOOL_CALLS)])
def test_an_answer_that_stops_without_a_reason_is_complete(content: list[Any], finished: Finish) -> None:
    assert decoded(sse(start(), *content, {"type": "message_stop"}))[-2:] == [Finished(finished), Closed()]


def test_a_reason_may_come_with_a_second_message_delta_and_without_usage() -> None:
    first = {"type": "message_delta", "delta": {"stop_reason": None}}
    second = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}
    events = decoded(sse(start(), *said(0, "a"), first, second, {"type": "message_stop"}))
    assert events[-2:] == [Finished(Finish.LENGTH), Closed()]


def test_counts_that_are_told_again_as_nothing_stand() -> None:
    closing = finish(input_tokens=0, cache_read_input_tokens=0, output_tokens=7)
    events = decoded(sse(start(input_tokens=30, cache_read_input_tokens=5), *said(0, "a"), *closing))
    assert last_usage(events) == Usage(35, 7, cached_input_tokens=5)


def test_counts_that_come_only_at_the_end_are_taken() -> None:
    events = decoded(sse(start(input_tokens=0), *said(0, "a"), *finish(input_tokens=30, output_tokens=7)))
    assert last_usage(events) == Usage(30, 7)


@pytest.mark.parametrize(
    ("given_", "arguments"),
    [('{"a":1}', '{"a":1}'), ([1], "[1]"), (7, "7"), (None, "{}"), ("", "{}"), ({}, "{}")],
)
def test_arguments_that_are_no_object_are_told_as_they_are(given_: Any, arguments: str) -> None:
    tool = {"type": "tool_use", "id": "t", "name": "f", "input": given_}
    answer = message() | {"content": [tool], "stop_reason": "tool_use"}
    assert tool_calls(whole(orjson.dumps(answer))) == {0: ("t", "f", arguments)}
    assert tool_calls(decoded(sse(start(), *block(0, **tool), *finish("tool_use")))) == {0: ("t", "f", arguments)}


def test_an_error_after_content_gives_the_content_first() -> None:
    decoder = StreamDecoder("vendor")
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded", "details": None}}
    with pytest.raises(ErrorEvent) as caught:
        decoder.feed(sse(start(), begin(0, type="text", text=""), text(0, "a"), error))
    assert of(Kind.TEXT, decoder.taken()) == "a"
    assert Anthropic().classify(200, {}, caught.value.body, 0.0).reason is Reason.OVERLOADED


def test_an_answer_without_any_content_is_finished_and_has_none() -> None:
    events = whole(orjson.dumps(message()))
    assert events[-2:] == [Finished(Finish.STOP), Closed()]
    assert not any(isinstance(event, Delta) for event in events)


def tool_loop() -> Any:
    called = model(thought("hm", ""), c.ToolCall("a", "f", "{}"))
    return asked(user("q"), called, results(c.ToolResult("a", "1")), tools=(c.Tool("f"),), reasoning_effort="high")


def test_a_vendor_that_signs_no_thinking_gets_its_own_back_and_goes_on_thinking() -> None:
    read = body(tool_loop(), "kimi-k9")
    assert read["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert read["thinking"]["type"] == "enabled"
    assert repairs(tool_loop(), "kimi-k9") == ()


def test_a_claude_never_gets_thinking_without_a_signature() -> None:
    assert [made["type"] for made in body(tool_loop(), OLD)["messages"][1]["content"]] == ["tool_use"]
    assert "reasoning this provider did not issue was left out of the conversation" in repairs(tool_loop(), OLD)


def test_nobody_gets_the_thinking_of_another_that_signs_none() -> None:
    other = c.Part(c.Reasoning("hm"), "another", None)
    request = asked(user("q"), model(other, "a"), user("b"))
    assert body(request, "kimi-k9")["messages"][1]["content"] == "a"


def test_results_of_parallel_calls_in_several_messages_are_one_turn() -> None:
    calls = model(c.ToolCall("a", "f", "{}"), c.ToolCall("b", "f", "{}"))
    read = body(asked(user("q"), calls, results(c.ToolResult("b", "2")), user("and?"), results(c.ToolResult("a", "1"))))
    assert [turn["role"] for turn in read["messages"]] == ["user", "assistant", "user"]
    assert [made["type"] for made in read["messages"][-1]["content"]] == ["tool_result", "tool_result", "text"]


@pytest.mark.parametrize(("name", "both"), [("claude-opus-4-20250514", True), (OLD, False), ("glm-5", True)])
def test_temperature_beside_top_p_goes_to_those_that_take_both(name: str, both: bool) -> None:
    request = asked(temperature=0.5, top_p=0.9)
    assert ("top_p" in body(request, name)) == both
    assert body(request, name)["temperature"] == 0.5
    told = () if both else ("top_p left out: this model takes temperature or top_p, not both",)
    assert repairs(request, name) == told
    assert body(asked(top_p=0.9), name)["top_p"] == 0.9


EVENTS: st.SearchStrategy[Any] = st.sampled_from(
    [
        start(),
        {"type": "ping"},
        *said(0, "a"),
        *said(1, "b"),
        *call(1, '{"a":', "1}"),
        begin(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="t"),
        delta(0, type="signature_delta", signature="s"),
        begin(2, type="redacted_thinking", data="d"),
        begin(2, type="server_tool_use", id="s", name="n", input={}),
        fragment(2, "{}"),
        end(2),
        {"type": "message_delta", "delta": {"stop_reason": None}},
        *finish("tool_use"),
        {"type": "error", "error": {"type": "overloaded_error", "message": "m"}},
    ]
)


@given(st.lists(EVENTS, max_size=12), st.integers(1, 40))
def test_events_in_any_order_never_break_the_decoder_nor_the_order_of_what_it_tells(sent: list[Any], step: int) -> None:
    """Whatever comes: a violation or an error of the stream at most, one end, and no content of a part that is whole."""
    decoder, seen, data = StreamDecoder("vendor"), list[Upstream](), sse(*sent)
    try:
        for i in range(0, len(data), step):
            seen += decoder.feed(data[i : i + step])
        seen += decoder.end()
    except (ProtocolViolation, ErrorEvent):
        seen += decoder.taken()
    assert sum(isinstance(event, Finished) for event in seen) <= 1
    assert sum(isinstance(event, Closed) for event in seen) <= 1
    whole_parts: set[int] = set()
    for event in seen:
        if isinstance(event, PartCompleted):
            assert event.part_index not in whole_parts
            whole_parts.add(event.part_index)
        elif isinstance(event, Delta):
            assert event.part_index not in whole_parts
