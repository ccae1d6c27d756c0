"""The seam as a caller sees it: white space, repetitions, answers begun again, stop sequences, limits, citations."""

from __future__ import annotations

import pytest

from sidecar.core.events import Citation, Finish
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Wait

from ..providers import anthropic_chunks as claude
from .hedged import attempts, failures, outcomes
from .resuming import (
    CLAUDE,
    INSTRUCTION,
    PREFILLED,
    QUESTION,
    A,
    B,
    C,
    anthropic,
    assistant,
    chain,
    claude_says,
    claude_steps,
    cut,
    seams,
    told,
    whole,
)
from .rig import DONE, ask, chunk, error, good, steps, text

OTHER_CLAUDE = anthropic("claudia")
LONG = "The quick brown fox jumps over the lazy dog"
DIFFERENT = "The quick brown fox jumps high."
SILENT = steps(chunk({"role": "assistant"}), chunk({}, "stop"), DONE)


@pytest.mark.parametrize(
    ("sent", "rest", "whole_text"),
    [
        ("Hello ", "world", "Hello world"),
        ("Hello ", " world", "Hello world"),
        ("Hello", " world", "Hello world"),
        ("One.\n\n", "Two.", "One.\n\nTwo."),
        ("One.\n\n", "\n\nTwo.", "One.\n\nTwo."),
        ("One.\n", "\n\nTwo.", "One.\n\nTwo."),
        ("def f():\n    ", "\n    return 1", "def f():\n    return 1"),
        ("def f():\n    ", "    return 1", "def f():\n    return 1"),
    ],
)
@pytest.mark.parametrize("other", [B, PREFILLED], ids=["instruction", "prefill"])
def test_white_space_at_the_seam_is_neither_doubled_nor_lost(
    sent: str, rest: str, whole_text: str, other: object
) -> None:
    rig = chain((A, cut(sent)), (other, good(rest)))  # type: ignore[arg-type]
    heard = told(rig)
    assert whole(heard) == whole_text
    assert rig.last_body["messages"][1] == assistant(sent.rstrip())
    assert seams(heard)[0][2] == len(sent)


def test_offsets_count_code_points() -> None:
    heard = told(chain((A, cut("🌊é")), (B, good("!"))))
    assert seams(heard) == [("b", 0, 2)]
    assert whole(heard) == "🌊é!"


def test_an_end_that_is_repeated_is_cut_also_where_it_comes_in_pieces() -> None:
    rig = chain((A, cut(LONG)), (B, good(*LONG[-30:], " and runs.")))
    assert whole(told(rig)) == LONG + " and runs."


def test_what_is_shorter_stays_since_it_may_be_meant() -> None:
    rig = chain((A, cut(LONG)), (B, good("dog and dog.")))
    assert whole(told(rig)) == LONG + "dog and dog."


def test_by_prefill_only_a_whole_repetition_is_cut() -> None:
    rig = chain((A, cut(LONG)), (PREFILLED, good(LONG[-30:], " again.")))
    assert whole(told(rig)) == LONG + LONG[-30:] + " again."
    rig = chain((A, cut(LONG)), (PREFILLED, good(LONG[:20], LONG[20:], " and runs.")))
    assert whole(told(rig)) == LONG + " and runs."


def test_of_an_answer_that_begins_again_and_differs_nothing_is_passed_on_and_nobody_is_blamed() -> None:
    rig = chain((A, cut(LONG)), (B, good(DIFFERENT)), (C, good(" and runs.")))
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert attempts(heard)[1:] == [("b/m", "resume", "CANCELLED"), ("c/m", "resume", "")]
    assert failures(rig, "b/m") == 0
    assert seams(heard) == [("c", 0, len(LONG))]


def test_one_that_begins_again_by_prefill_is_asked_by_instruction_before_the_next_entry_is() -> None:
    rig = chain((A, cut(LONG)), (PREFILLED, [good(DIFFERENT), good(" and runs.")]), (C, good("x")))
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert rig.who == ["a", "p", "p"]
    assert rig.bodies[1]["messages"] == [QUESTION, assistant(LONG)]
    assert rig.bodies[2]["messages"] == [QUESTION, assistant(LONG), INSTRUCTION]


