"""What a breaker says of its last turn, and what a cooldown says of its door."""

from __future__ import annotations

from sidecar.core.breaker import Breaker, Outcome, Permit
from sidecar.core.cooldown import Cooldown
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

from .build import middle


def breaker() -> Breaker:
    return Breaker(BreakerSettings(), middle)


def permit(asked: Breaker, now: float, request: int = 1) -> Permit:
    given = asked.acquire(now, request)
    assert isinstance(given, Permit)
    return given


def fail(asked: Breaker, now: float, request: int = 1) -> None:
    asked.report(permit(asked, now, request), Outcome.FAILED, now, Reason.OVERLOADED)


def test_each_turn_has_its_cause_and_a_generation_of_its_own() -> None:
    told = breaker()
    seen = [(told.generation, told.cause)]

    def note() -> None:
        seen.append((told.generation, told.cause))

    for request in range(3):
        fail(told, 0.0, request)
    note()
    fail(told, 20.0)
    note()
    told.report(permit(told, 40.0), Outcome.FINISHED, 41.0)
    note()
    told.trip(50.0, Reason.CONNECTION)
    note()
    told.reset()
    note()
    assert seen == [
        (0, ""),
        (1, "3 failures in a row: OVERLOADED"),
        (2, "the probe failed: OVERLOADED"),
        (3, "the probe answered"),
        (4, "the endpoint does not answer: CONNECTION"),
        (5, ""),
    ]


def test_a_share_says_how_many_of_how_many_in_the_window_that_showed_it() -> None:
    told = breaker()
    slow = [permit(told, 0.0, request) for request in range(20)]
    for one in slow[:9]:
        told.report(one, Outcome.FAILED, 11.0, Reason.TIMEOUT)
        told.report(slow.pop(), Outcome.CONTENT, 11.0)
    assert told.cause == ""
    told.report(slow[9], Outcome.FAILED, 11.0, Reason.TIMEOUT)
    assert told.cause == "10 of 20 attempts in 10 s failed: TIMEOUT"


def test_a_turn_without_a_reason_says_what_it_knows() -> None:
    told = breaker()
    for request in range(3):
        told.report(permit(told, 0.0, request), Outcome.FAILED, 0.0)
    assert told.cause == "3 failures in a row"


def test_a_door_says_when_it_is_held_and_when_it_is_freed() -> None:
    short, long = Cooldown(), Cooldown()
    short.hit(Reason.RATE_LIMITED, None, 0.0, 0.0)
    assert not short.admit(5.0)
    long.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    assert not long.admit(59.0)
    assert long.admit(60.0)
    assert not long.ended(59.0)
    assert long.ended(60.0)
    assert not long.ended(60.0)
    assert long.admit(61.0)
    assert long.success(61.0)
    assert not long.admit(62.0)
