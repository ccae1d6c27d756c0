"""Random histories: the breaker and the plain reference agree on states, permits and instants after every step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.breaker import Breaker, Outcome, Permit
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

from .reference_breaker import ReferenceBreaker, Try

LONGEST_S = 60.0
"""No attempt of a history runs longer: what ended before it began need not be kept for ever."""
PAUSES_S = (0.0, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 9.75, 10.0, 15.0, 18.0, 22.0, 45.0, 61.0, 75.0, 130.0)
STARTS = (1, 1, 1, 1, 2, 5, 12, 60)
ENDS = ("failed", "failed", "failed", "content", "finished", "neutral", "content")

pauses = st.tuples(st.just("wait"), st.sampled_from(PAUSES_S))
starts = st.tuples(st.just("start"), st.sampled_from(STARTS))
tellings = st.tuples(st.just("tell"), st.integers(0, 200), st.sampled_from(ENDS))
many = st.tuples(st.just("tell many"), st.integers(0, 3), st.sampled_from(("failed", "failed", "content")))
trips = st.tuples(st.just("trip"))
waves = st.tuples(
    st.just("wave"), st.sampled_from((1.0, 21.0, 45.0, 125.0)), st.sampled_from(STARTS), st.sampled_from(ENDS)
)
steady = st.tuples(
    st.just("steady"),
    st.sampled_from((0.25, 0.75, 1.0, 1.25)),
    st.lists(st.sampled_from(("failed", "finished")), min_size=3, max_size=20),
)
slow = st.tuples(
    st.just("slow"), st.sampled_from((0.25, 0.5, 1.0)), st.integers(5, 20), st.sampled_from((5.0, 10.0, 16.0))
)
recoveries = st.tuples(st.just("recover"), st.sampled_from((1.5, 2.0, 2.5)), st.sampled_from((0.0, 30.0, 61.0, 66.0)))
beside = st.tuples(st.just("beside"), st.integers(10, 20), st.sampled_from((10.0, 12.0, 16.0)))
single = st.one_of(pauses, starts, tellings, tellings, many, trips)
histories = st.lists(st.one_of(single, waves, steady, slow, beside, recoveries, recoveries), min_size=10, max_size=40)


class Both:
    """The breaker and the reference, told the same; after each step they are compared."""

    def __init__(self, rand: float) -> None:
        self.now = 1000.0
        self.requests = 0
        self.real = Breaker(BreakerSettings(), lambda: rand)
        self.plain = ReferenceBreaker(0.1 * (2 * rand - 1))
        self.under_way: list[tuple[Permit, Try]] = []
        self.begun: list[Permit] = []

    def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("wait", pause_s):
                self._wait(pause_s)
            case ("start", number):
                for _ in range(number):
                    self._start()
            case ("tell", place, outcome) if self.under_way:
                self._tell(place % len(self.under_way), outcome)
            case ("tell many", spared, outcome):
                while len(self.under_way) > spared:
                    self._tell(0, outcome)
                    if outcome == "content":
                        self.under_way.pop(0)
            case ("wave", pause_s, number, outcome):
                for part in (("wait", pause_s), ("start", number), ("wait", 0.5), ("tell many", 0, outcome)):
                    self.step(part)
            case ("steady", gap_s, outcomes):
                for outcome in outcomes:
                    for part in (("wait", gap_s), ("start", 1), ("tell", -1, outcome)):
                        self.step(part)
            case ("slow", gap_s, number, late_s):
                for _ in range(number):
                    for part in (("start", 1), ("wait", gap_s)):
                        self.step(part)
                for part in (("wait", late_s), ("tell many", 0, "failed")):
                    self.step(part)
            case ("beside", number, late_s):
                for part in (("tell many", 0, "content"), ("start", number), ("wait", late_s), ("start", 12)):
                    self.step(part)
                for _ in range(number):
                    self.step(("tell", 0, "failed"))
            case ("recover", proven_s, closed_s):
                self.now = self.plain.refused_until(self.now) or self.now
                last = ("tell", -1, "content")
                for part in (("start", 1), last, ("wait", proven_s), last, ("wait", closed_s)):
                    self.step(part)
            case ("trip",):
                self.real.trip(self.now, Reason.CONNECTION)
                self.plain.trip(self.now)
        self.compare()

    def compare(self) -> None:
        now = self.now
        assert self.real.state(now) == self.plain.state(now)
        refusal, until = self.real.refusal(now), self.plain.refused_until(now)
        assert (refusal is None) == (until is None)
        if refusal is not None:
            assert refusal.until == pytest.approx(until)
        assert self.real.openings == self.plain.openings

    def _wait(self, pause_s: float) -> None:
        self.now += pause_s
        while self.under_way and self.now - self.under_way[0][1].started_at > LONGEST_S:
            self._tell(0, "neutral")

    def _start(self) -> None:
        self.requests += 1
        request = self.requests - self.requests % 2
        permit = self.real.acquire(self.now, request)
        assert isinstance(permit, Permit) == (self.plain.refused_until(self.now) is None)
        if isinstance(permit, Permit):
            attempt = self.plain.start(self.now, request)
            assert permit.is_probe == attempt.is_probe
            self.under_way.append((permit, attempt))

    def _tell(self, place: int, outcome: str) -> None:
        permit, attempt = self.under_way[place]
        self._tell_plain(attempt, outcome)
        kind = Outcome.PROGRESS if outcome == "content" and permit in self.begun else Outcome(outcome)
        self.real.report(permit, kind, self.now, Reason.SERVER_ERROR)
        if outcome == "content":
            self.begun.append(permit)
        else:
            self.under_way.pop(place)
        self.compare()

    def _tell_plain(self, attempt: Try, outcome: str) -> None:
        match outcome:
            case "content":
                self.plain.content(attempt, self.now)
            case "finished":
                self.plain.finished(attempt, self.now)
            case "failed":
                self.plain.failed(attempt, self.now)
            case _:
                self.plain.neutral(attempt)


@settings(max_examples=250)
@given(histories, st.sampled_from((0.0, 0.25, 0.5, 1.0)))
def test_the_breaker_does_what_the_page_says_in_any_history(history: list[tuple[Any, ...]], rand: float) -> None:
    both = Both(rand)
    for step in history:
        both.step(step)


def test_the_histories_reach_every_state_and_several_openings() -> None:
    reached: set[str] = set()
    most = 0

    @settings(max_examples=200)
    @given(histories)
    def look(history: list[tuple[Any, ...]]) -> None:
        nonlocal most
        both = Both(0.5)
        for step in history:
            both.step(step)
            reached.add(both.plain.state(both.now))
        most = max(most, both.plain.openings)

    look()
    assert reached == {"closed", "open", "half_open"}
    assert most >= 4
