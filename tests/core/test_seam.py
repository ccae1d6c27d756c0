"""The seam of a resumed answer, case by case. Random ones are in tests/model."""

from __future__ import annotations

import pytest

from sidecar.core.seam import Seam, Verdict, Way

PREFILL, INSTRUCTION = Way.PREFILL, Way.INSTRUCTION
CONTINUES, SAME = Verdict.CONTINUES, Verdict.BEGAN_AGAIN_SAME
DIFFERENTLY, UNSURE = Verdict.BEGAN_AGAIN_DIFFERENTLY, Verdict.UNSURE
SENT = "The remora holds on to sharks, and eats what they leave behind"
both_ways = pytest.mark.parametrize("way", list(Way))


def run(sent: str, way: Way, *pieces: str) -> tuple[Verdict, str]:
    """The verdict at the end, and what the caller got behind `sent`."""
    seam = Seam(sent, way)
    got = "".join(seam.feed(piece) for piece in pieces) + seam.end()
    return seam.verdict, got


@both_ways
def test_an_exact_continuation_goes_on_at_its_first_piece(way: Way) -> None:
    seam = Seam(SENT, way)
    assert seam.feed(" them") == " them"
    assert seam.verdict is CONTINUES
    assert (seam.feed(". The remora"), seam.end(), seam.cut) == (". The remora", "", 0)


@both_ways
@pytest.mark.parametrize(
    ("sent", "answer", "got"),
    [
        ("one ", " two", "two"),
        ("one ", "two", "two"),
        ("one", " two", " two"),
        ("one", "two", "two"),
        ("one\n", "\n\ntwo", "\ntwo"),
        ("one\n\n", "\ntwo", "two"),
        ("one ", "\ntwo", "\ntwo"),
        ("one\n ", "\n\ntwo", "\ntwo"),
        ("one ", " ", ""),
        ("one", "", ""),
        ("one", " " * 40 + "two", " " * 40 + "two"),
        ("one" + " " * 40, " " * 50 + "two", " " * 10 + "two"),
        ("", "two", "two"),
        (" \n", " \n two", " two"),
    ],
)
def test_white_space_at_the_seam_is_neither_doubled_nor_lost(way: Way, sent: str, answer: str, got: str) -> None:
    assert run(sent, way, answer) == (CONTINUES, got)
    assert run(sent, way, *answer) == (CONTINUES, got)


def test_the_next_target_is_shown_no_white_space_at_the_end() -> None:
    assert Seam("one \n", PREFILL).given == "one"


@both_ways
@pytest.mark.parametrize("lead", ["", "\n\n", " "])
@pytest.mark.parametrize("sent", [SENT, SENT + " ", "The rem", "Yes"])
def test_the_sent_text_is_cut_from_an_answer_that_gives_it_again(way: Way, lead: str, sent: str) -> None:
    assert run(sent, way, f"{lead}{sent} them.") == (SAME, " them.")
    assert run(sent, way, *f"{lead}{sent} them.") == (SAME, " them.")


@both_ways
def test_behind_much_white_space_no_repetition_is_looked_for(way: Way) -> None:
    assert run(SENT, way, " " * 16, SENT) == (SAME, "")
    assert run(SENT, way, " " * 17, SENT) == (CONTINUES, " " * 17 + SENT)
    assert run(SENT, way, " " * 17 + SENT) == (CONTINUES, " " * 17 + SENT)


@both_ways
def test_an_answer_given_again_and_nothing_more_adds_nothing(way: Way) -> None:
    assert run(SENT, way, SENT) == (SAME, "")
    assert run(SENT + "\n\n", way, SENT + "\n") == (SAME, "")


def test_what_was_cut_is_counted() -> None:
    seam = Seam(SENT, PREFILL)
    assert seam.feed("\n" + SENT + " them") == " them"
    assert seam.cut == 1 + len(SENT)


