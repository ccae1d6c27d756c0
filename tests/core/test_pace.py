"""How long entries usually take to their first content."""

from __future__ import annotations

from sidecar.core.catalog import Entry
from sidecar.core.pace import FORGOTTEN_AFTER_S, MAX_ENTRIES, NEWEST, Paces

A, B = Entry("p", "a"), Entry("p", "b")


def test_nothing_is_usual_before_enough_attempts_are_known() -> None:
    paces = Paces()
    assert paces.usual_s(A, 1, 0.0) is None
    for number in range(19):
        paces.note(A, 1.0, float(number))
    assert paces.usual_s(A, 20, 20.0) is None
    paces.note(A, 1.0, 20.0)
    assert paces.usual_s(A, 20, 20.0) == 1.0
    assert paces.usual_s(B, 1, 20.0) is None


def test_usual_is_what_95_of_100_do_not_exceed() -> None:
    paces = Paces()
    for took in range(100, 0, -1):
        paces.note(A, float(took), 0.0)
    assert paces.usual_s(A, 1, 0.0) == 95.0
    one = Paces()
    one.note(A, 7.0, 0.0)
    assert one.usual_s(A, 1, 0.0) == 7.0


def test_only_the_newest_hundred_count_and_those_of_ten_minutes() -> None:
    paces = Paces()
    for _ in range(NEWEST):
        paces.note(A, 50.0, 0.0)
    for _ in range(NEWEST):
        paces.note(A, 2.0, 10.0)
    assert paces.usual_s(A, NEWEST, 10.0) == 2.0
    assert paces.usual_s(A, NEWEST, 10.0 + FORGOTTEN_AFTER_S) == 2.0
    assert paces.usual_s(A, 1, 10.1 + FORGOTTEN_AFTER_S) is None


def test_profiles_share_the_pace_of_their_entry() -> None:
    paces = Paces()
    paces.note(Entry("p", "a", "eu"), 3.0, 0.0)
    assert paces.usual_s(A, 1, 0.0) == 3.0


def test_the_entry_longest_without_news_is_forgotten_when_there_are_too_many() -> None:
    paces = Paces()
    for number in range(MAX_ENTRIES):
        paces.note(Entry("p", str(number)), 1.0, 0.0)
    paces.note(Entry("p", "0"), 1.0, 0.0)
    paces.note(Entry("p", "new"), 1.0, 0.0)
    assert paces.usual_s(Entry("p", "1"), 1, 0.0) is None
    assert paces.usual_s(Entry("p", "0"), 1, 0.0) == 1.0
    assert paces.usual_s(Entry("p", "2"), 1, 0.0) == 1.0
