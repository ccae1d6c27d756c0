"""The pure parts: words, pieces, values that fit schemas."""

from __future__ import annotations

import hashlib

import pytest

from sidecar.simulator.pacing import Pace
from sidecar.simulator.schema import example
from sidecar.simulator.text import WORDS, Turn, answer_text, continuation, overlap_of, pieces


def test_an_answer_is_recomputed_as_the_documentation_says():
    key = hashlib.sha256(b"What is a remora?").digest()
    words = []
    for place in range(1, 31):
        digest = hashlib.blake2b(place.to_bytes(4, "big"), key=key, digest_size=2).digest()
        words.append(f"{WORDS[int.from_bytes(digest, 'big') % 64]}-{place}")
    assert answer_text("What is a remora?", 30) == " ".join(words)


def test_the_list_has_64_different_words():
    assert len(set(WORDS)) == len(WORDS) == 64


def test_a_shorter_answer_begins_a_longer_one_and_prompts_differ():
    assert answer_text("hi", 30).startswith(answer_text("hi", 7) + " ")
    assert answer_text("hi", 9) != answer_text("ho", 9)
    assert answer_text("hi", 0) == ""


@pytest.mark.parametrize("text", ["", " ", "one", "  one two\n\n", "x" * 50, "日本語のテキスト" * 5, '{"a":  [1, 2]}'])
def test_pieces_joined_are_the_text(text):
    assert "".join(pieces(text)) == text
    assert all(len(piece.strip()) <= 12 for piece in pieces(text))


def test_a_word_of_an_answer_is_one_piece():
    assert len(pieces(answer_text("hi", 1000))) == 1000


def test_the_overlap_is_the_last_words():
    assert overlap_of(answer_text("hi", 10)) == " " + " ".join(answer_text("hi", 10).split()[4:])
    assert overlap_of("a b") == "a b"
    assert overlap_of("") == ""


def test_trailing_white_space_of_a_prefill_does_not_matter():
    sent = answer_text("hi", 3)
    found = continuation([Turn("user", "hi"), Turn("assistant", sent + " ")], lambda prompt: answer_text(prompt, 9))
    assert (found.prompt, found.sent) == ("hi", sent)


def test_text_that_is_not_the_answers_beginning_is_not_continued():
    turns = [Turn("user", "hi"), Turn("assistant", "Sure:")]
    assert continuation(turns, lambda prompt: answer_text(prompt, 9)).sent == ""


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "t"),
        ({"type": "string", "maxLength": 0}, ""),
        ({"type": "string", "minLength": 3}, "t.."),
        ({"type": ["integer", "null"], "minimum": 5}, 5),
        ({"type": "number", "maximum": 0}, 0),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"const": 3}, 3),
        ({"enum": ["x"]}, "x"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"type": "array", "minItems": 2, "items": {"type": "integer"}}, [1, 1]),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"$defs": {"a": {"const": 4}}, "properties": {"x": {"$ref": "#/$defs/a"}}}, {"x": 4}),
        ({"properties": {"x": {"$ref": "#/$defs/missing"}}}, {"x": None}),
    ],
)
def test_an_example_fits_its_schema(schema, value):
    assert example(schema, "t") == value


def test_a_schema_that_contains_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert str(example(node, "t")).count("next") > 1


def test_a_pace_gives_each_token_its_time():
    pace = Pace(first_token_s=0.5, tokens_per_s=10)
    assert [pace.due_s(token) for token in (0, 1, 10)] == [0.5, 0.6, 1.5]
    assert Pace(burst=True).due_s(100) == 0
