"""Asking the same target again, another profile, or the next entry."""

from __future__ import annotations

import pytest

from sidecar.core.budget import Budget
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason

from .build import target, verdict
from .walk import KIND, Walk, cool, entry, new_health, open_breaker

PASSING = [Reason.OVERLOADED, Reason.SERVER_ERROR, Reason.UNKNOWN]
ONCE = [Reason.MALFORMED_RESPONSE, Reason.EMPTY_RESPONSE]
NEVER = [
    Reason.TIMEOUT,
    Reason.STREAM_BROKEN,
    Reason.MAX_TOKENS,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.TOOL_SCHEMA,
    Reason.FOREIGN_REASONING,
    Reason.DEADLINE,
]
STOPS = [Reason.CONTEXT_LENGTH, Reason.CONTENT_FILTERED, Reason.INVALID_REQUEST, Reason.SPEND_LIMIT, Reason.CANCELLED]


def test_the_first_entry_is_asked_first() -> None:
    walk = Walk(entry("p"), entry("q"))
    assert walk.go() == "p"
    assert walk.made == [("p", KIND.FIRST)]


@pytest.mark.parametrize("reason", PASSING)
def test_a_passing_failure_is_retried_once_while_another_entry_is_callable(reason: Reason) -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(reason) == "p"
    assert walk.waited_s == 0.375
    assert walk.fail(reason) == "q"
    assert walk.waited_s == 0.0
    assert [kind for _, kind in walk.made] == [KIND.FIRST, KIND.RETRY, KIND.FAILOVER]


@pytest.mark.parametrize("reason", PASSING)
def test_the_last_entry_is_retried_twice_with_a_doubled_wait(reason: Reason) -> None:
    walk = Walk(entry("p"))
    walk.go()
    assert (walk.fail(reason), walk.waited_s) == ("p", 0.375)
    assert (walk.fail(reason), walk.waited_s) == ("p", 0.75)
    assert walk.fail(reason) == reason


@pytest.mark.parametrize("reason", ONCE)
def test_an_empty_or_malformed_answer_is_asked_for_once_more(reason: Reason) -> None:
    walk = Walk(entry("p"))
    walk.go()
    assert [walk.fail(reason), walk.fail(reason)] == ["p", reason]


@pytest.mark.parametrize("reason", NEVER)
def test_these_go_straight_to_the_next_entry(reason: Reason) -> None:
    walk = Walk(entry("p", "one", "two"), entry("q"))
    walk.go()
    assert walk.fail(reason) == "q"


@pytest.mark.parametrize("reason", STOPS)
def test_these_stop_at_once_beside_a_healthy_fallback(reason: Reason) -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(reason) == reason
    assert walk.stop.retry_after_s is None


def test_what_stops_a_call_tells_no_return_of_entries_it_passed_over() -> None:
    health = new_health()
    open_breaker(health, target("p"), 100.0)
    walk = Walk(entry("p"), entry("q"), health=health)
    walk.go()
    assert walk.fail(Reason.INVALID_REQUEST) == "INVALID_REQUEST"
    assert walk.stop.retry_after_s is None


def test_x_should_retry_false_forbids_the_same_target_but_not_the_next_entry() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR, should_retry=False) == "q"


def test_x_should_retry_false_is_not_outwaited_either() -> None:
    walk = Walk(entry("p"))
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED, 1.0, should_retry=False) == "RATE_LIMITED"


@pytest.mark.parametrize(("status", "follows"), [(302, "q"), (418, "q"), (600, "p"), (None, "p")])
def test_an_unknown_3xx_or_4xx_is_not_retried(status: int | None, follows: str) -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.UNKNOWN, status=status) == follows


def test_a_short_stated_wait_is_kept_before_a_retry() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert (walk.fail(Reason.OVERLOADED, 2.0), walk.waited_s) == ("p", 2.0)


def test_a_longer_stated_wait_is_no_retry() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.OVERLOADED, 3.5) == "q"


def test_retries_draw_from_the_budget_and_failover_does_not() -> None:
    walk = Walk(entry("p"), entry("q"), budget=Budget(1.0, 0.0, 0.0))
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR) == "p"
    assert walk.fail(Reason.SERVER_ERROR) == "q"
    assert walk.fail(Reason.SERVER_ERROR) == "SERVER_ERROR"


def test_no_retry_once_the_failure_has_opened_the_breaker() -> None:
    health = new_health()
    for other in range(2):
        cool(health, target("p"), verdict(Reason.SERVER_ERROR), 99.0 + other / 10)
    walk = Walk(entry("p"), entry("q"), health=health)
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR) == "q"