def test_one_that_began_again_is_hung_up_on_at_once() -> None:
    endless = steps(*text(DIFFERENT), Wait(500), *text("x"))
    rig = chain((A, cut(LONG)), (B, endless), (C, good(" and runs.")))
    assert whole(told(rig)) == LONG + " and runs."
    assert rig.times == [0.0, 0.0, 0.0]
    assert rig.transport.sent[1].aborted_at == 1000.0


def test_an_answer_that_ends_in_the_middle_of_repeating_has_not_gone_on() -> None:
    rig = chain((A, cut(LONG)), (B, good(LONG[:30])), (C, good(" and runs.")))
    assert whole(told(rig)) == LONG + " and runs."


def test_where_all_begin_again_the_error_is_the_breaks() -> None:
    rig = chain((A, [cut(LONG), error(401)]), (B, good(DIFFERENT)))
    heard = told(rig)
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == LONG


def test_an_answer_that_was_whole_but_for_its_end_ends_without_another_word() -> None:
    rig = chain((A, cut("Hello.")), (PREFILLED, steps(chunk({"role": "assistant"}), chunk({}, "stop"), DONE)))
    heard = told(rig)
    assert whole(heard) == "Hello."
    assert heard.completed.finish is Finish.STOP
    assert heard.reasons == ["STREAM_BROKEN", ""]


def test_silence_behind_an_instruction_counts_only_when_it_is_said_twice() -> None:
    silent = steps(chunk({"role": "assistant"}), chunk({}, "stop"), DONE)
    heard = told(chain((A, cut("Hello")), (B, [silent, good(" world")])))
    assert whole(heard) == "Hello world"
    assert heard.reasons == ["STREAM_BROKEN", "EMPTY_RESPONSE", ""]
    heard = told(chain((A, cut("Hello.")), (B, silent)))
    assert whole(heard) == "Hello."
    assert heard.reasons == ["STREAM_BROKEN", "EMPTY_RESPONSE", ""]


def test_an_echo_of_what_was_sent_and_nothing_more_counts_as_silence() -> None:
    heard = told(chain((A, cut(LONG)), (B, [good(LONG), good(" and runs.")])))
    assert whole(heard) == LONG + " and runs."
    assert heard.reasons == ["STREAM_BROKEN", "EMPTY_RESPONSE", ""]
    assert failures(chain((A, cut(LONG)), (B, good(LONG))), "b/m") == 0
    heard = told(chain((A, cut(f"{LONG}.")), (PREFILLED, good(f"{LONG}."))))
    assert (whole(heard), heard.reasons) == (f"{LONG}.", ["STREAM_BROKEN", ""])


@pytest.mark.parametrize("said", [SILENT, good(LONG)], ids=["silence", "echo"])
def test_who_has_nothing_to_add_inside_a_sentence_is_not_believed(said: Play) -> None:
    heard = told(chain((A, cut(LONG)), (PREFILLED, said), (C, good(" and runs."))))
    assert whole(heard) == LONG + " and runs."
    heard = told(chain((A, [cut(LONG), error(401)]), (B, said)))
    assert heard.error is not None
    assert (heard.error.reason, heard.text) == (Reason.STREAM_BROKEN, LONG)


@pytest.mark.parametrize(
    "refusal",
    [
        error(500, "Assistant response prefill is incompatible with enable_thinking."),
        error(403, "assistant prefill is not permitted"),
        steps(b'data: {"error":{"message":"the last message must be the user\'s","code":400}}\n\n'),
    ],
    ids=["500", "403", "inside a 200"],
)
def test_a_prefill_refused_in_any_way_becomes_an_instruction_and_nobodys_fault(refusal: Play) -> None:
    rig = chain((A, cut(LONG)), (PREFILLED, [refusal, good(" and runs.")]))
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert [message["role"] for message in rig.last_body["messages"]] == ["user", "assistant", "user"]
    name = PREFILLED.name
    assert failures(rig, f"{name}/m") == 0
    assert rig.engine.services.health.unavailable(rig.target(f"{name}/m"), 1000.0) is None


