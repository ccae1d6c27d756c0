"""Vectors through the engine, in virtual time, with the test as the upstream: batches, failover, and what fails."""

from __future__ import annotations

import pytest

from sidecar.core.content import EmbedTask
from sidecar.core.errors import CallError
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play

from .embedding import JSON, KEYS, ONE, THREE, TWO, A, ask, bodies, get, kept, rigged, row, vectors
from .rig import error
from .virtual import run


def test_texts_become_vectors_in_one_upstream_call() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO)]})
    got = run(get(rig, ask("one", "two")))
    assert got.call.vectors == [ONE, TWO]
    assert rig.transport.sent[0].post.url == "http://a.test/v1/embeddings"
    assert bodies(rig) == [{"model": "m", "input": ["one", "two"], "encoding_format": "base64"}]
    assert (got.done.usage.input_tokens, got.done.usage.output_tokens, got.done.usage.estimated) == (3, 0, False)
    assert got.done.cost == 6000
    assert str(got.done.target.entry) == "a/m"
    assert got.done.report.attempts[0].embeds
    assert not got.done.report.attempts[0].is_streamed
    assert got.done.report.attempts[0].response_model == "m-1"


def test_batches_are_asked_one_after_the_other_and_the_order_is_kept() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO, before_s=1.0), vectors(THREE, ONE, tokens=5, before_s=1.0), vectors(TWO)]})
    got = run(get(rig, ask("1", "2", "3", "4", "5")))
    assert [body["input"] for body in bodies(rig)] == [["1", "2"], ["3", "4"], ["5"]]
    assert rig.times == [0.0, 1.0, 2.0]
    assert got.call.vectors == [ONE, TWO, THREE, ONE, TWO]
    assert got.done.usage.input_tokens == 11
    assert got.done.cost == 22_000
    assert [index for index, *_ in got.attempts] == [1, 2, 3]
    assert got.call.attempts == 3
    (report,) = kept(rig)
    assert [made.index for made in report.attempts] == [1, 2, 3]
    assert report.duration_s == got.took_s == 2.0


def test_usage_that_is_not_told_is_estimated_from_the_texts_of_the_batch() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO, tokens=None), vectors(THREE, tokens=None)]})
    got = run(get(rig, ask("x" * 40, "y" * 40, "z" * 40)))
    assert (got.done.usage.input_tokens, got.done.usage.output_tokens) == (30, 0)
    assert got.done.usage.estimated


def test_a_failing_target_is_followed_by_an_interchangeable_one() -> None:
    rig = rigged({"a/m": [error(500)], "b/m": [vectors(ONE)]})
    got = run(get(rig, ask("one")))
    assert got.call.vectors == [ONE]
    assert [(entry, kind) for _, entry, kind, _ in got.attempts] == [
        ("a/m", "first"),
        ("a/m", "retry"),
        ("b/m", "failover"),
    ]
    assert got.done.failed_over


@pytest.mark.parametrize("model", ["mixed", "a/m"])
def test_where_vectors_do_not_compare_nobody_else_is_asked(model: str) -> None:
    rig = rigged({"a/m": [error(500)], "b/m": [vectors(ONE)]})
    got = run(get(rig, ask("one", model=model)))
    assert set(rig.asked) == {"a/m/k1"}
    assert got.failed.reason is Reason.SERVER_ERROR


def test_the_keys_of_the_one_entry_still_take_turns() -> None:
    rig = rigged({"a/m/k1": [error(429)], "a/m/k2": [vectors(ONE)]}, KEYS)
    got = run(get(rig, ask("one", model="a/m")))
    assert rig.asked == ["a/m/k1", "a/m/k2"]
    assert got.call.vectors == [ONE]


def test_a_later_batch_fails_over_by_itself_and_the_report_has_it_all() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), error(401)], "b/m": [vectors(THREE)]})
    got = run(get(rig, ask("1", "2", "3")))
    assert got.call.vectors == [ONE, TWO, THREE]
    assert got.attempts == [
        (1, "a/m", "first", ""),
        (2, "a/m", "first", "AUTHENTICATION"),
        (3, "b/m", "failover", ""),
    ]
    assert got.done.failed_over


