"""Waiting: short waits, nothing callable, deadlines, and what is told at the end."""

from __future__ import annotations

import pytest

from sidecar.core.budget import Budget
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause
from sidecar.core.step import Start

from .build import target, verdict
from .walk import KIND, Walk, cool, entry, new_health, only, open_breaker

NO_BUDGET = Budget(0.0, 0.0, 0.0)


@pytest.mark.parametrize("stated_s", [0.0, 1.0, 3.0])
def test_a_rate_limit_with_a_stated_wait_of_at_most_three_seconds_is_outwaited(stated_s: float) -> None:
    walk = Walk(entry("p"), entry("q", model="other"))
    walk.go()
    assert (walk.fail(Reason.RATE_LIMITED, stated_s), walk.waited_s) == ("p", stated_s)
    assert walk.made[-1] == ("p", KIND.RETRY)


def test_it_is_outwaited_once() -> None:
    walk = Walk(entry("p"), entry("q", model="other"))
    walk.go()
    assert [walk.fail(Reason.RATE_LIMITED, 1.0), walk.fail(Reason.RATE_LIMITED, 1.0)] == ["p", "q"]


@pytest.mark.parametrize("stated_s", [None, 3.1])
def test_a_longer_wait_or_none_goes_on(stated_s: float | None) -> None:
    walk = Walk(entry("p"), entry("q", model="other"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, stated_s) == "q"


def test_the_same_model_elsewhere_is_better_than_waiting() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0) == "q"


def test_another_key_is_better_than_waiting_and_the_soonest_key_is_waited_for() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q", model="other"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0) == "two"
    assert (walk.fail(Reason.RATE_LIMITED, 2.5), walk.waited_s) == ("one", 0.75)
    assert walk.made[-1] == ("one", KIND.ROTATION)


def test_the_soonest_key_may_be_the_last_one_asked() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q", model="other"))
    walk.go()
    walk.fail(Reason.RATE_LIMITED, 2.5)
    assert (walk.fail(Reason.RATE_LIMITED, 1.0), walk.waited_s) == ("two", 1.0)


def test_a_key_held_for_something_else_is_not_waited_for() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q", model="other"))
    walk.go()
    walk.fail(Reason.AUTHENTICATION, 1.0)
    assert walk.fail(Reason.RATE_LIMITED) == "q"


def test_a_short_wait_draws_from_the_retry_budget() -> None:
    walk = Walk(entry("p"), entry("q", model="other"), budget=NO_BUDGET)
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0) == "q"


def test_a_short_wait_counts_against_the_callers_longest() -> None:
    walk = Walk(entry("p", policy=Policy(max_wait_s=0.5)), entry("q", model="other"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0) == "q"


def test_a_short_wait_must_fit_the_deadline() -> None:
    walk = Walk(entry("p"), entry("q", model="other"), deadline_s=3.0)
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 2.5) == "q"


def test_a_short_wait_does_not_take_the_attempts_kept_for_others() -> None:
    walk = Walk(entry("p", policy=Policy(max_attempts=3)), entry("q", model="other"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0) == "q"


def test_with_nothing_callable_at_the_start_the_soonest_return_is_waited_for() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.RATE_LIMITED, 8.0), 100.0)
    cool(health, only("q"), verdict(Reason.RATE_LIMITED), 100.0)
    walk = Walk(entry("p"), entry("q"), health=health)
    assert walk.go() == "q"
    assert walk.waited_s == 5.5
    assert walk.made == [("q", KIND.FIRST)]


def test_waiters_on_one_instant_start_spread_over_a_second() -> None:
    waits = []
    for roll in (0.0, 0.25, 0.75):
        health = new_health()
        cool(health, only("p"), verdict(Reason.RATE_LIMITED), 100.0)
        walk = Walk(entry("p"), health=health, rand=lambda roll=roll: roll)
        walk.go()
        waits.append(walk.waited_s)
    assert waits == [5.0, 5.25, 5.75]


def test_the_spread_stays_within_the_longest_wait_and_the_deadline() -> None:
    for fields in ({"policy": Policy(max_wait_s=5.25)}, {}):
        health = new_health()
        cool(health, only("p"), verdict(Reason.RATE_LIMITED), 100.0)
        deadline_s = None if fields else 6.0
        walk = Walk(entry("p", **fields), health=health, deadline_s=deadline_s)
        walk.go()
        assert walk.waited_s == (5.25 if fields else 5.0)


def test_two_waits_are_the_most() -> None:
    walk = Walk(entry("p", policy=Policy(max_wait_s=100.0)))
    walk.go()
    assert [walk.fail(Reason.OVERLOADED, 3.5) for _ in range(3)] == ["p", "p", "OVERLOADED"]


def test_what_returns_during_a_wait_may_be_asked_after_it() -> None:
    walk = Walk(entry("p", "one", "two"))
    walk.go()
    follows = [walk.fail(Reason.RATE_LIMITED) for _ in range(4)]
    assert follows == ["two", "one", "two", "RATE_LIMITED"]
    assert [kind for _, kind in walk.made] == [KIND.FIRST, KIND.ROTATION, KIND.ROTATION, KIND.ROTATION]