@both_ways
def test_an_answer_begun_again_that_differs_gives_nothing(way: Way) -> None:
    assert run(SENT, way, SENT[:30] + "and whales.", " More.") == (DIFFERENTLY, "")
    done = f"{SENT}."
    assert run(done, way, done[:24] + "whales.") == (DIFFERENTLY, "")
    assert run(done, way, done[:23] + "whales.") == (CONTINUES, done[:23] + "whales.")
    assert run(SENT, PREFILL, SENT[:23] + "whales.") == (CONTINUES, SENT[:23] + "whales.")


@pytest.mark.parametrize("end", ["", ", and", ", and eats,"])
def test_by_instruction_eight_characters_tell_a_restart_where_the_sent_text_stops_inside_a_sentence(end: str) -> None:
    sent = f"Sleep is essential for health{end}"
    assert run(sent, Way.INSTRUCTION, "Sleep is important.") == (DIFFERENTLY, "")
    assert run(sent, PREFILL, "Sleep is important.") == (CONTINUES, "Sleep is important.")
    assert run(sent, Way.INSTRUCTION, "Sleep on.") == (CONTINUES, "Sleep on.")
    assert run(f"{sent}.", Way.INSTRUCTION, "Sleep is important.") == (CONTINUES, "Sleep is important.")


@both_ways
def test_an_answer_begun_again_that_ends_sooner_gives_nothing(way: Way) -> None:
    assert run(SENT, way, SENT[:30]) == (DIFFERENTLY, "")
    assert run(f"{SENT}.", way, SENT[:20]) == (CONTINUES, SENT[:20])


@both_ways
def test_of_a_short_sent_text_half_tells_a_restart(way: Way) -> None:
    assert run("Sure! Here is", way, "Sure! Here's a poem") == (DIFFERENTLY, "")
    assert run("The remora", way, "The shark") == (CONTINUES, "The shark")
    assert run("The remora swims.", way, "The remo!") == (CONTINUES, "The remo!")
    assert run("The remora swims.", way, "The remor!") == (DIFFERENTLY, "")


@both_ways
def test_white_space_at_the_end_of_the_sent_text_belongs_to_it(way: Way) -> None:
    assert run("Hello ", way, "Hello, world") == (DIFFERENTLY, "")


@both_ways
def test_rows_that_begin_alike_are_no_restart(way: Way) -> None:
    rows = [f'{{"kind": "record", "number": {number}}}\n' for number in range(4)]
    assert run(rows[0] + rows[1], way, rows[2] + rows[3]) == (CONTINUES, rows[2] + rows[3])


@both_ways
@pytest.mark.parametrize("sent", ["ha ha ha ", "ha ha", "haha", "-", "#", "1", "**", "||", "No\n\nNo"])
def test_what_may_be_meant_again_is_not_passed_on_as_if_one_knew(way: Way, sent: str) -> None:
    space = "\n\n" if "\n" in sent else " "
    assert run(sent, way, f"{space}{sent} and more") == (UNSURE, "")


@both_ways
def test_a_little_that_is_said_again_otherwise_is_chance(way: Way) -> None:
    assert run("1 ", way, "10 apples") == (CONTINUES, "10 apples")


def test_an_end_that_is_repeated_is_cut_by_instruction() -> None:
    answer = SENT[-24:] + " them."
    assert run(SENT, INSTRUCTION, answer) == (CONTINUES, " them.")
    assert run(SENT, INSTRUCTION, *answer) == (CONTINUES, " them.")
    assert run(SENT, INSTRUCTION, "\n" + answer) == (CONTINUES, " them.")
    assert run(SENT + " ", INSTRUCTION, answer) == (CONTINUES, "them.")
    assert run(SENT, INSTRUCTION, SENT[-24:]) == (CONTINUES, "")


def test_a_shorter_end_stays_since_it_may_be_meant() -> None:
    answer = SENT[-23:].lstrip() + " them."
    assert run(SENT, INSTRUCTION, answer) == (CONTINUES, answer)


