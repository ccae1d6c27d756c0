"""Answers of the Messages API: what each event means, what is an error, and what is not the protocol."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import Closed, Delta, Finish, Finished, Identity, Kind, PartCompleted, UsageTold
from sidecar.core.usage import Usage
from sidecar.providers import anthropic_answer
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.anthropic_answer import StreamDecoder, WholeDecoder
from sidecar.providers.codec import ErrorEvent

from .anthropic_chunks import (
    answer,
    begin,
    block,
    decoded,
    delta,
    end,
    finish,
    message,
    said,
    sse,
    start,
    text,
    whole,
)
from .chunks import of

PING = {"type": "ping"}


def test_an_ordinary_answer() -> None:
    assert decoded(answer([PING], said(0, "Hel", "lo"))) == [
        Identity("msg_1", "claude-9"),
        UsageTold(Usage(3, 1)),
        Delta(Kind.TEXT, 0, "Hello"),
        PartCompleted(0, "vendor"),
        UsageTold(Usage(3, 2)),
        Finished(Finish.STOP),
        Closed(),
    ]


@pytest.mark.parametrize(
    ("reason", "finished"),
    [
        ("end_turn", Finish.STOP),
        ("stop_sequence", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("tool_use", Finish.TOOL_CALLS),
        ("refusal", Finish.CONTENT_FILTERED),
        ("pause_turn", Finish.OTHER),
        ("something_new", Finish.OTHER),
    ],
)
def test_every_stop_reason_has_its_finish(reason: str, finished: Finish) -> None:
    assert Finished(finished) in decoded(sse(start(), *said(0, "a"), *finish(reason)))
    assert Finished(finished) in whole(orjson.dumps({"content": [], "stop_reason": reason}))


def test_an_end_without_a_reason_is_no_completion_and_the_last_event_is() -> None:
    assert not [e for e in decoded(sse(start(), *said(0, "a"), finish(None)[0])) if isinstance(e, Finished | Closed)]
    assert decoded(sse(start(), *said(0, "a"), *finish(None)))[-2:] == [Finished(Finish.STOP), Closed()]


def test_what_comes_after_the_end_is_not_read() -> None:
    assert decoded(answer(said(0, "a")) + b"data: [DONE]\n\n")[-1] == Closed()


def test_input_tokens_include_what_the_cache_gave_and_took_and_later_counts_replace_earlier_ones() -> None:
    first = start(cache_read_input_tokens=10, cache_creation_input_tokens=5)
    details = {"thinking_tokens": 7}
    last = finish(output_tokens=9, input_tokens=4, cache_read_input_tokens=None, output_tokens_details=details)
    told = [e.usage for e in decoded(sse(first, *said(0, "a"), *last)) if isinstance(e, UsageTold)]
    assert told == [Usage(18, 1, 10, 5), Usage(19, 9, 10, 5, 7)]


@pytest.mark.parametrize("count", [-1, "9", True, None, 1.5])
def test_counts_that_are_none_are_not_told(count: Any) -> None:
    told = [e.usage for e in decoded(sse(start(cache_read_input_tokens=count))) if isinstance(e, UsageTold)]
    assert told == [Usage(3, 1)]


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n',
        b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n',
        b'event: error\ndata: {"message": "Overloaded"}\n\n',
    ],
)
def test_an_error_event_is_raised_with_its_body_and_what_came_before_is_kept(event: bytes) -> None:
    decoder = StreamDecoder("vendor")
    with pytest.raises(ErrorEvent) as caught:
        decoder.feed(sse(start(), begin(0, type="text", text=""), text(0, "a")) + event)
    assert b"Overloaded" in caught.value.body
    assert of(Kind.TEXT, decoder.taken()) == "a"
    assert decoder.taken() == []


def test_events_blocks_and_deltas_nobody_knows_are_passed_over() -> None:
    strange = {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta", "text": 7}}
    result = block(1, strange | {"index": 1}, type="web_search_tool_result", tool_use_id="s", content=[])
    events = [start(), {"type": "new_event"}, begin(0, type="text", text=""), strange, text(0, "a"), end(0), *result]
    assert of(Kind.TEXT, decoded(sse(*events, *said(2, "b"), *finish()))) == "ab"


@pytest.mark.parametrize(
    "body",
    [
        b"data: {not json\n\n",
        b"data: 7\n\n",
        b'data: {"choices": []}\n\n',
        b"data: [DONE]\n\n",
        sse({"type": "message_start"}),
        sse({"type": "message_delta"}),
        sse({"type": "content_block_start", "index": 0}),
        sse(begin(0, type="text", text=""), {"type": "content_block_delta", "index": 0, "delta": "text"}),
        sse(begin(0, type="text", text=""), delta(0, type="text_delta", text=7)),
        sse(text(0, "a")),
        sse(*said(0, "a"), text(0, "b")),
        sse(begin(0, type="tool_use", id="t", input={})),
        b"<html>\n\n",
    ],
)
def test_what_is_not_the_protocol_is_a_violation_that_names_no_content(body: bytes) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decoded(body)
    assert "html" not in str(caught.value)


def test_blocks_nobody_ended_end_with_the_answer() -> None:
    events = decoded(sse(start(), begin(0, type="text", text="a"), *finish()))
    assert PartCompleted(0, "vendor") in events


def test_a_whole_answer_gives_the_events_of_a_stream() -> None:
    body = message(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "text", "text": "Hello", "citations": None},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"n": 1, "s": "ä"}},
        reason="tool_use",
    )
    assert whole(orjson.dumps(body)) == [
        Identity("msg_1", "claude-9"),
        UsageTold(Usage(3, 1)),
        Delta(Kind.REASONING, 0, "hm"),
        PartCompleted(0, "vendor", b"thinking:sig"),
        Delta(Kind.TEXT, 1, "Hello"),
        PartCompleted(1, "vendor"),
        Delta(Kind.TOOL_CALL, 2, '{"n":1,"s":"ä"}', "toolu_1", "look"),
        PartCompleted(2, "vendor"),
        Finished(Finish.TOOL_CALLS),
        Closed(),
    ]


def test_a_whole_answers_arguments_keep_large_numbers() -> None:
    body = b'{"content":[{"type":"tool_use","id":"t","name":"f","input":{"n":123456789012345678901234567890}}]}'
    assert of(Kind.TOOL_CALL, whole(body)) == '{"n":123456789012345678901234567890}'


def test_numbers_of_more_digits_than_python_reads_are_still_an_answer() -> None:
    digits = b"1" * 5000
    body = b'{"content":[{"type":"tool_use","id":"t","name":"f","input":{"s":"a"}}],"x":%s}' % digits
    try:
        assert of(Kind.TOOL_CALL, whole(body)) == '{"s":"a"}'
    except ProtocolViolation:
        pass


def test_a_whole_answer_without_a_reason_is_no_completion() -> None:
    assert not [e for e in whole(b'{"content": []}') if isinstance(e, Finished | Closed)]


@pytest.mark.parametrize("body", [b"", b"not json", b"<html></html>", b"[]", b"{}", b'{"content": ["text"]}'])
def test_a_whole_answer_that_is_none_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        whole(body)


def test_a_whole_error_is_raised_with_its_body() -> None:
    with pytest.raises(ErrorEvent) as caught:
        whole(b'{"type": "error", "error": {"type": "api_error", "message": "no"}}')
    assert b"no" in caught.value.body


def test_an_answer_that_is_too_large_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_answer, "MAX_ANSWER_BYTES", 3)
    with pytest.raises(ProtocolViolation):
        WholeDecoder("vendor").feed(b"1234")


def test_what_was_decoded_before_a_fault_of_a_whole_answer_is_kept() -> None:
    decoder = WholeDecoder("vendor")
    decoder.feed(orjson.dumps({"content": [{"type": "text", "text": "a"}, 7]}))
    with pytest.raises(ProtocolViolation):
        decoder.end()
    assert of(Kind.TEXT, decoder.taken()) == "a"
    assert decoder.taken() == []


def test_the_codec_gives_the_decoder_that_is_asked_for() -> None:
    codec = Anthropic()
    assert isinstance(codec.decoder(stream=True, issuer="v"), StreamDecoder)
    assert isinstance(codec.decoder(stream=False, issuer="v", answer_tool="a"), WholeDecoder)