def test_waits_together_never_exceed_the_longest_wait() -> None:
    walk = Walk(entry("p", policy=Policy(max_wait_s=8.0)))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 4.0) == "p"
    assert walk.fail(Reason.RATE_LIMITED, 4.0) == "RATE_LIMITED"


def test_a_wait_must_end_before_the_deadline() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.RATE_LIMITED), 100.0)
    walk = Walk(entry("p", policy=Policy(last_resort=False)), health=health, deadline_s=5.5)
    assert walk.go() == "ALL_UNAVAILABLE"
    assert walk.stop.retry_after_s == 5.0


def test_what_waiting_cannot_mend_is_not_waited_for() -> None:
    walk = Walk(entry("p", "one", "two"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED) == "two"
    assert (walk.fail(Reason.UNSUPPORTED_PARAMETER), walk.course.attempts) == ("UNSUPPORTED_PARAMETER", 2)


def test_a_rate_limited_key_is_waited_for_beside_a_refused_one() -> None:
    walk = Walk(entry("p", "one", "two"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED) == "two"
    assert walk.fail(Reason.AUTHENTICATION) == "one"


def test_an_open_entry_is_passed_over_and_reported_as_skipped() -> None:
    health = new_health()
    open_breaker(health, target("p"), 98.0)
    walk = Walk(entry("p"), entry("q"), health=health)
    assert walk.go() == "q"
    assert walk.made == [("q", KIND.FIRST)]
    (skipped,) = walk.course.skipped()
    assert (str(skipped.entry), skipped.cause, skipped.reason) == ("p/m", SkipCause.OPEN, Reason.SERVER_ERROR)
    assert skipped.message == "open for 18 s"
    assert skipped.retry_after_s == 18.0


def test_an_entry_that_returns_during_the_call_is_no_longer_skipped() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.RATE_LIMITED), 100.0)
    walk = Walk(entry("p"), entry("q"), health=health)
    assert walk.go() == "q"
    assert walk.fail(Reason.TIMEOUT, after_s=6.0) == "p"
    assert walk.course.skipped() == ()


def test_other_callable_entries_are_counted_up_to_two() -> None:
    health = new_health()
    open_breaker(health, target("q"), 100.0)
    counts = []
    for links in ((entry("p"),), (entry("p"), entry("q")), tuple(entry(name) for name in "pqrstu")):
        walk = Walk(*links, health=health)
        walk.go()
        assert isinstance(walk.last, Start)
        counts.append(walk.last.other_callable)
    assert counts == [0, 0, 2]


def test_a_permit_refused_to_a_first_attempt_goes_on_to_the_next_entry() -> None:
    walk = Walk(entry("p"), entry("q"))
    assert walk.go(before=lambda: open_breaker(walk.health, target("p"), walk.now)) == "refused p"
    assert walk.go() == "q"
    assert [str(skip.entry) for skip in walk.course.skipped()] == ["p/m"]


def test_a_permit_refused_to_a_retry_leaves_the_entry_as_its_failure_says() -> None:
    walk = Walk(entry("p", "one", "eu", eu="https://eu.test"), entry("q"))
    walk.go()
    assert (
        walk.fail(Reason.SERVER_ERROR, before=lambda: open_breaker(walk.health, only("p"), walk.now, 2))
        == "refused one"
    )
    assert walk.go() == "q"


def test_with_no_time_left_the_call_ends_with_deadline() -> None:
    walk = Walk(entry("p"), entry("q"), deadline_s=5.0)
    walk.go()
    assert walk.fail(Reason.TIMEOUT, after_s=4.5) == "DEADLINE"
    assert walk.stop.message == "less than 0.5 s were left for another attempt; 1 entry failed: p/m TIMEOUT"


def test_with_no_time_at_all_nothing_is_tried() -> None:
    walk = Walk(entry("p"), deadline_s=0.5)
    assert walk.go() == "DEADLINE"
    assert walk.stop.message == "the caller's deadline left less than 0.5 s, too little for an attempt"


def test_the_error_tells_every_entry_and_the_soonest_return() -> None:
    health = new_health()
    open_breaker(health, target("r"), 99.0, reason=Reason.TIMEOUT)
    first = entry("p", "one", "two", policy=Policy(last_resort=False))
    walk = Walk(first, entry("q"), entry("r"), health=health, deadline_s=4.0)
    walk.go()
    walk.fail(Reason.RATE_LIMITED, 30.0, 429)
    walk.fail(Reason.RATE_LIMITED, 20.0, 429)
    assert walk.fail(Reason.RATE_LIMITED, 12.0, 429) == "RATE_LIMITED"
    assert walk.stop.message == (
        "3 entries failed: p/m RATE_LIMITED 429 (2 keys); q/m RATE_LIMITED 429; r/m skipped, open for 18 s (TIMEOUT)"
    )
    assert walk.stop.retry_after_s == 12.0