def test_a_batch_that_fails_fails_the_call_with_the_whole_report() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), error(400)]})
    got = run(get(rig, ask("1", "2", "3", model="a/m")))
    failed = got.failed
    assert failed.reason is Reason.INVALID_REQUEST
    assert failed.message.startswith("batch 2 of 2: ")
    assert failed.attempted
    assert failed.report is not None
    assert got.attempts == [(1, "a/m", "first", ""), (2, "a/m", "first", "INVALID_REQUEST")]
    assert (failed.report.reason, failed.report.message) == (failed.reason, failed.message)
    assert (failed.report.actual, failed.report.failed_over) == (None, False)
    assert kept(rig) == [failed.report]


@pytest.mark.parametrize(
    "rows",
    [(ONE,), (ONE, TWO, THREE), (ONE, row(1.0)), (ONE, row(1.0, float("nan"))), (ONE, row(1.0, float("inf")))],
    ids=["too few", "too many", "of two lengths", "not a number", "infinite"],
)
def test_vectors_that_cannot_be_right_are_malformed_and_the_next_target_is_asked(rows: tuple[bytes, ...]) -> None:
    rig = rigged({"a/m": [vectors(*rows)], "b/m": [vectors(ONE, TWO)]})
    got = run(get(rig, ask("1", "2")))
    assert [reason for *_, reason in got.attempts] == ["MALFORMED_RESPONSE", "MALFORMED_RESPONSE", ""]
    assert got.call.vectors == [ONE, TWO]


def test_a_target_that_ignores_the_dimensions_is_malformed() -> None:
    rig = rigged({"a/m": [vectors(ONE)]})
    got = run(get(rig, ask("1", model="a/m", dimensions=3)))
    assert bodies(rig)[0]["dimensions"] == 3
    assert got.failed.reason is Reason.MALFORMED_RESPONSE


def test_vectors_of_one_call_have_one_length_whoever_gives_them() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), error(401)], "b/m": [vectors(row(1.0, 2.0, 3.0))]})
    got = run(get(rig, ask("1", "2", "3")))
    assert got.attempts[-1][1:] == ("b/m", "retry", "MALFORMED_RESPONSE")
    assert "length" not in bodies(rig)[-1]


def test_a_cut_answer_is_asked_for_again() -> None:
    cut = Play((b'{"data": [', Cut()), 200, JSON)
    rig = rigged({"a/m": [cut, vectors(ONE)]}, A)
    got = run(get(rig, ask("1")))
    assert [reason for *_, reason in got.attempts] == ["MALFORMED_RESPONSE", ""]


def test_the_task_is_left_out_and_told_for_each_attempt() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), vectors(THREE)]})
    got = run(get(rig, ask("1", "2", "3", task=EmbedTask.QUERY)))
    assert [(repair.attempt_index, repair.reason) for repair in got.done.report.repairs] == [
        (1, Reason.UNSUPPORTED_PARAMETER),
        (2, Reason.UNSUPPORTED_PARAMETER),
    ]


def test_vectors_that_cannot_fit_into_one_message_are_refused_before_anything_is_sent() -> None:
    rig = rigged({"a/m": [vectors(ONE)]})
    with pytest.raises(CallError) as raised:
        run(get(rig, ask(*["x"] * 10, dimensions=1_000_000)))
    assert raised.value.reason is Reason.INVALID_INPUT
    assert [field.path for field in raised.value.fields] == ["inputs"]
    assert rig.asked == []


def test_vectors_that_turn_out_too_long_for_one_message_end_the_call_after_the_first_batch() -> None:
    long = row(*[0.5] * 100_000)
    rig = rigged({"a/m": [vectors(long, long)]})
    got = run(get(rig, ask(*["x"] * 100)))
    assert got.failed.reason is Reason.INVALID_INPUT
    assert "batch 1 of 50: inputs: 100 vectors of 100000 numbers are" in got.failed.message
    assert got.failed.attempted
    assert got.attempts == [(1, "a/m", "first", "")]
    assert [report.reason for report in kept(rig)] == [Reason.INVALID_INPUT]
