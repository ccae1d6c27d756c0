"""One resuming attempt's events behind what the caller has: its text at the seam, its other parts as new ones."""

from __future__ import annotations

import pytest

from sidecar.core.events import Citation, Delta, Finish, Kind, PartCompleted, Said
from sidecar.core.recovery import Resumption
from sidecar.core.seam import Way
from sidecar.engine.splice import Splice

from .splicing import play, resuming, text, texts

PREFILL, INSTRUCTION = Way.PREFILL, Way.INSTRUCTION
SENT = "The remora holds on to sharks, and eats"
AGAIN_DIFFERENTLY = SENT[:30] + "whales."
THOUGHT, CALL = Delta(Kind.REASONING, 0, "hm"), Delta(Kind.TOOL_CALL, 1, "{}", "a", "look")
both_ways = pytest.mark.parametrize("way", list(Way))


@both_ways
def test_text_goes_on_in_the_part_that_is_open(way: Way) -> None:
    splice = resuming(SENT, way)
    assert splice.feed(text(" them.")) == [text(" them.")]
    assert splice.feed(PartCompleted(0, "vendor")) == [PartCompleted(0, "vendor")]
    assert splice.end(Finish.STOP) == []
    assert (splice.part_index, splice.cut, splice.given_up, splice.is_stopped) == (0, 0, "", False)


def test_where_no_part_is_open_the_text_is_a_new_one() -> None:
    splice = Splice(Resumption("one two", None, 0, 3), PREFILL, ())
    assert splice.part_index == 3
    assert play(splice, [text(" three", 7), PartCompleted(7, "v")]) == [text(" three", 3), PartCompleted(3, "v")]


def test_an_attempt_counts_its_parts_from_nothing_and_the_caller_goes_on_counting() -> None:
    splice = Splice(Resumption(SENT, 2, len(SENT), 5), PREFILL, ())
    call = Delta(Kind.TOOL_CALL, 2, "{}", "a", "look")
    events: list[Said] = [THOUGHT, PartCompleted(0, "v", b"state"), text(" them.", 1), call]
    assert play(splice, events) == [
        Delta(Kind.REASONING, 5, "hm"),
        PartCompleted(5, "v", b"state"),
        text(" them.", 2),
        Delta(Kind.TOOL_CALL, 6, "{}", "a", "look"),
    ]


def test_a_thought_before_the_text_is_no_end_of_the_seam() -> None:
    splice = resuming(SENT, PREFILL)
    got = play(splice, [THOUGHT, PartCompleted(0, "v"), text(SENT, 1), text(" them.", 1)])
    assert texts(got) == " them."


def test_behind_a_tool_call_there_is_no_seam_any_more() -> None:
    splice = resuming(SENT, PREFILL)
    call = Delta(Kind.TOOL_CALL, 0, "{}", "a", "look")
    assert play(splice, [call, text(SENT, 1)]) == [Delta(Kind.TOOL_CALL, 1, "{}", "a", "look"), text(SENT, 2)]


def test_a_second_text_of_the_attempt_is_a_part_of_its_own() -> None:
    splice = resuming(SENT, PREFILL)
    got = play(splice, [text(" them."), PartCompleted(0, "v"), text("More", 1), text(" of it", 1)])
    assert got == [text(" them."), PartCompleted(0, "v"), text("More", 1), text(" of it", 1)]


def test_a_refusal_is_a_part_of_its_own_and_ends_the_seam() -> None:
    got = play(resuming(SENT, PREFILL), [Delta(Kind.REFUSAL, 0, "I can't"), text(SENT, 1)])
    assert got == [Delta(Kind.REFUSAL, 1, "I can't"), text(SENT, 2)]


@both_ways
def test_nothing_at_all_comes_until_it_is_clear_that_it_goes_on(way: Way) -> None:
    splice = resuming(SENT, way)
    assert splice.feed(THOUGHT) == []
    assert splice.feed(text(SENT[:20], 1)) == []
    assert splice.feed(text(SENT[20:], 1)) == [Delta(Kind.REASONING, 1, "hm")]
    assert splice.feed(text(" them.", 1)) == [text(" them.")]
    assert splice.cut == len(SENT)


@both_ways
def test_what_began_again_differently_is_given_up_with_all_that_came_of_it(way: Way) -> None:
    splice = resuming(SENT, way)
    assert play(splice, [THOUGHT, text(AGAIN_DIFFERENTLY, 1), text("More", 1), PartCompleted(1, "v")]) == []
    assert splice.given_up == "it began the answer again, and differently, instead of going on"


@both_ways
@pytest.mark.parametrize("last", [PartCompleted(0, "v"), CALL, None])
def test_that_it_began_again_and_ended_sooner_is_told_when_its_text_ends(
    way: Way, last: PartCompleted | Delta | None
) -> None:
    splice = resuming(SENT, way)
    assert splice.feed(text(SENT[:30])) == []
    assert splice.given_up == ""
    assert (splice.feed(last) if last is not None else splice.end(Finish.STOP)) == []
    assert splice.given_up == "it began the answer again, and differently, instead of going on"
    assert splice.end(Finish.STOP) == []


def test_what_may_or_may_not_be_meant_twice_is_given_up() -> None:
    splice = resuming("ha ha", PREFILL)
    assert play(splice, [text(" ha ha, he said")]) == []
    assert splice.given_up == "it repeated what may or may not be meant twice, instead of going on"


