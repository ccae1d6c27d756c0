"""The window of recent attempts."""

from __future__ import annotations

from sidecar.core.window import MOST, NEWEST, Record, Window


def window_of(*started: tuple[float, bool | None], keep_s: float = 80.0) -> Window:
    window = Window(keep_s)
    for at, failed in started:
        window.add(Record(at, 1, failed))
    return window


def test_it_counts_the_attempts_of_the_ten_seconds_that_end_at_an_instant() -> None:
    window = window_of((0.0, True), (0.1, True), (10.0, False), (10.1, True))
    assert window.count(10.0) == (2, 1)
    assert window.count(0.05) == (1, 1)


def test_pending_counts_as_not_failed() -> None:
    assert window_of((0.0, None), (1.0, True), (2.0, False)).count(5.0) == (3, 1)


def test_only_the_newest_hundred_count() -> None:
    window = window_of(*((i / 100, i < 50) for i in range(150)))
    assert window.count(2.0) == (NEWEST, 0)
    assert window.count(0.99) == (NEWEST, 50)


def test_an_attempt_without_an_outcome_can_be_taken_out() -> None:
    window = Window(80.0)
    first, second = Record(1.0, 1), Record(1.0, 1)
    window.add(first)
    window.add(second)
    window.remove(first)
    second.failed = True
    assert window.count(2.0) == (1, 1)


def test_taking_out_what_is_long_gone_is_harmless() -> None:
    window = window_of((0.0, True))
    window.remove(Record(0.0, 1, True))
    assert len(window) == 1


def test_it_forgets_what_no_window_can_reach_and_never_grows_without_bound() -> None:
    assert len(window_of((0.0, True), (80.0, True))) == 2
    window = window_of((0.0, True), (80.0, True), (80.1, True))
    assert len(window) == 2
    for i in range(MOST + 5):
        window.add(Record(81.0 + i * 1e-6, 1))
    assert len(window) == MOST


def test_clearing_forgets_everything() -> None:
    window = window_of((0.0, True))
    window.clear()
    assert window.count(0.0) == (0, 0)
