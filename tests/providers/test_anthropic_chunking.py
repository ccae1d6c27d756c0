"""Answers of the Messages API: any chunking gives the same events, and any bytes give events or a violation."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import Delta, PartCompleted
from sidecar.providers.codec import ErrorEvent

from .anthropic_chunks import begin, block, call, decoded, finish, said, sse, start, whole
from .test_openai_answer import joined

PING = {"type": "ping"}


BLOCKS = st.one_of(
    st.lists(st.text(max_size=5), max_size=3).map(lambda pieces: ("text", pieces, "")),
    st.tuples(st.lists(st.text(max_size=5), max_size=2), st.text(max_size=4)).map(lambda t: ("thinking", *t)),
    st.text(max_size=5).map(lambda data: ("redacted", [], data)),
    st.lists(st.text(max_size=5), max_size=3).map(lambda pieces: ("tool", pieces, "")),
    st.just(("server", [], "")),
)


def events_of(index: int, kind: str, pieces: list[str], state: str) -> list[dict[str, Any]]:
    if kind == "text":
        return said(index, *pieces)
    if kind == "tool":
        return call(index, *pieces, id=f"t{index}")
    if kind == "redacted":
        return block(index, type="redacted_thinking", data=state)
    if kind == "server":
        given = {"type": "input_json_delta", "partial_json": "{}"}
        opening = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
        return block(index, {"type": "content_block_delta", "index": index, "delta": given}, **opening)
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    deltas.append({"type": "signature_delta", "signature": state})
    events = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return block(index, *events, type="thinking", thinking="", signature="")


@given(st.lists(BLOCKS, max_size=5), st.sampled_from(["end_turn", "tool_use", "max_tokens", "odd"]), st.data())
def test_any_chunking_gives_the_same_events(blocks: list[Any], reason: str, data: st.DataObject) -> None:
    events = [event for i, made in enumerate(blocks) for event in [*events_of(i, *made), PING]]
    body = sse(start(), *events, *finish(reason))
    body = body.replace(b"\n", data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])))
    tool = data.draw(st.sampled_from([None, "look"]))
    step = data.draw(st.integers(1, len(body)))
    assert joined(decoded(body, step=step, answer_tool=tool)) == joined(decoded(body, answer_tool=tool))


@given(st.lists(BLOCKS, max_size=5))
def test_parts_are_numbered_from_0_without_gaps_each_with_content_and_completed_once(blocks: list[Any]) -> None:
    events = decoded(sse(start(), *(e for i, made in enumerate(blocks) for e in events_of(i, *made)), *finish()))
    done = [event.part_index for event in events if isinstance(event, PartCompleted)]
    deltas = {event.part_index for event in events if isinstance(event, Delta)}
    assert len(done) == len(set(done))
    if deltas:
        assert set(done) == set(range(len(done))) >= deltas
        firsts = [i for i, event in enumerate(events) if isinstance(event, Delta | PartCompleted)]
        assert isinstance(events[firsts[0]], Delta)
    else:
        assert done == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "index",
                    "delta",
                    "content_block",
                    "message",
                    "content",
                    "usage",
                    "text",
                    "citations",
                    "citation",
                    "input",
                ]
            ),
            inner | st.sampled_from(["text", "tool_use", "thinking", "text_delta", "citations_delta", "message"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)
KINDS = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "error"]


@given(JSON, st.sampled_from(KINDS))
def test_json_that_is_anything_gives_events_or_a_violation_and_nothing_else(value: Any, kind: str) -> None:
    typed = {"type": kind} | (value if isinstance(value, dict) else {"delta": value})
    inside = {"type": kind, "index": 0, "delta": value, "content_block": value, "message": value, "usage": value}
    opened = sse(begin(0, type="text", text=""), inside)
    listed = orjson.dumps({"content": [value], "usage": value, "stop_reason": value})
    for decode in (
        lambda: decoded(sse(typed)),
        lambda: decoded(opened),
        lambda: decoded(b"data: " + orjson.dumps(value) + b"\n\n"),
        lambda: whole(orjson.dumps(value)),
        lambda: whole(listed),
    ):
        try:
            decode()
        except (ProtocolViolation, ErrorEvent):
            pass


@given(st.binary(max_size=200), st.integers(1, 50))
def test_bytes_that_are_anything_give_events_or_a_violation_and_nothing_else(body: bytes, step: int) -> None:
    for decode in (lambda: decoded(body, step=step), lambda: whole(body)):
        try:
            decode()
        except (ProtocolViolation, ErrorEvent):
            pass


PIECES = st.lists(st.text(max_size=4) | st.sampled_from(["plain ", 'a "quoted" word', "back\\slash", "\n"]), max_size=8)


@given(st.lists(st.tuples(st.integers(0, 1), PIECES), max_size=5), st.data())
def test_texts_that_are_read_without_parsing_are_those_that_parsing_reads(
    texts: list[Any], data: st.DataObject
) -> None:
    events = [start(), *(event for index, pieces in texts for event in said(index, *pieces)), *finish()]
    expected = ["".join(pieces) for _, pieces in texts if "".join(pieces)]
    body = sse(*events)
    step = data.draw(st.integers(1, len(body)))
    for read in (decoded(body), decoded(body, step=step), decoded(body.replace(b"\n\n", b"\n\n: ping\n\n"), step=step)):
        found: dict[int, str] = {}
        for event in read:
            if isinstance(event, Delta):
                found[event.part_index] = found.get(event.part_index, "") + event.text
        assert list(found.values()) == expected