def test_no_retry_that_would_start_too_late() -> None:
    walk = Walk(entry("p"), deadline_s=2.0)
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR, after_s=1.1) == "SERVER_ERROR"


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING, Reason.RATE_LIMITED])
def test_a_keys_fault_rotates_to_the_next_profile_then_to_the_next_entry(reason: Reason) -> None:
    walk = Walk(entry("p", "one", "two"), entry("q"), budget=Budget(0.0, 0.0, 0.0))
    walk.go()
    assert [walk.fail(reason), walk.fail(reason)] == ["two", "q"]
    assert [kind for _, kind in walk.made] == [KIND.FIRST, KIND.ROTATION, KIND.FAILOVER]


def test_a_connection_failure_is_retried_only_if_nothing_else_is_callable() -> None:
    beside = Walk(entry("p"), entry("q"))
    beside.go()
    assert beside.fail(Reason.CONNECTION) == "q"
    alone = Walk(entry("p", "one", "two"))
    alone.go()
    assert [alone.fail(Reason.CONNECTION) for _ in range(3)] == ["one", "one", "CONNECTION"]


def test_a_connection_failure_goes_to_a_profile_with_another_base_url() -> None:
    walk = Walk(entry("p", "one", "two", "eu", eu="https://eu.test"), entry("q"))
    walk.go()
    assert [walk.fail(Reason.CONNECTION), walk.fail(Reason.CONNECTION)] == ["eu", "q"]


def test_a_missing_model_goes_to_the_next_entry() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q"))
    walk.go()
    assert walk.fail(Reason.MODEL_NOT_FOUND) == "q"


def test_a_model_missing_for_want_of_access_asks_one_other_profile() -> None:
    walk = Walk(entry("p", "one", "two", "three"), entry("q"))
    walk.go()
    assert walk.fail(Reason.MODEL_NOT_FOUND, other_profile=True) == "two"
    assert walk.fail(Reason.MODEL_NOT_FOUND, other_profile=True) == "q"


def test_the_first_such_failure_cools_the_pair_only_and_the_second_the_entry() -> None:
    walk = Walk(entry("p", "one", "two", "three"))
    walk.go()
    walk.fail(Reason.MODEL_NOT_FOUND, other_profile=True)
    assert walk.health.unavailable(target("p", profile="one"), walk.now) is not None
    assert walk.health.unavailable(target("p", profile="three"), walk.now) is None
    assert walk.fail(Reason.MODEL_NOT_FOUND, other_profile=True) == "MODEL_NOT_FOUND"
    assert walk.health.unavailable(target("p", profile="three"), walk.now) is not None


def test_without_another_profile_it_cools_the_entry_at_once() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    walk.fail(Reason.MODEL_NOT_FOUND, other_profile=True)
    assert walk.health.entry(target("p")).cooldown.until_callable(walk.now) is not None


def test_at_most_three_attempts_on_one_entry_while_another_is_untried() -> None:
    walk = Walk(entry("p", "one", "two", "three", "four"), entry("q"))
    walk.go()
    assert [walk.fail(Reason.RATE_LIMITED) for _ in range(3)] == ["two", "three", "q"]


def test_five_when_the_failures_are_of_credentials() -> None:
    keys = [f"k{i}" for i in range(7)]
    walk = Walk(entry("p", *keys), entry("q"))
    walk.go()
    assert [walk.fail(Reason.AUTHENTICATION) for _ in range(5)] == ["k1", "k2", "k3", "k4", "q"]


def test_the_last_two_attempts_are_kept_for_untried_entries() -> None:
    walk = Walk(entry("p", *"abcde"), entry("q", *"fghij"), entry("r"), entry("s"), entry("t"))
    walk.go()
    follows = [walk.fail(Reason.BILLING) for _ in range(8)]
    assert follows == ["b", "c", "d", "e", "f", "r", "s", "BILLING"]


def test_eight_attempts_are_the_most() -> None:
    walk = Walk(entry("p", *"abcdefghijkl"))
    walk.go()
    assert [walk.fail(Reason.PERMISSION) for _ in range(8)] == [*"bcdefgh", "PERMISSION"]
    assert walk.course.attempts == 8


def test_a_caller_may_allow_fewer() -> None:
    walk = Walk(entry("p", policy=Policy(max_attempts=1)), entry("q"))
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR) == "SERVER_ERROR"


def test_after_content_reached_the_caller_nothing_else_is_asked() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    start = walk.last
    assert start is not None
    walk.course.failed(start, verdict(Reason.STREAM_BROKEN), walk.now, committed=True)  # type: ignore[arg-type]
    assert walk.go() == "STREAM_BROKEN"
