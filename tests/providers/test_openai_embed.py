"""Embeddings on the wire `openai`: what is asked for, and which answers are vectors."""

from __future__ import annotations

import base64
import struct
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.adjustment import ENCODING_FORMAT, Adjustment
from sidecar.core.catalog import Model
from sidecar.core.content import Embedding, EmbedTask, Request
from sidecar.core.errors import ProtocolViolation
from sidecar.core.events import Closed, Finish, Finished, Identity, Upstream, UsageTold, Vectors
from sidecar.core.reasons import Reason
from sidecar.core.usage import Usage
from sidecar.providers.codec import ErrorEvent, HttpRequest
from sidecar.providers.openai import OpenAI
from sidecar.providers.repair import Repaired


def encoded(embedding: Embedding, **more: Any) -> HttpRequest:
    return OpenAI().encode(Request("m", (), embedding=embedding, **more), Model("vectors"), stream=False, issuer="a")


def packed(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def answer(*embeddings: Any, **more: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": i, "embedding": one} for i, one in enumerate(embeddings)]
    return {
        "object": "list",
        "model": "vectors-1",
        "data": data,
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    } | more


def decoded(body: Any, *, inputs: int = 1, dimensions: int | None = None, length: int | None = None) -> list[Upstream]:
    embedding = Embedding(("x",) * inputs, dimensions, length=length)
    decoder = OpenAI().decoder(stream=False, issuer="a", embedding=embedding)
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    assert decoder.feed(data[:5]) == []
    assert decoder.feed(data[5:]) == []
    assert decoder.taken() == []
    return decoder.end()


def vectors(body: Any, **more: Any) -> tuple[bytes, ...]:
    return next(event.vectors for event in decoded(body, **more) if isinstance(event, Vectors))


def test_texts_are_posted_as_a_list_and_vectors_asked_for_as_base64() -> None:
    request = encoded(Embedding(("a", "b – ü")))
    assert request.path == "/embeddings"
    assert orjson.loads(request.body) == {"model": "vectors", "input": ["a", "b – ü"], "encoding_format": "base64"}
    assert request.headers == {"content-type": "application/json", "accept": "application/json"}
    assert request.repairs == ()


def test_where_a_model_refuses_the_encoding_it_is_asked_for_no_encoding() -> None:
    asked = Request("m", (), embedding=Embedding(("a",), 256))
    left_out = Adjustment(left_out=frozenset({ENCODING_FORMAT}))
    request = OpenAI().encode(asked, Model("vectors"), stream=False, issuer="a", adjustment=left_out)
    assert orjson.loads(request.body) == {"model": "vectors", "input": ["a"], "dimensions": 256}


def test_dimensions_and_the_end_user_are_sent_and_the_task_is_left_out_and_told() -> None:
    request = encoded(Embedding(("a",), 256, EmbedTask.QUERY), end_user_id="u")
    body = orjson.loads(request.body)
    assert (body["dimensions"], body["user"]) == (256, "u")
    assert not {"task", "input_type"} & body.keys()
    told = "task was left out: this protocol has no such setting"
    assert request.repairs == (Repaired(Reason.UNSUPPORTED_PARAMETER, told),)


def test_an_answer_gives_vectors_usage_and_its_end_at_once() -> None:
    assert decoded(answer(base64.b64encode(packed(1.0, -0.5)).decode())) == [
        Identity("", "vectors-1"),
        Vectors((packed(1.0, -0.5),)),
        UsageTold(Usage(7, 0)),
        Finished(Finish.STOP),
        Closed(),
    ]


def test_numbers_are_read_as_well_as_base64() -> None:
    assert vectors(answer([1, -0.5, 0.1])) == (packed(1.0, -0.5, 0.1),)


def test_vectors_come_in_the_order_of_the_inputs_whatever_the_order_of_the_answer() -> None:
    body = answer([1.0], [2.0], [3.0])
    body["data"].reverse()
    assert vectors(body, inputs=3) == (packed(1.0), packed(2.0), packed(3.0))


def test_an_answer_without_indexes_is_taken_in_its_order() -> None:
    body = answer([1.0], [2.0])
    for item in body["data"]:
        del item["index"]
    assert vectors(body, inputs=2) == (packed(1.0), packed(2.0))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_every_finite_vector_comes_through_bit_by_bit(numbers: list[float]) -> None:
    row = packed(*numbers)
    assert vectors(answer(base64.b64encode(row).decode())) == (row,)


WRONG: dict[str, tuple[Any, dict[str, int]]] = {
    "no JSON": (b"<html>sorry</html>", {}),
    "no object": ([1, 2], {}),
    "no data": ({"object": "list"}, {}),
    "a vector too few": (answer([1.0]), {"inputs": 2}),
    "a vector too many": (answer([1.0], [2.0]), {}),
    "no vectors": (answer(), {}),
    "an item that is none": (answer() | {"data": ["x"]}, {}),
    "an index twice": (answer() | {"data": [{"index": 0, "embedding": [1.0]}] * 2}, {"inputs": 2}),
    "an index beyond": (answer() | {"data": [{"index": 1, "embedding": [1.0]}]}, {}),
    "a negative index": (answer() | {"data": [{"index": -1, "embedding": [1.0]}]}, {}),
    "an index that is no number": (answer() | {"data": [{"index": True, "embedding": [1.0]}]}, {}),
    "no embedding": (answer(None), {}),
    "an empty list": (answer([]), {}),
    "an empty text": (answer(""), {}),
    "no base64": (answer("!!!!"), {}),
    "text beyond ASCII": (answer("ä"), {}),
    "half a number": (answer(base64.b64encode(b"\0" * 6).decode()), {}),
    "not a number": (answer(base64.b64encode(packed(1.0, float("nan"))).decode()), {}),
    "infinite": (answer(base64.b64encode(packed(float("-inf"))).decode()), {}),
    "too large for 32 bits": (answer([1e300]), {}),
    "something else than numbers": (answer([1.0, "2"]), {}),
    "differing lengths": (answer([1.0], [1.0, 2.0]), {"inputs": 2}),
    "another length than asked for": (answer([1.0, 2.0]), {"dimensions": 3}),
    "another length than before": (answer([1.0, 2.0]), {"length": 3}),
}


@pytest.mark.parametrize(("body", "asked"), WRONG.values(), ids=WRONG)
def test_what_is_not_the_vectors_asked_for_is_not_the_protocol(body: Any, asked: dict[str, int]) -> None:
    with pytest.raises(ProtocolViolation):
        decoded(body, **asked)


def test_an_error_inside_a_200_is_handed_on_to_be_classified() -> None:
    with pytest.raises(ErrorEvent) as raised:
        decoded({"error": {"message": "no", "type": "server_error"}})
    assert orjson.loads(raised.value.body)["error"]["type"] == "server_error"


def test_an_answer_beyond_any_measure_is_not_read_to_its_end() -> None:
    decoder = OpenAI().decoder(stream=False, issuer="a", embedding=Embedding(("x",)))
    piece = b" " * (32 * 1024 * 1024)
    decoder.feed(piece)
    decoder.feed(piece)
    with pytest.raises(ProtocolViolation):
        decoder.feed(b" ")
