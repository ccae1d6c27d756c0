"""Random histories: a cooldown and the plain reference agree on instants and counts after every step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.cooldown import Cooldown
from sidecar.core.reasons import Reason

from .reference_cooldown import ReferenceCooldown

REASONS = ("AUTHENTICATION", "PERMISSION", "BILLING", "RATE_LIMITED", "MODEL_NOT_FOUND", "SERVER_ERROR")
PAUSES_S = (0.0, 0.5, 1.0, 4.0, 5.0, 10.0, 30.0, 60.0, 70.0, 100.0, 300.0, 3600.0, 7200.0, 86_400.0, 200_000.0)
STATED_S = (None, None, None, 0.0, 2.0, 20.0, 60.0, 500.0, 86_400.0)

pauses = st.tuples(st.just("wait"), st.sampled_from(PAUSES_S))
returns = st.tuples(st.just("wait for the return"))
starts = st.tuples(st.just("start"), st.sampled_from((1, 1, 1, 3)))
places = st.integers(0, 50)
failures = st.tuples(st.just("fail"), places, st.sampled_from(REASONS), st.sampled_from(STATED_S))
endings = st.tuples(st.sampled_from(("succeed", "end")), places)
rounds = st.tuples(st.just("round"), st.sampled_from(REASONS))
histories = st.lists(
    st.one_of(pauses, returns, starts, starts, failures, failures, endings, rounds, rounds), min_size=15, max_size=50
)


class Both:
    """The cooldown and the reference, told the same; after each step they are compared."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.real = Cooldown()
        self.plain = ReferenceCooldown()
        self.under_way: list[float] = []

    def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("wait", pause_s):
                self.now += pause_s
            case ("wait for the return",):
                self.now = self.plain.returns_at(self.now) or self.now
            case ("start", number):
                for _ in range(number):
                    self._start()
            case ("fail", place, reason, stated_s) if self.under_way:
                started_at = self.under_way.pop(place % len(self.under_way))
                self.real.hit(Reason(reason), stated_s, started_at, self.now)
                self.plain.failure(reason, stated_s, started_at, self.now)
            case ("round", reason):
                for part in (("wait for the return",), ("start", 1), ("wait", 0.5), ("fail", -1, reason, None)):
                    self.step(part)
            case ("succeed", place) if self.under_way:
                started_at = self.under_way.pop(place % len(self.under_way))
                self.real.success(started_at)
                self.plain.success(started_at)
            case ("end", place) if self.under_way:
                started_at = self.under_way.pop(place % len(self.under_way))
                self.real.ended(started_at)
                self.plain.ended(started_at)
        self.compare()

    def compare(self) -> None:
        assert self.real.until_callable(self.now) == pytest.approx(self.plain.returns_at(self.now))
        assert self.real.until == pytest.approx(self.plain.until)
        for reason in REASONS:
            assert self.real.steps(Reason(reason), self.now) == self.plain.count(reason, self.now)

    def _start(self) -> None:
        if self.plain.returns_at(self.now) is not None:
            return
        self.real.admit(self.now)
        self.plain.start(self.now)
        self.under_way.append(self.now)
        self.compare()


@settings(max_examples=250)
@given(histories)
def test_a_cooldown_does_what_the_page_says_in_any_history(history: list[tuple[Any, ...]]) -> None:
    both = Both()
    for step in history:
        both.step(step)


def test_the_histories_climb_ladders_and_hold_doors() -> None:
    steps, held = 0, False

    @settings(max_examples=200)
    @given(histories)
    def look(history: list[tuple[Any, ...]]) -> None:
        nonlocal steps, held
        both = Both()
        for step in history:
            both.step(step)
            steps = max(steps, *(both.plain.count(reason, both.now) for reason in REASONS))
            held = held or both.plain.trial_at is not None

    look()
    assert steps >= 3
    assert held
