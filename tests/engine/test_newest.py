"""The thread that writes the newest: never two writes at once, never an old one after a new one, failures told once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from sidecar.engine.newest import AGAIN_S, Newest

LIMIT_S = 10.0
FULL = OSError(28, "No space left on device")
CANNOT = "the list cannot be written: No space left on device; what is new would not survive a restart"


class Hand:
    """Writes lists of words. `gate` holds writes until it is set; `errors`: what the next writes raise, in order;
    `times`: when they do."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.written: list[list[str]] = []
        self.errors: list[Exception] = []
        self.times: list[float] = []
        self.gate = threading.Event()
        self.gate.set()
        self._begun = threading.Semaphore(0)

    def now(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s

    def write(self, words: list[str]) -> None:
        self._begun.release()
        assert self.gate.wait(LIMIT_S)
        if self.times:
            self.now_s = self.times.pop(0)
        if self.errors:
            raise self.errors.pop(0)
        self.written.append(words)

    def begins(self) -> None:
        assert self._begun.acquire(timeout=LIMIT_S)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def newest(hand: Hand) -> Iterator[Newest[list[str]]]:
    made = Newest("list", hand.write, lambda old, new: old + new, hand, again_s=LIMIT_S)
    made.start()
    yield made
    hand.gate.set()
    assert made.close(LIMIT_S)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_what_comes_during_a_write_is_written_after_it_in_one(newest: Newest[list[str]], hand: Hand) -> None:
    hand.gate.clear()
    newest.give(["a"])
    hand.begins()
    for word in "bcd":
        newest.give([word])
    hand.gate.set()
    assert newest.close(LIMIT_S)
    assert hand.written == [["a"], ["b", "c", "d"]]


def test_the_end_waits_no_longer_than_it_was_told_to(newest: Newest[list[str]], hand: Hand) -> None:
    hand.gate.clear()
    newest.give(["a"])
    hand.begins()
    assert not newest.close(0.01)


def test_an_end_with_nothing_to_write_writes_nothing(newest: Newest[list[str]], hand: Hand) -> None:
    assert newest.close(LIMIT_S)
    assert hand.written == []


def test_a_failure_is_told_once_a_minute_and_what_was_not_written_comes_with_the_next(
    newest: Newest[list[str]], hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hand.errors += [FULL, FULL, FULL]
    for word in "abc":
        newest.give([word])
        hand.begins()
    newest.give(["d"])
    hand.begins()
    assert newest.close(LIMIT_S)
    assert hand.written == [["a", "b", "c", "d"]]
    assert told(caplog) == [CANNOT, "the list is written again"]


def test_after_a_minute_it_is_told_again(
    newest: Newest[list[str]], hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    hand.errors += [FULL, FULL, FULL]
    hand.times += [0.0, AGAIN_S - 0.1, AGAIN_S]
    for word in "abc":
        newest.give([word])
        hand.begins()
    assert newest.close(LIMIT_S)
    assert told(caplog) == [CANNOT, CANNOT]


def test_a_write_that_failed_is_tried_again_though_nothing_newer_comes(hand: Hand) -> None:
    newest: Newest[list[str]] = Newest("list", hand.write, lambda old, new: old + new, hand, again_s=0.001)
    newest.start()
    hand.errors += [FULL, FULL]
    newest.give(["a"])
    for _ in range(3):
        hand.begins()
    assert newest.close(LIMIT_S)
    assert hand.written == [["a"]]


def test_a_failure_at_the_end_is_not_tried_for_ever(newest: Newest[list[str]], hand: Hand) -> None:
    hand.errors += [FULL] * 100
    newest.give(["a"])
    assert newest.close(LIMIT_S)
    assert hand.written == []


def test_a_bug_costs_what_it_met_and_not_what_comes_next(
    newest: Newest[list[str]], hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    hand.gate.clear()
    hand.errors.append(RuntimeError("a bug"))
    newest.give(["a"])
    hand.begins()
    newest.give(["b"])
    hand.gate.set()
    assert newest.close(LIMIT_S)
    assert hand.written == [["b"]]
    assert told(caplog) == ["the list was not written"]