@pytest.mark.parametrize("sent", ["", " \n"])
def test_where_no_text_was_sent_everything_goes_through_at_once(sent: str) -> None:
    splice = Splice(Resumption(sent, None, 0, 2, is_structured=True), INSTRUCTION, ())
    assert splice.feed(THOUGHT) == [Delta(Kind.REASONING, 2, "hm")]
    assert splice.feed(text("not JSON", 1)) == [text("not JSON", 3)]
    assert (splice.end(Finish.STOP), splice.given_up) == ([], "")


def test_white_space_held_at_the_end_of_all_is_passed_on_then() -> None:
    splice = resuming(SENT, PREFILL)
    assert splice.feed(text("\n")) == []
    assert splice.end(Finish.STOP) == [text("\n")]
    assert splice.end(Finish.STOP) == []


# Stop sequences.


def test_a_stop_sequence_across_the_seam_ends_the_answer_without_its_end() -> None:
    splice = resuming("one\nEN", PREFILL, "END")
    assert splice.feed(THOUGHT) == []
    assert splice.feed(text("D and more", 1)) == [Delta(Kind.REASONING, 1, "hm")]
    assert splice.is_stopped
    assert play(splice, [text("more", 1), PartCompleted(1, "v")]) == []


def test_what_might_have_been_its_end_is_passed_on_when_it_is_not() -> None:
    splice = resuming("a<|st", PREFILL, "<|stop|>")
    assert [splice.feed(text(piece)) for piece in ("o", "p", "!")] == [[], [], [text("op!")]]
    splice = resuming("a<|st", PREFILL, "<|stop|>")
    assert play(splice, [text("op"), PartCompleted(0, "v")]) == [text("op"), PartCompleted(0, "v")]
    assert not splice.is_stopped


# Answers in JSON.


def test_json_is_held_until_it_is_whole_and_passed_on_if_all_of_it_parses() -> None:
    splice = resuming('{"a": [1,', PREFILL, is_structured=True)
    assert [splice.feed(text(piece)) for piece in (" 2", "]}")] == [[], []]
    assert splice.feed(PartCompleted(0, "v")) == []
    assert splice.end(Finish.STOP) == [text(" 2"), text("]}"), PartCompleted(0, "v")]
    assert splice.given_up == ""


@pytest.mark.parametrize("rest", [" 2]", "{}", ""])
def test_what_does_not_make_json_with_what_was_sent_is_given_up(rest: str) -> None:
    splice = resuming('{"a": [1,', PREFILL, is_structured=True)
    assert play(splice, [text(rest)] if rest else []) == []
    assert splice.given_up == "what it wrote does not make one JSON text with what was sent"


@pytest.mark.parametrize("finish", [Finish.LENGTH, Finish.CONTENT_FILTERED])
def test_json_that_was_cut_short_by_its_model_is_passed_on_as_what_it_is(finish: Finish) -> None:
    splice = resuming('{"a": [1,', PREFILL, is_structured=True)
    assert play(splice, [text(" 2")], finish) == [text(" 2")]
    assert splice.given_up == ""


def test_json_begun_again_from_its_beginning_is_cut_and_joined() -> None:
    splice = resuming('{"a": [1,', PREFILL, is_structured=True)
    assert texts(play(splice, [text('{"a": [1, 2]}')])) == " 2]}"


# Citations.


def test_offsets_of_citations_count_from_the_beginning_of_the_callers_part() -> None:
    splice = Splice(Resumption("one " + SENT, 3, len(SENT), 5), PREFILL, ())
    splice.feed(text(" them all."))
    cited = Citation(0, "https://a.test", "A", "them", 1, 5)
    assert splice.feed(cited) == [Citation(3, "https://a.test", "A", "them", len(SENT) + 1, len(SENT) + 5)]
    assert splice.feed(Citation(0, "https://b.test")) == [Citation(3, "https://b.test")]


def test_what_was_cut_is_not_counted() -> None:
    splice = resuming(SENT, PREFILL)
    splice.feed(text(SENT + " them."))
    where = SENT.index("sharks")
    assert splice.feed(Citation(0, "https://a.test", start_offset=where, end_offset=where + 6)) == [
        Citation(0, "https://a.test", start_offset=where, end_offset=where + 6)
    ]


def test_a_citation_held_back_counts_what_was_cut_in_the_end() -> None:
    splice = resuming(SENT, PREFILL)
    where = SENT.index("sharks")
    cited = Citation(0, "https://a.test", start_offset=where, end_offset=where + 6)
    assert play(splice, [text(SENT[:35]), cited, text(SENT[35:]), text(" them.")]) == [cited, text(" them.")]


def test_citations_of_a_new_part_count_from_its_own_beginning() -> None:
    splice = Splice(Resumption(SENT, None, 0, 4), PREFILL, ())
    splice.feed(text(SENT + " them."))
    end = len(SENT)
    assert splice.feed(Citation(0, "u", start_offset=end + 1, end_offset=end + 5)) == [
        Citation(4, "u", start_offset=1, end_offset=5)
    ]
    assert splice.feed(Citation(0, "u", start_offset=3, end_offset=end + 5)) == [
        Citation(4, "u", start_offset=0, end_offset=5)
    ]
    assert splice.feed(text("b", 1)) == [text("b", 5)]
    cited = Citation(1, "u", start_offset=0, end_offset=1)
    assert splice.feed(cited) == [Citation(5, "u", start_offset=0, end_offset=1)]
