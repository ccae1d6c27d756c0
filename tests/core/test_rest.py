"""What is left of a request's own limits behind a seam."""

from __future__ import annotations

import pytest

from sidecar.core.rest import StopAcrossSeam, remaining_output


def passed(sent: str, stops: list[str], *pieces: str) -> tuple[list[str], str | None]:
    """What each piece let through, then the end, and the sequence that stopped it."""
    seam = StopAcrossSeam(sent, stops)
    return [*(seam.feed(piece) for piece in pieces), seam.end()], seam.stopped_by


@pytest.mark.parametrize(("most", "sent", "left"), [(None, 5, None), (100, 40, 60), (100, 100, 0), (100, 130, 0)])
def test_output_shrinks_by_what_was_sent_and_not_below_nothing(most: int | None, sent: int, left: int | None) -> None:
    assert remaining_output(most, sent) == left


def test_a_stop_that_begins_in_the_sent_text_and_ends_behind_the_seam_ends_the_answer() -> None:
    assert passed("one\nEN", ["END"], "D, and more", "still") == (["", "", ""], "END")


def test_it_is_found_in_any_pieces() -> None:
    assert passed("a<|st", ["<|stop|>"], "o", "p", "|", ">", "x") == (["", "", "", "", "", ""], "<|stop|>")


def test_what_might_have_been_its_end_is_passed_on_when_it_is_not() -> None:
    assert passed("a<|st", ["<|stop|>"], "o", "p", "!", "op|>") == (["", "", "op!", "op|>", ""], None)


def test_what_might_have_been_its_end_is_passed_on_at_the_end() -> None:
    assert passed("a<|st", ["<|stop|>"], "op") == (["", "op"], None)


def test_nothing_is_held_where_no_stop_begins_in_the_sent_text() -> None:
    assert passed("plain", ["END", "", "n"], "END", "") == (["END", "", ""], None)


def test_of_every_place_where_a_stop_may_have_begun_each_counts() -> None:
    assert passed("aa", ["aab"], "ab", "c") == (["", "", ""], "aab")
    assert passed("aa", ["aab"], "b") == (["", ""], "aab")


def test_of_two_stops_the_one_that_ends_first_is_told() -> None:
    assert passed("x12", ["1234", "23"], "345") == (["", ""], "23")
