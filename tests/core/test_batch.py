"""Texts in batches, in order and within both limits, and the reports of batches as one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.batch import MAX_INPUTS, MAX_TOKENS, batches, joined, max_inputs, size_of
from sidecar.core.catalog import Alias, Catalog, Credential, Entry, Model, Profile, Provider, Target
from sidecar.core.chain import Chain, build_chain
from sidecar.core.content import Embedding, Request
from sidecar.core.reasons import Reason
from sidecar.core.report import Attempt, AttemptKind, Repair, Report, SkipCause, Skipped

A, B = Entry("a", "m"), Entry("b", "m")


def split(*inputs: str, most: int = MAX_INPUTS) -> list[tuple[str, ...]]:
    return list(batches(Embedding(inputs), most))


def chain(*models: Model) -> Chain:
    providers = {
        f"p{i}": Provider(f"p{i}", "openai", "http://x", (Profile("main", Credential("none")),), {model.id: model})
        for i, model in enumerate(models)
    }
    alias = Alias("all", tuple(f"{name}/m" for name in providers), interchangeable=True)
    catalog = Catalog(providers, {"all": alias})
    return build_chain(
        Request("all", (), embedding=Embedding(("x",))),
        catalog,
        lambda entry: (Target(entry, "main", "http://x", "k"),),
    )


def attempt(index: int, entry: Entry = A) -> Attempt:
    return Attempt(index, Target(entry, "main", "http://x", "k"), AttemptKind.FIRST, 0.0, 1.0)


def test_texts_that_fit_are_one_batch() -> None:
    assert split("a", "b", "c") == [("a", "b", "c")]


def test_a_batch_ends_at_the_count_and_the_order_stays() -> None:
    assert split("a", "b", "c", "d", "e", most=2) == [("a", "b"), ("c", "d"), ("e",)]


def test_a_batch_ends_before_its_tokens_are_too_many() -> None:
    half = "x" * MAX_TOKENS
    assert split(half, half, "y" * 2) == [(half, half), ("yy",)]
    assert split(half, half + "x" * 2) == [(half,), (half + "xx",)]


def test_a_text_that_is_too_long_by_itself_goes_alone() -> None:
    long = "x" * (3 * MAX_TOKENS)
    assert split("a", long, "b") == [("a",), (long,), ("b",)]


def test_texts_are_measured_in_bytes() -> None:
    assert size_of("abc") == 3
    assert size_of("äöü") == 6
    assert size_of("\ud800") == 1


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=30), st.integers(1, 7))
def test_no_text_is_lost_doubled_or_moved(inputs: list[str], most: int) -> None:
    parts = list(batches(Embedding(tuple(inputs)), most))
    assert [text for part in parts for text in part] == inputs
    assert all(1 <= len(part) <= most for part in parts)


def test_a_batch_fits_the_smallest_model_that_may_be_asked() -> None:
    assert max_inputs(chain(Model("m"))) == MAX_INPUTS
    assert max_inputs(chain(Model("m", max_batch_inputs=100), Model("m", max_batch_inputs=16), Model("m"))) == 16


def test_reports_are_joined_with_their_attempts_and_repairs_numbered_on() -> None:
    first = Report(
        "r",
        "t",
        "all",
        started_at=100.0,
        duration_s=2.0,
        attempts=(attempt(1), attempt(2, B)),
        repairs=(Repair(2, Reason.UNSUPPORTED_PARAMETER, "x"),),
        actual=attempt(2, B).target,
        failed_over=True,
        arrived_at=10.0,
        first_content_s=1.5,
    )
    later = Report(
        "r",
        "t",
        "all",
        started_at=102.5,
        duration_s=1.0,
        attempts=(attempt(1),),
        repairs=(Repair(1, Reason.UNSUPPORTED_PARAMETER, "y"),),
        actual=attempt(1).target,
        arrived_at=12.5,
        first_content_s=0.75,
    )
    whole = joined(first, later)
    assert [made.index for made in whole.attempts] == [1, 2, 3]
    assert [repair.attempt_index for repair in whole.repairs] == [2, 3]
    assert (whole.started_at, whole.arrived_at, whole.duration_s) == (100.0, 10.0, 3.5)
    assert whole.actual == attempt(1).target
    assert whole.failed_over
    assert whole.first_content_s == 3.25
    assert joined(first, replace(later, first_content_s=None)).first_content_s is None


def test_an_entry_skipped_in_both_is_told_once_with_its_last_word() -> None:
    early = Skipped(A, SkipCause.OPEN, "open for 9 s")
    late = Skipped(A, SkipCause.OPEN, "open for 8 s")
    other = Skipped(B, SkipCause.CAPABILITY, "cannot do embeddings")
    first = Report("r", "t", "all", 0.0, 0.0, skipped=(early, other))
    later = Report("r", "t", "all", 0.0, 0.0, skipped=(late,), reason=Reason.DEADLINE, message="late")
    whole = joined(first, later)
    assert whole.skipped == (late, other)
    assert (whole.reason, whole.message) == (Reason.DEADLINE, "late")
    assert whole.attempts == ()
