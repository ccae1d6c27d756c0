"""Which entry a slow attempt is hedged with, and what becomes of the walk when one of two fails."""

from __future__ import annotations

import pytest

from sidecar.core.budget import hedge_budget
from sidecar.core.chain import Link
from sidecar.core.policy import OnContextOverflow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import AttemptKind
from sidecar.core.step import Start, Stop

from .build import verdict
from .repair_walk import model_entry
from .walk import Walk, cool, entry, only, open_breaker

P, Q, R = entry("p"), entry("q"), entry("r")


def hedged(walk: Walk) -> str | None:
    """The profile that a hedge would ask now."""
    start = walk.course.hedge(walk.now)
    return None if start is None else start.target.profile


def slow(*links: Link, deadline_s: float | None = None) -> Walk:
    """A walk whose first attempt is under way."""
    walk = Walk(*links, deadline_s=deadline_s)
    walk.go()
    return walk


def start_hedge(walk: Walk) -> Start:
    """The hedge is under way."""
    start = walk.course.hedge(walk.now)
    assert start is not None
    walk.course.started(start)
    return start


def fail_beside(walk: Walk, start: Start, reason: Reason, **fields: object) -> None:
    """One of two attempts fails."""
    told = verdict(reason, **fields)  # type: ignore[arg-type]
    walk.course.failed(start, told, walk.now, beside=True)


def first_of(walk: Walk) -> Start:
    assert isinstance(walk.last, Start)
    return walk.last


def test_the_next_entry_in_the_chain_is_the_hedge() -> None:
    start = start_hedge(slow(P, Q, R))
    assert (start.target, start.kind, start.wait_s) == (only("q"), AttemptKind.HEDGE, 0.0)
    assert start.other_callable == 1


def test_an_entry_that_was_asked_is_no_hedge_not_even_by_another_profile() -> None:
    walk = slow(entry("p", "k1", "k2"), Q)
    assert hedged(walk) == "q"
    start_hedge(walk)
    assert hedged(walk) is None


def test_profiles_of_the_hedge_are_asked_in_the_order_arranged() -> None:
    walk = slow(P, entry("q", "k1", "k2"))
    walk.course.arrange = lambda link, now: tuple(reversed(link.targets))
    assert hedged(walk) == "k2"


def test_only_a_closed_breaker_is_hedged_onto_not_one_that_would_admit_a_probe() -> None:
    walk = slow(P, Q, R)
    open_breaker(walk.health, only("q"), walk.now)
    assert hedged(walk) == "r"
    walk.now += 25.0
    assert walk.health.unavailable(only("q"), walk.now) is None
    assert hedged(walk) == "r"


def test_an_entry_that_rests_is_no_hedge() -> None:
    walk = slow(P, Q)
    cool(walk.health, only("q"), verdict(Reason.RATE_LIMITED), walk.now)
    assert hedged(walk) is None


def test_asking_for_a_hedge_changes_nothing() -> None:
    walk = slow(P, Q)
    assert [hedged(walk) for _ in range(3)] == ["q"] * 3
    assert walk.course.attempts == 1
    assert walk.course.skipped() == ()


def test_a_hedge_counts_among_the_attempts_of_a_call() -> None:
    two = Policy(max_attempts=2)
    walk = slow(entry("p", policy=two), entry("q", policy=two), entry("r", policy=two))
    start_hedge(walk)
    assert walk.course.attempts == 2
    assert hedged(walk) is None


def test_without_time_for_an_attempt_there_is_no_hedge() -> None:
    walk = slow(P, Q, deadline_s=2.0)
    walk.now += 1.3
    assert hedged(walk) == "q"
    walk.now += 0.2
    assert hedged(walk) is None


def test_a_failure_beside_another_starts_nothing_and_asks_its_target_no_more() -> None:
    walk = slow(P, Q, R)
    hedge = start_hedge(walk)
    fail_beside(walk, hedge, Reason.SERVER_ERROR)
    assert hedged(walk) == "r"
    walk.course.failed(first_of(walk), verdict(Reason.TIMEOUT), walk.now)
    step = walk.course.step(walk.now)
    assert isinstance(step, Start)
    assert (step.target, step.kind) == (only("r"), AttemptKind.FAILOVER)


def test_no_budget_is_drawn_for_a_failure_beside_another() -> None:
    walk = slow(P, Q)
    before = walk.budget.available(walk.now)
    fail_beside(walk, start_hedge(walk), Reason.OVERLOADED)
    assert walk.budget.available(walk.now) == before


