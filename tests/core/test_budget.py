"""The token bucket of retries."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.budget import Budget, retry_budget


def drawn(budget: Budget, now: float) -> int:
    return next(i for i in count() if not budget.draw(now))


def test_retries_start_with_ten() -> None:
    assert drawn(retry_budget(), 0.0) == 10


def test_a_request_adds_a_fifth_and_so_does_a_second() -> None:
    budget = retry_budget()
    drawn(budget, 0.0)
    for _ in range(5):
        budget.request(0.0)
    assert drawn(budget, 0.0) == 1
    assert drawn(budget, 5.001) == 1


def test_it_never_holds_more_than_its_capacity() -> None:
    budget = retry_budget()
    for _ in range(100):
        budget.request(0.0)
    assert drawn(budget, 1e9) == 10


def test_a_clock_that_stands_or_steps_back_adds_nothing() -> None:
    budget = Budget(1.0, 0.0, 1.0)
    assert budget.draw(10.0)
    assert not budget.draw(9.0)
    assert not budget.draw(10.5)
    assert budget.draw(11.0)


def test_asking_what_is_there_takes_nothing() -> None:
    budget = Budget(2.0, 0.0, 1.0)
    assert budget.available(0.0) == budget.available(0.0) == 2.0
    budget.draw(0.0)
    assert budget.available(0.5) == 1.5


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 3.0)), max_size=200))
def test_draws_never_exceed_capacity_and_what_was_added(steps: list[tuple[bool, float]]) -> None:
    budget, now, draws, requests = retry_budget(), 0.0, 0, 0
    for is_request, after_s in steps:
        now += after_s
        if is_request:
            budget.request(now)
            requests += 1
        else:
            draws += budget.draw(now)
        assert draws <= 10.0 + 0.2 * requests + 0.2 * now + 1e-6