def test_who_did_not_go_on_is_not_asked_to_again_after_the_next_break() -> None:
    rig = chain((A, [cut(LONG), cut(" and runs"), good(" on.")]), (B, good(DIFFERENT)))
    assert whole(told(rig)) == LONG + " and runs on."
    assert rig.asked == ["a/m/k1", "b/m/k1", "a/m/k1", "a/m/k1"]


def test_without_a_deadline_of_the_callers_a_break_after_five_minutes_is_recovered_too() -> None:
    slow = steps(*text(LONG), *(piece for _ in range(40) for piece in (Wait(10), *text(" on"))), Cut())
    heard = told(chain((A, slow), (B, good(" and runs."))))
    assert whole(heard) == LONG + " on" * 40 + " and runs."
    assert heard.took_s == 400.0


# Stop sequences and limits.


@pytest.mark.parametrize("other", [B, PREFILLED], ids=["instruction", "prefill"])
def test_a_stop_sequence_across_the_seam_ends_the_answer(other: object) -> None:
    rig = chain((A, cut("One E")), (other, good("N", "D Two", " Three")))  # type: ignore[arg-type]
    heard = told(rig, ask(stop=("END",)))
    assert whole(heard) == "One E"
    assert heard.completed.finish is Finish.STOP
    assert heard.reasons == ["STREAM_BROKEN", ""]


def test_who_is_stopped_across_the_seam_is_hung_up_on() -> None:
    rig = chain((A, cut("One E")), (B, steps(*text("ND"), Wait(500), *text("x"))))
    heard = told(rig, ask(stop=("END",)))
    assert (whole(heard), heard.took_s) == ("One E", 0.0)
    assert rig.transport.sent[1].aborted_at == 1000.0
    assert outcomes(rig, "b/m") == (1, 0)


def test_what_only_looked_like_a_stop_sequence_is_passed_on() -> None:
    rig = chain((A, cut("One E")), (B, good("N", "OUGH")))
    assert whole(told(rig, ask(stop=("END",)))) == "One ENOUGH"


def test_the_limit_of_the_output_shrinks_by_what_was_sent() -> None:
    rig = chain((A, cut(*["word "] * 10)), (B, good("more")))
    told(rig, ask(max_output_tokens=50))
    limits = [body.get("max_completion_tokens") or body.get("max_tokens") for body in rig.bodies]
    assert limits == [50, 40]


def test_the_limit_shrinks_for_the_messages_api_too() -> None:
    rig = chain((A, cut(*["word "] * 10)), (CLAUDE, claude_says("more")))
    told(rig, ask(max_output_tokens=50))
    assert rig.last_body["max_tokens"] == 40


def test_where_nothing_is_left_of_the_limit_the_answer_ends_by_length() -> None:
    rig = chain((A, cut(*["word "] * 10)), (B, good("more")))
    heard = told(rig, ask(max_output_tokens=10))
    assert heard.completed.finish is Finish.LENGTH
    assert not heard.completed.end_inferred
    assert whole(heard) == "word " * 10
    assert rig.who == ["a"]
    assert outcomes(rig, "a/m") == (0, 1)


def test_the_finish_of_the_one_that_goes_on_is_the_answers() -> None:
    heard = told(chain((A, cut("Hel")), (B, steps(*text("lo"), chunk({}, "length"), DONE))))
    assert heard.completed.finish is Finish.LENGTH


# Citations.


CITED = {"type": "web_search_result_location", "url": "http://x", "title": "X", "cited_text": "sea"}


def test_a_citation_behind_the_seam_belongs_to_the_callers_part() -> None:
    said = claude.block(
        0, claude.text(0, "sea."), claude.delta(0, type="citations_delta", citation=CITED), type="text", text=""
    )
    opening = claude_steps(claude.begin(0, type="text", text=""), claude.text(0, "The "), broken=True)
    heard = told(chain((CLAUDE, opening), (OTHER_CLAUDE, claude_steps(said))))
    assert whole(heard) == "The sea."
    (citation,) = [event for event in heard.events if isinstance(event, Citation)]
    assert (citation.part_index, citation.uri, citation.cited_text) == (0, "http://x", "sea")
