"""Repeated events: what is read without parsing is exactly what parsing would have read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.errors import RemoraError
from sidecar.providers.openai_answer import StreamDecoder
from sidecar.providers.repetition import MAX_LESSONS, Repetition

PATH = ("choices", 0, "delta", "content")


def event(text: str, **more: object) -> bytes:
    return orjson.dumps({"id": "r1", "choices": [{"index": 0, "delta": {"content": text}, **more}]})


def learned(data: bytes, text: str) -> Repetition:
    repetition = Repetition(*PATH)
    repetition.learn(data, text)
    return repetition


def test_an_event_that_differs_in_its_text_alone_is_read() -> None:
    repetition = learned(event("Hello"), "Hello")
    assert repetition.text(event(" wörld, 日本 ")) == " wörld, 日本 "


@pytest.mark.parametrize(
    "data",
    [
        event(""),
        event('a "quoted" word'),
        event("back\\slash"),
        event("line\nbreak"),
        event("text", finish_reason="stop"),
        event("text").replace(b"text", b"te\x00xt"),
        event("text").replace(b"text", b"te\xffxt"),
        event("text").replace(b"r1", b"r2"),
        event("text")[:-1],
        b"",
    ],
)
def test_anything_else_is_left_to_the_parser(data: bytes) -> None:
    assert learned(event("Hello"), "Hello").text(data) is None


def test_a_run_of_repetitions_is_read_at_once_up_to_the_first_other_event() -> None:
    repetition = learned(event("Hello"), "Hello")
    run = b"".join(b"data: " + event(text) + b"\n\n" for text in ("a ", "b ", "ç"))
    rest = b"data: [DONE]\n\n"
    assert repetition.run(run + rest) == ("a b ç", len(run))
    assert repetition.run(run + run[:30]) == ("a b ç", len(run))
    assert repetition.run(rest + run) == ("", 0)


def test_a_run_with_an_escape_in_it_is_left_to_the_parser() -> None:
    run = b"".join(b"data: " + event(text) + b"\n\n" for text in ("a ", "line\nbreak", "b"))
    assert learned(event("Hello"), "Hello").run(run) == ("", 0)


def test_a_text_that_stands_elsewhere_too_teaches_nothing() -> None:
    assert learned(event("index"), "index").text(event("other")) is None
    same = orjson.dumps({"id": "Hello", "choices": [{"delta": {"content": "x"}}]})
    assert learned(same, "Hello").text(same) is None


def test_streams_that_always_differ_are_not_learned_from_for_ever() -> None:
    repetition = Repetition(*PATH)
    for _ in range(MAX_LESSONS):
        repetition.learn(event("index"), "index")
    repetition.learn(event("Hello"), "Hello")
    assert repetition.text(event("other")) is None


class Unlearning(Repetition):
    """Never knows anything."""

    def learn(self, data: bytes, text: str) -> None:
        """Nothing."""


def outcome(stream: list[bytes], sizes: list[int], kind: type[Repetition]) -> list[Any]:
    """Joined content and every other event of a stream fed in pieces, with the error that ended it."""
    decoder = StreamDecoder("vendor")
    decoder._repetition = kind(*PATH)
    body, out = b"".join(stream), []
    try:
        while body:
            size = sizes[len(out) % len(sizes)]
            out += decoder.feed(body[:size])
            body = body[size:]
        out += decoder.end()
    except RemoraError as error:
        out += [*decoder.taken(), repr(error)]
    return out


texts = st.text(max_size=6) | st.sampled_from(["a", "Hello", '"', "\\n", "index", "content", "​"])
deltas = st.fixed_dictionaries(
    {}, optional={"content": texts, "reasoning_content": texts, "refusal": texts, "role": st.just("assistant")}
)
chunks = st.builds(
    lambda delta, finish, more: orjson.dumps(
        {"id": "r1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    ),
    deltas,
    st.sampled_from([None, None, None, None, "stop"]),
    st.sampled_from([{}, {}, {"usage": None}, {"usage": {"prompt_tokens": 1}}, {"error": None}]),
)
raws = st.sampled_from(
    [b'{"id":"r1"', b"[DONE]", event("a\x01".replace("\x01", "b")), event("a").replace(b"a", b"\xff")]
)


@given(
    st.lists(chunks | chunks | chunks | raws, max_size=20),
    st.lists(st.integers(1, 400) | st.just(10_000), min_size=1, max_size=5),
)
def test_a_decoder_that_learns_gives_what_one_that_only_parses_gives(found: list[bytes], sizes: list[int]) -> None:
    stream = [b"data: " + chunk + b"\n\n" for chunk in found]
    assert outcome(stream, sizes, Repetition) == outcome(stream, sizes, Unlearning)