def test_another_profile_of_the_failed_one_is_asked_when_both_have_failed() -> None:
    walk = slow(P, entry("q", "k1", "k2"))
    hedge = start_hedge(walk)
    fail_beside(walk, hedge, Reason.AUTHENTICATION, status=401)
    walk.course.failed(first_of(walk), verdict(Reason.TIMEOUT), walk.now)
    assert walk.go() == "k2"


@pytest.mark.parametrize("reason", [Reason.CONTENT_FILTERED, Reason.INVALID_REQUEST])
def test_what_stops_a_call_starts_no_other_hedge_and_is_its_end_if_the_other_fails_too(reason: Reason) -> None:
    walk = slow(P, Q, R)
    fail_beside(walk, start_hedge(walk), reason, status=400)
    assert hedged(walk) is None
    walk.course.failed(first_of(walk), verdict(Reason.SERVER_ERROR, status=500), walk.now)
    step = walk.course.step(walk.now)
    assert isinstance(step, Stop)
    assert (step.reason, step.retry_after_s) == (reason, None)
    assert step.message == f"2 entries failed: p/m SERVER_ERROR 500; q/m {reason} 400"


def test_an_overflow_beside_another_rules_out_windows_that_are_no_larger() -> None:
    walk = slow(P, model_entry("q", "n", 1000), model_entry("r", "o", 1000), model_entry("s", "m", 9000))
    fail_beside(walk, start_hedge(walk), Reason.CONTEXT_LENGTH, status=400)
    assert hedged(walk) == "s"
    assert [str(skip.entry) for skip in walk.course.skipped()] == ["r/o"]


def test_an_overflow_that_the_policy_ends_the_call_with_starts_no_other_hedge() -> None:
    fails = Policy(on_context_overflow=OnContextOverflow.FAIL)
    walk = slow(P, entry("q", policy=fails), R)
    fail_beside(walk, start_hedge(walk), Reason.CONTEXT_LENGTH, status=400)
    assert hedged(walk) is None


def test_others_are_untried_callable_entries_beside_the_one_under_way() -> None:
    walk = slow(P, Q, R)
    first = first_of(walk)
    assert walk.course.has_others(first, walk.now)
    open_breaker(walk.health, only("q"), walk.now)
    assert walk.course.has_others(first, walk.now)
    open_breaker(walk.health, only("r"), walk.now)
    assert not walk.course.has_others(first, walk.now)


def test_an_entry_that_was_asked_is_no_other() -> None:
    walk = slow(P, Q)
    start_hedge(walk)
    assert not walk.course.has_others(first_of(walk), walk.now)


def test_nobody_is_another_without_an_attempt_or_time_left_or_once_the_call_has_its_end() -> None:
    two = Policy(max_attempts=2)
    walk = slow(entry("p", policy=two), entry("q", policy=two), entry("r", policy=two))
    start_hedge(walk)
    assert not walk.course.has_others(first_of(walk), walk.now)
    hurried = slow(P, Q, deadline_s=2.0)
    assert hurried.course.has_others(first_of(hurried), hurried.now)
    assert not hurried.course.has_others(first_of(hurried), hurried.now + 1.5)
    ended = slow(P, Q, R)
    fail_beside(ended, start_hedge(ended), Reason.INVALID_REQUEST, status=400)
    assert not ended.course.has_others(first_of(ended), ended.now)


def test_nothing_is_repaired_and_no_key_read_again_once_the_other_attempt_has_ended_the_call() -> None:
    unsupported, unauthorized = verdict(Reason.UNSUPPORTED_PARAMETER), verdict(Reason.AUTHENTICATION, status=401)
    walk = slow(P, Q)
    hedge = start_hedge(walk)
    assert walk.course.may_repair(first_of(walk), unsupported, walk.now)
    assert walk.course.may_renew(first_of(walk), unauthorized, walk.now)
    fail_beside(walk, hedge, Reason.INVALID_REQUEST, status=400)
    assert not walk.course.may_repair(first_of(walk), unsupported, walk.now)
    assert not walk.course.may_renew(first_of(walk), unauthorized, walk.now)


def test_hedges_start_with_three_and_gain_one_a_minute_or_in_twenty_requests() -> None:
    budget = hedge_budget()
    assert [budget.draw(0.0) for _ in range(4)] == [True, True, True, False]
    assert not budget.draw(59.0)
    assert budget.draw(60.0)
    for _ in range(20):
        budget.request(60.0)
    assert budget.draw(60.0)
    assert not budget.draw(60.0)
    assert budget.available(10_000.0) == 3.0
