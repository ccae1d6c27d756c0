"""The walk of a call whose profiles are at their limits: it waits for a slot, which may come at any time."""

from __future__ import annotations

import pytest

from sidecar.core.catalog import Target
from sidecar.core.chain import Link
from sidecar.core.course import Course
from sidecar.core.deadline import Deadline
from sidecar.core.leg import Unavailable
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import AttemptKind, SkipCause
from sidecar.core.step import Start, Stop

from .build import chain, middle, plenty, verdict
from .walk import entry

NOW = 100.0


class Full:
    """What holds each profile: "slot", an instant, or nothing."""

    def __init__(self, **held: float | str) -> None:
        self.held = held

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        held = self.held.get(target.profile)
        if isinstance(held, str):
            return Unavailable(SkipCause.RATE_BUDGET, now + 1.0, Reason.RATE_LIMITED, "full", is_slot=True)
        if held is None or held <= now:
            return None
        return Unavailable(SkipCause.RATE_BUDGET, held, Reason.RATE_LIMITED, "at its limit")

    def may_probe_early(self, target: Target, now: float) -> bool:
        return False


def course(health: Full, *links: Link, deadline_s: float | None = None) -> Course:
    return Course(chain(*links), Deadline.starting(NOW, deadline_s), health, plenty(), middle)


def step(walk: Course, now: float = NOW) -> Start:
    start = walk.step(now)
    assert isinstance(start, Start), start
    return start


def test_a_full_profile_is_skipped_for_one_with_room() -> None:
    assert step(course(Full(a="slot"), entry("p", "a", "b"))).target.profile == "b"


def test_a_call_waits_for_a_slot_as_long_as_it_may_wait_and_takes_the_one_that_comes() -> None:
    health = Full(a="slot", b="slot")
    walk = course(health, entry("p", "a", "b"))
    start = step(walk)
    assert (start.wait_s, [target.profile for target in start.slots]) == (10.0, ["a", "b"])
    assert walk.freed(start, 3.0, NOW + 3.0) is None
    del health.held["b"]
    freed = walk.freed(start, 3.5, NOW + 3.5)
    assert freed is not None
    assert (freed.target.profile, freed.wait_s, freed.kind, freed.slots) == ("b", 3.5, AttemptKind.FIRST, ())


def test_what_was_not_waited_is_left_for_the_second_wait() -> None:
    health = Full(a="slot")
    walk = course(health, entry("p", "a"))
    first = step(walk)
    del health.held["a"]
    freed = walk.freed(first, 4.0, NOW + 4.0)
    assert freed is not None
    walk.started(freed)
    health.held["a"] = "slot"
    walk.failed(freed, verdict(Reason.RATE_LIMITED), NOW + 5.0)
    assert step(walk, NOW + 5.0).wait_s == 6.0


def test_a_slot_of_another_entry_is_taken_as_a_failover() -> None:
    health = Full(a="slot", z="slot")
    walk = course(health, entry("p", "a"), entry("q", "z"))
    start = step(walk)
    del health.held["z"]
    freed = walk.freed(start, 1.0, NOW + 1.0)
    assert freed is not None
    assert (freed.link.entry.provider, freed.target.profile) == ("q", "z")


def test_it_waits_no_longer_than_until_another_profile_returns() -> None:
    walk = course(Full(a="slot", b=NOW + 2.0), entry("p", "a", "b"))
    start = step(walk)
    assert start.wait_s == 2.0
    walk.refused(start, NOW + 2.0)
    assert step(walk, NOW + 2.0).target.profile == "b"


def test_it_waits_no_longer_than_leaves_time_for_the_attempt() -> None:
    deadline = Deadline.starting(NOW, 4.0)
    start = step(course(Full(a="slot"), entry("p", "a"), deadline_s=4.0))
    assert start.wait_s == pytest.approx(deadline.first_content_by - NOW - 0.5)


def test_without_a_slot_in_all_that_time_the_call_fails_and_says_when_to_come_back() -> None:
    walk = course(Full(a="slot"), entry("p", "a"))
    start = step(walk)
    walk.refused(start, NOW + 10.0)
    stop = walk.step(NOW + 10.0)
    assert isinstance(stop, Stop)
    assert (stop.reason, stop.retry_after_s) == (Reason.ALL_UNAVAILABLE, 1.0)
    (skipped,) = walk.skipped()
    assert (skipped.cause, skipped.message) == (SkipCause.RATE_BUDGET, "full")


def test_a_call_that_may_not_wait_fails_at_once() -> None:
    stop = course(Full(a="slot"), entry("p", "a", policy=Policy(max_wait_s=0.0))).step(NOW)
    assert isinstance(stop, Stop)


def test_the_order_of_an_entrys_targets_is_asked_for_when_the_walk_comes_to_it_and_holds_from_then_on() -> None:
    walk = course(Full(), entry("p", "a", "b", "c"))
    orders = [(2, 0, 1), (0, 1, 2)]
    walk.arrange = lambda link, now: tuple(link.targets[place] for place in orders.pop(0))
    asked = []
    for _ in range(3):
        start = step(walk)
        walk.started(start)
        asked.append(start.target.profile)
        walk.failed(start, verdict(Reason.AUTHENTICATION), NOW)
    assert asked == ["c", "a", "b"]
    assert len(orders) == 1
