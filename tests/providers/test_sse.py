"""Server-sent events: any chunking of any stream gives the same events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.errors import ProtocolViolation
from sidecar.providers.sse import MAX_EVENT_BYTES, ServerEvent, SseParser

ENDS = [b"\n", b"\r\n", b"\r"]
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
LINES = st.one_of(
    VALUES.map(lambda value: f"data: {value}".encode()),
    VALUES.map(lambda value: f"data:{value}".encode()),
    VALUES.map(lambda value: f": {value}".encode()),
    VALUES.map(lambda value: f"event: {value}".encode()),
    VALUES.map(lambda value: f"id: {value}".encode()),
    st.sampled_from([b"data", b"retry: 10", b"unknown: x"]),
)
BLOCKS = st.lists(LINES, max_size=4)


def events(*pieces: bytes) -> list[ServerEvent]:
    """What the pieces give, and a clean end."""
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)] + parser.end()


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    end = draw(st.sampled_from(ENDS))
    blocks = draw(st.lists(BLOCKS, max_size=5))
    bom = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return bom + b"".join(b"".join(line + end for line in block) + end for block in blocks)


@given(streams(), st.data())
def test_any_chunking_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events(*pieces) == events(stream) == events(*[stream[i : i + 1] for i in range(len(stream))])


@pytest.mark.parametrize("end", ENDS)
def test_every_line_ending_is_one(end: bytes) -> None:
    lines = [b": ping", b"", b"event: error", b"data: one", b"data: two", b"", b"data:three", b"", b""]
    assert events(end.join(lines)) == [ServerEvent("error", b"one\ntwo"), ServerEvent("", b"three")]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert events(b"data:  two\n\n") == [ServerEvent("", b" two")]


def test_a_bom_at_the_beginning_is_dropped_and_only_there() -> None:
    bom = b"\xef\xbb\xbf"
    assert events(bom + b"data: a\n\ndata: " + bom + b"\n\n") == [ServerEvent("", b"a"), ServerEvent("", bom)]


def test_comments_ids_and_retries_are_no_events() -> None:
    assert events(b": ping\n\nid: 7\nretry: 10\n\nevent: nothing\n\n:\n\n\n\n") == []


def test_an_empty_data_line_is_an_event_without_text() -> None:
    assert events(b"data\n\ndata:\n\n") == [ServerEvent("", b""), ServerEvent("", b"")]


def test_a_last_event_without_its_blank_line_counts_at_a_clean_end() -> None:
    parser = SseParser()
    assert parser.feed(b"data: one\n\ndata: two\n") == [ServerEvent("", b"one")]
    assert parser.end() == [ServerEvent("", b"two")]
    assert parser.end() == []


def test_an_event_is_given_as_soon_as_its_blank_line_is_there() -> None:
    parser = SseParser()
    assert parser.feed(b"data: one\n") == []
    assert parser.feed(b"\n") == [ServerEvent("", b"one")]
    assert parser.feed(b"data: two\r\n\r") == []
    assert parser.feed(b"\n") == [ServerEvent("", b"two")]


@pytest.mark.parametrize("page", [b"<html>\n<body>no</body></html>\n\n", b"upstream connect error\n\n"])
def test_what_is_no_event_stream_is_a_violation(page: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        events(page)


def test_an_event_without_end_is_a_violation_before_it_fills_the_memory() -> None:
    pieces = [b"data: ", *[b"x" * (1024 * 1024)] * (MAX_EVENT_BYTES // (1024 * 1024) + 1)]
    with pytest.raises(ProtocolViolation, match=str(MAX_EVENT_BYTES)):
        events(*pieces)
