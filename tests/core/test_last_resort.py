"""Nothing callable and no wait that helps: a target held by its breaker or our own ladder alone is asked early."""

from __future__ import annotations

import pytest

from sidecar.core.catalog import Target
from sidecar.core.chain import Link
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.tuning import CooldownSettings
from sidecar.engine.state import Ticket

from .build import verdict
from .early import NOW, climb, early, opened, rested
from .walk import KIND, Walk, cool, entry, new_health, only, open_breaker


def test_an_open_breaker_is_probed_early_by_default() -> None:
    walk = Walk(entry("p"), health=opened("p"))
    assert (walk.go(), early(walk), walk.waited_s) == ("p", True, 0.0)
    assert walk.made == [("p", KIND.FIRST)]


def test_a_target_resting_by_our_own_ladder_is_asked_early() -> None:
    walk = Walk(entry("p"), health=rested())
    assert (walk.go(), early(walk)) == ("p", True)


def test_the_policy_may_switch_it_off() -> None:
    walk = Walk(entry("p", policy=Policy(last_resort=False)), health=opened("p"))
    assert walk.go() == Reason.ALL_UNAVAILABLE
    assert walk.stop.retry_after_s == pytest.approx(20.0)
    walk = Walk(entry("p", policy=Policy(last_resort=True)), health=opened("p"))
    assert walk.go() == "p"


def test_whatever_is_callable_comes_first() -> None:
    walk = Walk(entry("p"), entry("q"), health=opened("p"))
    assert (walk.go(), early(walk)) == ("q", False)


def test_after_all_else_has_failed_it_is_the_last_resort() -> None:
    walk = Walk(entry("p"), entry("q"), health=opened("p"))
    walk.go()
    assert (walk.fail(Reason.AUTHENTICATION), early(walk)) == ("p", True)
    assert walk.made[-1] == ("p", KIND.FAILOVER)


def test_a_wait_that_may_be_made_comes_first() -> None:
    walk = Walk(entry("p"), entry("q"), health=opened("p"))
    cool(walk.health, only("q"), verdict(Reason.RATE_LIMITED, 8.0), NOW)
    assert (walk.go(), early(walk), walk.waited_s) == ("q", False, 8.5)


@pytest.mark.parametrize(("max_wait_s", "deadline_s"), [(1.0, None), (None, 5.0)])
def test_a_wait_that_is_too_long_for_the_policy_or_the_deadline_is_none(
    max_wait_s: float | None, deadline_s: float | None
) -> None:
    health = rested(2)
    walk = Walk(entry("p", policy=Policy(max_wait_s=max_wait_s)), health=health, deadline_s=deadline_s)
    assert (walk.go(), early(walk)) == ("p", True)


def test_after_two_waits_there_is_no_third() -> None:
    walk = Walk(entry("p", policy=Policy(max_wait_s=60.0)), entry("q"), health=opened("q"))
    walk.go()
    said = [walk.fail(Reason.OVERLOADED, 3.5) for _ in range(2)]
    assert (said, early(walk)) == (["p", "p"], False)
    assert (walk.fail(Reason.OVERLOADED, 3.5), early(walk)) == ("q", True)


def test_a_stated_wait_is_never_cut_short() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.RATE_LIMITED, 60.0), NOW)
    walk = Walk(entry("p"), health=health)
    assert walk.go() == Reason.ALL_UNAVAILABLE
    assert walk.stop.retry_after_s == 60.0


def test_a_stated_wait_beside_an_open_breaker_or_our_ladder_holds_too() -> None:
    open_too = opened("p")
    climb(open_too, only("q"), 4)
    for owner, health in (("p", open_too), ("q", open_too)):
        held = health.entry(only(owner))
        held.cooldown.hit(Reason.OVERLOADED, 15.0, NOW, NOW)
        assert Walk(entry(owner), health=health, now=NOW).go() == Reason.ALL_UNAVAILABLE
        later = Walk(entry(owner), health=health, now=NOW + 15.0, deadline_s=2.0)
        assert (later.go(), early(later)) == (owner, True)


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING])
def test_a_refused_credential_is_not_asked_early(reason: Reason) -> None:
    health = opened("p")
    health.entry(only("p")).breaker.reset()
    cool(health, only("p"), verdict(reason), NOW)
    assert Walk(entry("p"), health=health).go() == Reason.ALL_UNAVAILABLE