def test_white_space_that_is_repeated_with_it_counts() -> None:
    place = SENT.index(" and eats")
    sent = SENT[: place + 22] + "  "
    assert run(sent, INSTRUCTION, sent[-24:] + "them") == (CONTINUES, "them")
    assert run(sent, INSTRUCTION, "\n" + sent[-23:] + "them") == (CONTINUES, "\n" + sent[-23:] + "them")
    assert run(sent, INSTRUCTION, sent[place + 1 :].rstrip() + ".") == (CONTINUES, sent[place + 1 :].rstrip() + ".")


def test_by_prefill_what_comes_is_taken_as_it_comes() -> None:
    answer = SENT[-30:] + " them."
    assert run(SENT, PREFILL, answer) == (CONTINUES, answer)


def test_the_longest_end_is_cut_also_where_its_words_stand_earlier() -> None:
    line = "and nobody knows the reason why"
    sent = f"So it goes, {line}, they say, {line}"
    assert run(sent, INSTRUCTION, f"{line}.") == (CONTINUES, ".")
    assert run(sent, INSTRUCTION, f"{line}, they do.") == (CONTINUES, ", they do.")
    assert run(sent, INSTRUCTION, line) == (CONTINUES, "")
    assert run(sent, INSTRUCTION, f"{line}, they say, {line}.") == (CONTINUES, ".")
    assert run(sent, INSTRUCTION, "and nobody knows the reason.") == (CONTINUES, "and nobody knows the reason.")


def test_an_end_that_is_also_the_beginning_is_an_overlap_until_more_of_the_beginning_comes() -> None:
    refrain = "Row the boat to the shore,"
    sent = f"{refrain} gently down the stream. {refrain}"
    assert run(sent, INSTRUCTION, f"{refrain} merrily") == (DIFFERENTLY, "")
    assert run(sent, INSTRUCTION, f"{refrain}\nmerrily") == (CONTINUES, "\nmerrily")
    assert run(sent, INSTRUCTION, f"{sent} merrily") == (SAME, " merrily")


def test_of_an_end_that_is_one_thing_over_and_over_nobody_knows_how_much_is_meant() -> None:
    sent = "| a | b |\n|" + "---|" * 12
    assert run(sent, INSTRUCTION, "---|" * 10 + "\n| 1 |") == (UNSURE, "")
    assert run(sent, PREFILL, "---|" * 10 + "\n| 1 |") == (CONTINUES, "---|" * 10 + "\n| 1 |")


@both_ways
def test_a_long_text_in_small_pieces_is_followed_in_linear_time(way: Way) -> None:
    sent = "".join(f"{number} bottles, " for number in range(12_000))
    again = [sent[place : place + 4] for place in range(0, len(sent), 4)]
    assert run(sent, way, *again, "none") == (SAME, "none")
    assert run(sent, way, *again[:-5], "none") == (DIFFERENTLY, "")
    same, answer = "a" * 60_000, "a" * 59_997 + "b"
    found = run(same, way, *(["aaa"] * 19_999), "b")
    assert found == ((CONTINUES, answer) if way is PREFILL else (UNSURE, ""))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_passes_text_on_or_gives_up_but_not_both(verdict: Verdict) -> None:
    assert (verdict.is_spliced, verdict.is_given_up).count(True) == (verdict is not Verdict.HELD)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            "Boil an egg in a kettle, but be careful. Boiling the egg can cause it to burn. The key is to heat",
            "Boil an egg, but be careful. Boil the egg can cause it to burn. The key is to heat",
        ),
        (
            '```python\nimport json\n\ndef create_person(name, age):\n    return {"street": "123 Main Street",',
            '```python\n# Create a person\ndef create_person(name, age):\n    return {"street": "123 Main Street", "city"',
        ),
        (
            "Sleep is essential for overall health and well-being. It helps regulate bodily functions. Proper",
            "Sleep is important for overall health and well-being. It helps regulate bodily functions, and more.",
        ),
    ],
)
def test_what_a_small_model_writes_that_begins_again_in_other_words_is_not_passed_on(sent: str, said: str) -> None:
    assert run(sent, Way.INSTRUCTION, *said) == (DIFFERENTLY, "")
