"""How answers that a real model resumed are judged: what must hold is seen when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.real_model.judging import Heard, Outcome, Said, changes, keeps, outcome_of, reads_on, repeated
from bench.real_model.model import said_in
from bench.real_model.page import page
from bench.real_model.questions import QUESTIONS

SENT = "Bees make honey from the nectar that they gather in many flowers, and keep it"
REST = " in wax combs for the winter."
GOOD = Heard(
    question="How?",
    original=SENT + " somewhere.",
    sent=SENT,
    at_seam=SENT,
    offset=len(SENT),
    text=SENT + REST,
    whole=SENT + REST,
    voided=False,
    finish="STOP",
    reason=None,
    said=(Said(REST, by_prefill=False),),
)
FAILED = replace(GOOD, at_seam=None, offset=None, text=SENT, whole=None, finish=None, reason="STREAM_BROKEN")


def test_an_answer_that_went_on_and_one_that_failed_where_it_broke_keep_both_conditions() -> None:
    assert keeps(GOOD)
    assert keeps(FAILED)


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, voided=True),
        replace(GOOD, text=SENT[1:] + REST, whole=SENT[1:] + REST),
        replace(GOOD, at_seam=SENT[:-1]),
        replace(GOOD, offset=len(SENT) + 1),
        replace(GOOD, at_seam=None, offset=None),
        replace(GOOD, whole=SENT),
        replace(FAILED, text=SENT + REST),
    ],
)
def test_a_sent_part_that_does_not_stand_is_seen(broken: Heard) -> None:
    assert list(changes(broken))
    assert not keeps(broken)


def test_eight_words_of_the_sent_part_are_seen_behind_the_seam_in_other_case_and_punctuation() -> None:
    rest = ". Sure, here it is again: bees make honey, from the NECTAR that they -- and so on."
    assert repeated(SENT, rest) == "bees make honey from the nectar that they"
    assert not keeps(replace(GOOD, text=SENT + rest, whole=SENT + rest))


def test_seven_words_and_what_is_further_from_the_seam_than_200_words_are_no_repetition() -> None:
    far = " ".join(f"w{place}" for place in range(200))
    assert repeated(SENT, ". Bees make honey from the nectar that we like") is None
    assert repeated(f"{SENT} {far}", f" {SENT}") is None
    assert repeated(SENT, f" {far} {SENT}") is None


@pytest.mark.parametrize(
    ("said", "rest", "outcome"),
    [
        (REST, REST, Outcome.WENT_ON),
        ("flowers, and keep it" + REST, REST, Outcome.OVERLAP_CUT),
        (SENT + REST, REST, Outcome.WHOLE_CUT),
        (SENT, "", Outcome.ECHO),
        ("", "", Outcome.NOTHING_MORE),
    ],
)
def test_what_became_of_a_call_is_told_from_what_the_model_said_and_the_caller_got(
    said: str, rest: str, outcome: Outcome
) -> None:
    call = replace(GOOD, text=SENT + rest, whole=SENT + rest, said=(Said("refused", True), Said(said, False)))
    assert outcome_of(call) is outcome


def test_an_error_is_one_of_an_answer_that_began_again_or_another() -> None:
    assert outcome_of(replace(FAILED, said=(Said("Bees make wax.", False),))) is Outcome.BEGAN_AGAIN
    assert outcome_of(replace(FAILED, said=())) is Outcome.OTHER_ERROR


@pytest.mark.parametrize(
    ("sent", "rest", "reads"),
    [
        ("the light of the", " moon", True),
        ("the light of the", " Sure, I go on", False),
        ("the light of the", "\nSure", True),
        ("said that Ada and", " Ada went", True),
        ("and then", " I went", True),
        ("It shone.", " Then it set", True),
        ("It shone.", " then it set", False),
        ("It shone", ".", True),
    ],
)
def test_a_seam_reads_on_where_small_letters_go_on_inside_a_sentence(sent: str, rest: str, reads: bool) -> None:
    assert reads_on(sent, rest) is reads


def test_what_the_model_said_is_read_from_its_stream_as_far_as_it_came() -> None:
    lines = [
        b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n',
        b"\n",
        b'data: {"choices":[{"delta":{"content":"in wax"}}]}\n',
        b'data: {"choices":[{"delta":{"content":" combs"}}]}\n',
        b"data: [DONE]\n",
    ]
    assert said_in(lines) == "in wax combs"
    assert said_in(lines[:3]) == "in wax"


def test_the_page_tells_figures_samples_and_the_exact_texts_of_a_failure() -> None:
    again = SENT + ". " + SENT
    text = page({"none": [GOOD, replace(GOOD, text=again, whole=again)], "plain": [FAILED]}, 7, "small.gguf")
    assert "| *unchanged* | 2 of 2 | 1 of 1 |" in text
    assert "| *not repeated* | 1 of 2 | 1 of 1 |" in text
    assert "keep it‖ in wax combs" in text
    assert repr(". " + SENT) in text
    assert "seed 7" in text
    assert "small.gguf" in text


def test_there_are_fifty_different_questions() -> None:
    assert len(set(QUESTIONS)) == 50