def test_a_refused_credential_behind_an_open_breaker_is_not_asked_early() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.AUTHENTICATION), NOW)
    open_breaker(health, Target(only("p").entry, "other", only("p").base_url, "other"), NOW)
    assert Walk(entry("p"), health=health).go() == Reason.ALL_UNAVAILABLE


def test_an_attempt_admitted_after_a_long_cooldown_holds_the_door_for_the_last_resort_too() -> None:
    health = new_health()
    cool(health, only("p"), verdict(Reason.MODEL_NOT_FOUND), NOW - 60.0)
    assert isinstance(health.acquire(only("p"), 1, NOW), Ticket)
    assert Walk(entry("p"), health=health).go() == Reason.ALL_UNAVAILABLE


def test_what_returns_soonest_is_asked_first() -> None:
    health = new_health()
    open_breaker(health, only("p"), NOW)
    open_breaker(health, only("q"), NOW - 5.0)
    climb(health, only("r"), 4)
    walk = Walk(entry("p"), entry("r"), entry("q"), health=health)
    assert walk.go() == "q"
    assert [walk.fail(Reason.TIMEOUT), walk.fail(Reason.TIMEOUT)] == ["p", "r"]
    assert walk.fail(Reason.TIMEOUT) == Reason.TIMEOUT


def test_of_equals_the_first_in_the_chain_is_asked_first() -> None:
    walk = Walk(entry("q"), entry("p"), health=opened("p", "q"))
    assert walk.go() == "q"


def test_a_target_asked_in_this_call_is_not_asked_early() -> None:
    walk = Walk(entry("p"))
    walk.go()
    open_breaker(walk.health, only("p"), walk.now)
    assert walk.fail(Reason.OVERLOADED) == Reason.OVERLOADED
    limited = Walk(entry("p"))
    climb(limited.health, only("p"), 3, NOW - 20.0)
    limited.go()
    assert limited.fail(Reason.RATE_LIMITED) == Reason.RATE_LIMITED


def test_another_key_of_an_entry_whose_key_failed_may_be_asked_early_and_of_a_failing_entry_not() -> None:
    for reason, expected in ((Reason.AUTHENTICATION, "two"), (Reason.TIMEOUT, Reason.TIMEOUT)):
        links = entry("p", "one", "two")
        walk = Walk(links)
        climb(walk.health, links.targets[1], 4)
        assert walk.go() == "one"
        assert walk.fail(reason) == expected
        assert early(walk) is (expected == "two")


def test_a_target_is_asked_early_once_in_two_seconds_by_all_calls_together() -> None:
    health = rested(6)
    said = []
    for at in (NOW, NOW + 0.1, NOW + 1.999, NOW + 2.0, NOW + 2.5):
        walk = Walk(entry("p"), health=health, now=at)
        said.append(walk.go())
        if said[-1] == "p":
            walk.fail(Reason.TIMEOUT, after_s=0.0)
    assert said == ["p", Reason.ALL_UNAVAILABLE, Reason.ALL_UNAVAILABLE, "p", Reason.ALL_UNAVAILABLE]


def test_the_two_seconds_are_each_targets_own_and_may_be_set() -> None:
    links: Link = entry("p", "one", "two")
    health = new_health()
    health.tune(CooldownSettings(), 7.0)
    for held in links.targets:
        climb(health, held, 6)
    said = []
    for at in (0.0, 0.0, 1.0, 6.9, 7.0):
        walk = Walk(links, health=health, now=NOW + at)
        said.append(walk.go())
    assert said == ["one", "two", Reason.ALL_UNAVAILABLE, Reason.ALL_UNAVAILABLE, "one"]


def test_without_time_for_an_attempt_there_is_no_last_resort() -> None:
    walk = Walk(entry("p"), health=opened("p"), deadline_s=0.4)
    assert walk.go() == Reason.ALL_UNAVAILABLE


def test_early_attempts_count_among_those_of_a_call() -> None:
    policy = Policy(max_attempts=1)
    walk = Walk(entry("p", policy=policy), entry("q", policy=policy), health=opened("p", "q"))
    walk.go()
    assert walk.fail(Reason.TIMEOUT) == Reason.TIMEOUT
