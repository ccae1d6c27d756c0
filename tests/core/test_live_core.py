"""What changes under the core's rules while calls are under way: numbers of a breaker, and the key of a profile."""

from __future__ import annotations

from dataclasses import replace

from sidecar.core.breaker import Breaker, BreakerState, Outcome, Permit
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.window import Record, Window

from .build import middle, target, verdict
from .walk import KIND, Walk, entry

REFUSED = verdict(Reason.AUTHENTICATION, status=401)


def fail(breaker: Breaker, now: float, request: int) -> None:
    given = breaker.acquire(now, request)
    assert isinstance(given, Permit)
    breaker.report(given, Outcome.FAILED, now, Reason.SERVER_ERROR)


def test_a_breaker_keeps_what_it_knows_and_judges_by_its_new_numbers() -> None:
    breaker = Breaker(BreakerSettings(failures_in_a_row=5), middle)
    for request in range(3):
        fail(breaker, 0.0, request)
    breaker.retune(BreakerSettings(failures_in_a_row=4, open_s=7.0))
    assert breaker.state(0.0) is BreakerState.CLOSED
    fail(breaker, 1.0, 4)
    assert breaker.state(7.9) is BreakerState.OPEN
    assert breaker.state(8.0) is BreakerState.HALF_OPEN


def test_an_open_period_ends_as_it_was_set() -> None:
    breaker = Breaker(BreakerSettings(), middle)
    for request in range(3):
        fail(breaker, 0.0, request)
    breaker.retune(BreakerSettings(open_s=1.0))
    assert breaker.state(19.9) is BreakerState.OPEN
    assert breaker.state(20.0) is BreakerState.HALF_OPEN


def test_a_window_keeps_attempts_as_long_as_it_is_told_last() -> None:
    window = Window(10.0)
    window.add(Record(0.0, 1))
    window.keep(100.0)
    window.add(Record(90.0, 2))
    assert len(window) == 2
    window.keep(10.0)
    window.add(Record(91.0, 3))
    assert len(window) == 2


def renew(walk: Walk, owner: str = "p", model: str = "m") -> None:
    """The refused key of a walk's newest attempt turns out to be an old one."""
    start = walk.last
    walk.course.renewed(start, target(owner, model, start.target.profile, key="renewed"), REFUSED, walk.now)  # type: ignore[arg-type, union-attr]


def may_renew(walk: Walk, told: Reason = Reason.AUTHENTICATION) -> bool:
    return walk.course.may_renew(walk.last, verdict(told), walk.now)  # type: ignore[arg-type]


def test_a_renewed_profile_is_asked_next_with_its_new_key() -> None:
    walk = Walk(entry("p"), entry("q"))
    assert walk.go() == "p"
    assert may_renew(walk)
    renew(walk)
    assert walk.go() == "p"
    assert walk.last is not None
    assert walk.last.target.key_id == "renewed"  # type: ignore[union-attr]
    assert walk.made == [("p", KIND.FIRST), ("p", KIND.RETRY)]
    assert walk.fail(Reason.AUTHENTICATION, status=401) == "q"


def test_only_a_refused_key_and_each_profile_once_is_renewed() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert not may_renew(walk, Reason.PERMISSION)
    renew(walk)
    walk.go()
    assert not may_renew(walk)


def test_nothing_is_renewed_without_an_attempt_or_time_left() -> None:
    walk = Walk(entry("p", policy=Policy(max_attempts=1)))
    walk.go()
    assert not may_renew(walk)
    walk = Walk(entry("p"), deadline_s=2.0)
    walk.go()
    walk.now += 1.7
    assert not may_renew(walk)


def test_other_entries_of_the_provider_take_the_new_key_too_and_other_profiles_keep_theirs() -> None:
    walk = Walk(entry("p"), entry("p", "p", "spare", model="n"), entry("q"))
    walk.go()
    renew(walk)
    walk.go()
    keys = [[t.key_id for t in leg.link.targets] for leg in walk.course._legs]
    assert keys == [["renewed"], ["renewed", "p:spare"], ["q:q"]]


def test_a_renewed_target_refused_by_its_state_leaves_the_profile() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    held = replace(target("p", profile="p"), key_id="renewed")
    other = walk.health.acquire(held, 9, walk.now)
    renew(walk)
    walk.health.failed(other, REFUSED, "", walk.now)  # type: ignore[arg-type]
    assert walk.go() == "refused p"
    assert walk.go() == "q"
