"""Calls for vectors: an encoding that a vendor refuses is left out, and later batches begin where the last was answered."""

from __future__ import annotations

import orjson
import pytest

from sidecar.core.reasons import Reason
from sidecar.pb import health_pb2
from sidecar.server.health_reset import reset
from sidecar.transport.double import Play

from .embedding import JSON, ONE, THREE, TWO, Got, ask, bodies, get, rigged, vectors
from .rig import Rig, error
from .virtual import run
from .wires import refused

NO_ENCODING = refused("Unsupported parameter: 'encoding_format' is not supported with this model.", "encoding_format")
EXTRA = refused("Unrecognized request argument supplied: encoding_format")
REPAIR = (1, Reason.UNSUPPORTED_PARAMETER, "encoding_format left out: the model refuses it")


def plain(*rows: tuple[float, ...]) -> Play:
    """An answer with vectors as numbers, as vendors give them that were not asked for an encoding."""
    data = [{"index": i, "embedding": list(one)} for i, one in enumerate(rows)]
    body = {"model": "m-1", "data": data, "usage": {"prompt_tokens": 3, "total_tokens": 3}}
    return Play((orjson.dumps(body),), 200, JSON)


def encodings(rig: Rig) -> list[str | None]:
    return [body.get("encoding_format") for body in bodies(rig)]


@pytest.mark.parametrize("refusal", [NO_ENCODING, EXTRA])
def test_a_refused_encoding_is_left_out_and_the_same_target_asked_again_and_remembered(refusal: Play) -> None:
    rig = rigged({"a/m": [refusal, plain((1.0, 0.0))], "b/m": [vectors(ONE)]})

    async def two() -> tuple[Got, Got]:
        return await get(rig, ask("one")), await get(rig, ask("one"))

    first, later = run(two())
    assert first.call.vectors == later.call.vectors == [ONE]
    assert first.attempts == [(1, "a/m", "first", "UNSUPPORTED_PARAMETER"), (2, "a/m", "retry", "")]
    assert encodings(rig) == ["base64", None, None]
    assert [(one.attempt_index, one.reason, one.message) for one in first.done.report.repairs] == [REPAIR]
    assert len(later.attempts) == 1
    assert rig.times == [0.0, 0.0, 0.0]
    health = rig.engine.services.health
    assert health.entry(rig.target("a/m")).failures == 0


def test_what_one_entry_refuses_another_is_asked_for_all_the_same() -> None:
    rig = rigged({"a/m": [NO_ENCODING, error(500)], "b/m": [vectors(ONE)]})
    got = run(get(rig, ask("one")))
    assert got.call.vectors == [ONE]
    assert rig.asked[-1] == "b/m/k1"
    assert encodings(rig)[-1] == "base64"
    assert set(encodings(rig)[1:-1]) == {None}


def test_later_batches_are_sent_without_the_encoding_that_the_first_was_refused() -> None:
    rig = rigged({"a/m": [NO_ENCODING, plain((1.0, 0.0), (0.0, 1.0)), plain((0.5, 0.5))]})
    got = run(get(rig, ask("1", "2", "3")))
    assert got.call.vectors == [ONE, TWO, THREE]
    assert encodings(rig) == ["base64", None, None]


def test_an_encoding_refused_twice_is_not_asked_for_a_third_time() -> None:
    rig = rigged({"a/m": [NO_ENCODING], "b/m": [vectors(ONE)]})
    got = run(get(rig, ask("one")))
    assert rig.asked == ["a/m/k1", "a/m/k1", "b/m/k1"]
    assert got.call.vectors == [ONE]


def test_a_reset_of_the_entry_asks_for_the_encoding_again() -> None:
    rig = rigged({"a/m": [NO_ENCODING, plain((1.0, 0.0))]})

    async def three() -> None:
        await get(rig, ask("one"))
        reset(rig.engine, health_pb2.ResetHealthRequest(entry="a/m"))
        await get(rig, ask("one"))

    run(three())
    assert encodings(rig) == ["base64", None, "base64"]


def test_later_batches_begin_with_the_entry_that_answered_the_one_before() -> None:
    answers = [vectors(ONE, TWO), vectors(THREE, ONE), vectors(TWO)]
    rig = rigged({"a/m": [error(401)], "b/m": answers})
    got = run(get(rig, ask("1", "2", "3", "4", "5")))
    assert rig.asked == ["a/m/k1", "b/m/k1", "b/m/k1", "b/m/k1"]
    assert got.call.vectors == [ONE, TWO, THREE, ONE, TWO]
    assert got.done.failed_over


def test_a_later_batch_begins_there_although_the_first_of_the_chain_may_be_asked_again() -> None:
    rig = rigged({"a/m": [error(500), error(500), vectors(ONE)], "b/m": [vectors(ONE, TWO), vectors(THREE)]})
    got = run(get(rig, ask("1", "2", "3")))
    assert rig.asked == ["a/m/k1", "a/m/k1", "b/m/k1", "b/m/k1"]
    assert got.call.vectors == [ONE, TWO, THREE]
    assert [kind for _, _, kind, _ in got.attempts][-1] == "first"


def test_where_that_entry_fails_the_chain_is_walked_from_its_beginning() -> None:
    rig = rigged({"a/m": [error(500), error(500), vectors(THREE)], "b/m": [vectors(ONE, TWO), error(401)]})
    got = run(get(rig, ask("1", "2", "3")))
    assert rig.asked == ["a/m/k1", "a/m/k1", "b/m/k1", "b/m/k1", "a/m/k1"]
    assert got.call.vectors == [ONE, TWO, THREE]


def test_another_call_begins_with_the_first_of_its_chain() -> None:
    rig = rigged({"a/m": [error(500), error(500), vectors(ONE)], "b/m": [vectors(ONE)]})

    async def two() -> None:
        await get(rig, ask("1"))
        await get(rig, ask("1"))

    run(two())
    assert rig.asked == ["a/m/k1", "a/m/k1", "b/m/k1", "a/m/k1"]
