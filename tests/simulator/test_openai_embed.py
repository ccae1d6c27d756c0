"""The simulator's embeddings: the same vector for the same text, faults as for answers, refusals in OpenAI's words."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import aiohttp
import pytest

from sidecar.simulator import Simulator, embedding_of, parse_script

from .conftest import FAST


async def embed(simulator: Simulator, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and JSON of one request."""
    async with aiohttp.ClientSession() as session, session.post(f"{simulator.base_url}/embeddings", json=body) as seen:
        return seen.status, await seen.json(content_type=None)


async def running(script: str = "") -> Simulator:
    simulator = Simulator(parse_script(FAST + script))
    await simulator.start()
    return simulator


def test_a_vector_has_length_one_and_depends_on_the_text_alone() -> None:
    one = struct.unpack("<8f", embedding_of("fish", 8))
    assert math.isclose(math.hypot(*one), 1.0, rel_tol=1e-6)
    assert embedding_of("fish", 8) == embedding_of("fish", 8) != embedding_of("Fish", 8)


def test_a_shorter_vector_has_the_direction_of_the_beginning_of_a_longer_one() -> None:
    short, long = struct.unpack("<4f", embedding_of("fish", 4)), struct.unpack("<16f", embedding_of("fish", 16))
    assert short[0] / short[1] == pytest.approx(long[0] / long[1], rel=1e-5)


async def test_vectors_come_as_numbers_or_as_base64() -> None:
    simulator = await running()
    try:
        asked = {"model": "vectors", "input": ["a", "b c"], "dimensions": 4}
        _, plain = await embed(simulator, asked)
        _, packed = await embed(simulator, asked | {"encoding_format": "base64"})
    finally:
        await simulator.stop()
    assert [struct.pack("<4f", *item["embedding"]) for item in plain["data"]] == [
        embedding_of("a", 4),
        embedding_of("b c", 4),
    ]
    assert base64.b64decode(packed["data"][1]["embedding"]) == embedding_of("b c", 4)
    assert [item["index"] for item in plain["data"]] == [0, 1]
    assert (plain["object"], plain["model"], plain["data"][0]["object"]) == ("list", "vectors", "embedding")
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


async def test_the_journal_notes_it() -> None:
    simulator = await running("journal_bodies: true\n")
    try:
        await embed(simulator, {"model": "vectors", "input": "a", "dimensions": 4})
        (entry,) = simulator.journal
    finally:
        await simulator.stop()
    assert (entry.path, entry.protocol, entry.model) == ("/v1/embeddings", "openai", "vectors")
    assert (entry.messages, entry.stream, entry.fields, entry.outcome) == (1, False, {"dimensions": 4}, "completed")
    assert entry.body["input"] == "a"


async def test_texts_as_tokens_are_taken() -> None:
    simulator = await running()
    try:
        _, one = await embed(simulator, {"model": "m", "input": [1, 2], "dimensions": 2})
        _, two = await embed(simulator, {"model": "m", "input": [[1, 2], [3]], "dimensions": 2})
    finally:
        await simulator.stop()
    assert (len(one["data"]), len(two["data"])) == (1, 2)


INVALID: dict[str, tuple[dict[str, Any], str | None]] = {
    "no model": ({"input": "a"}, None),
    "no input": ({"model": "m"}, "input"),
    "no texts": ({"model": "m", "input": []}, "input"),
    "an empty text": ({"model": "m", "input": ["a", ""]}, "input"),
    "too many texts": ({"model": "m", "input": ["a"] * 2049}, "input"),
    "too many tokens": ({"model": "m", "input": ["a " * 200_000] * 2}, "input"),
    "something else": ({"model": "m", "input": {"text": "a"}}, "input"),
    "no dimensions": ({"model": "m", "input": "a", "dimensions": 0}, "dimensions"),
    "dimensions as text": ({"model": "m", "input": "a", "dimensions": "4"}, "dimensions"),
    "an unknown encoding": ({"model": "m", "input": "a", "encoding_format": "hex"}, "encoding_format"),
}


@pytest.mark.parametrize(("body", "param"), INVALID.values(), ids=INVALID)
async def test_what_openai_refuses_is_refused(body: dict[str, Any], param: str | None) -> None:
    simulator = await running()
    try:
        status, said = await embed(simulator, body)
    finally:
        await simulator.stop()
    assert status == 400
    assert (said["error"]["type"], said["error"]["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("status-503", 503, None),
        ("quota", 429, "insufficient_quota"),
        ("context-2", 400, None),
        ("refuses-dimensions", 400, "unsupported_parameter"),
    ],
)
async def test_models_misbehave_by_their_names_here_too(model: str, status: int, code: str | None) -> None:
    simulator = await running()
    try:
        seen, said = await embed(simulator, {"model": model, "input": "one two three", "dimensions": 2})
    finally:
        await simulator.stop()
    assert (seen, said["error"]["code"]) == (status, code)


async def test_an_empty_answer_has_no_vectors_and_usage_can_be_left_out() -> None:
    simulator = await running()
    try:
        _, empty = await embed(simulator, {"model": "empty", "input": "a"})
        _, bare = await embed(simulator, {"model": "no-usage", "input": "a", "dimensions": 2})
    finally:
        await simulator.stop()
    assert empty["data"] == []
    assert "usage" not in bare


async def test_an_answer_can_be_cut_in_its_middle() -> None:
    simulator = await running()
    try:
        with pytest.raises(aiohttp.ClientError):
            await embed(simulator, {"model": "cut-at-1", "input": "a"})
        assert simulator.journal[-1].outcome == "cut"
    finally:
        await simulator.stop()
