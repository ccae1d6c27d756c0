"""How phrases are anchored and read."""

from __future__ import annotations

import pytest

from sidecar.core.reasons import Reason
from sidecar.core.wording import MAX_EVIDENCE_CHARS, Finding, evidence, phrase, unquoted


def test_a_phrase_is_matched_from_the_start_only() -> None:
    overflow = phrase(Reason.CONTEXT_LENGTH, r"too long: <limit>")
    assert overflow.read("Too Long: 12,000") == Finding(Reason.CONTEXT_LENGTH, 12_000)
    assert overflow.read("not too long: 12") is None


def test_a_first_value_that_is_too_much_gives_the_limit_below_it() -> None:
    assert phrase(Reason.MAX_TOKENS, r"less than <below>").read("less than 65537") == Finding(Reason.MAX_TOKENS, 65536)


def test_a_gap_never_runs_over_quotes() -> None:
    gap = phrase(Reason.BILLING, r"your<gap>\bbalance")
    assert gap.read("your team has no balance") == Finding(Reason.BILLING)
    assert gap.read("your text 'what is a balance' is empty") is None


@pytest.mark.parametrize("name", ["`gpt-x`", "'gpt-x'", '"gpt-x"', "gpt-x", "org/gpt-x:free"])
def test_a_name_may_be_quoted_in_any_way(name: str) -> None:
    assert phrase(Reason.MODEL_NOT_FOUND, r"model <id> is missing").read(f"model {name} is missing") is not None


@pytest.mark.parametrize(
    "wrapper",
    [
        "Error code: 400 - ",
        "litellm.BadRequestError: OpenAIException - ",
        "Error from provider (Some Vendor): Upstream request failed: [invalid_request_error] ",
        "Provider returned error: ",
        "Input validation error: ",
        "  ",
    ],
)
def test_what_gateways_put_before_a_sentence_is_left_out(wrapper: str) -> None:
    assert evidence(wrapper + "The prompt isn\u2019t short") == "The prompt isn't short"


def test_only_a_bounded_start_is_evidence() -> None:
    assert len(evidence("x" * 100_000)) == MAX_EVIDENCE_CHARS
    assert len(unquoted("x" * 100_000)) == MAX_EVIDENCE_CHARS


def test_quoted_parts_are_left_out_and_apostrophes_are_no_quotes() -> None:
    assert unquoted("the model's 'own words' and \"more\" or `that`") == "the model's '' and '' or ''"
