"""The breaker: closed, open, half-open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.breaker import Breaker, BreakerState, Outcome, Permit, Refusal
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

from .build import middle, rolls

SETTINGS = BreakerSettings()


def permit(breaker: Breaker, now: float, request: int = 1) -> Permit:
    given = breaker.acquire(now, request)
    assert isinstance(given, Permit)
    return given


def fail(breaker: Breaker, now: float, request: int, reason: Reason = Reason.SERVER_ERROR) -> None:
    breaker.report(permit(breaker, now, request), Outcome.FAILED, now, reason)


def opened(now: float = 0.0, rand: float = 0.5) -> Breaker:
    """Open since `now`; until `now` + 20 s without jitter."""
    breaker = Breaker(SETTINGS, rolls(rand))
    for request in range(3):
        fail(breaker, now, request)
    assert breaker.state(now) is BreakerState.OPEN
    return breaker


def test_a_new_one_is_closed_and_gives_permits() -> None:
    breaker = Breaker(SETTINGS, middle)
    assert breaker.state(0.0) is BreakerState.CLOSED
    assert breaker.refusal(0.0) is None
    assert not permit(breaker, 0.0).is_probe


def test_it_refuses_while_open_naming_the_instant_and_the_reason() -> None:
    breaker = opened()
    assert breaker.acquire(1.0, 9) == Refusal(BreakerState.OPEN, 20.0, Reason.SERVER_ERROR)
    assert (breaker.openings, breaker.since) == (1, 0.0)


@pytest.mark.parametrize(("rand", "length"), [(0.0, 18.0), (0.5, 20.0), (1.0, 22.0)])
def test_an_opening_lasts_twenty_seconds_with_ten_percent_jitter(rand: float, length: float) -> None:
    refusal = opened(rand=rand).refusal(0.0)
    assert refusal is not None
    assert refusal.until == pytest.approx(length)


def test_a_success_that_breaks_later_counts_as_a_failure() -> None:
    breaker = Breaker(SETTINGS, middle)
    streams = [permit(breaker, float(i), i) for i in range(3)]
    for stream in streams:
        breaker.report(stream, Outcome.CONTENT, 5.0)
        breaker.report(stream, Outcome.PROGRESS, 6.0)
    for stream in streams:
        breaker.report(stream, Outcome.FAILED, 7.0, Reason.STREAM_BROKEN)
    assert breaker.state(7.0) is BreakerState.OPEN


def test_a_cancelled_attempt_says_nothing() -> None:
    breaker = Breaker(SETTINGS, middle)
    fail(breaker, 0.0, 1)
    fail(breaker, 1.0, 2)
    breaker.report(permit(breaker, 2.0, 3), Outcome.NEUTRAL, 2.0)
    assert breaker.state(2.0) is BreakerState.CLOSED
    fail(breaker, 3.0, 4)
    assert breaker.state(3.0) is BreakerState.OPEN


def test_an_attempt_that_finishes_is_a_success() -> None:
    breaker = Breaker(SETTINGS, middle)
    fail(breaker, 0.0, 1)
    fail(breaker, 1.0, 2)
    breaker.report(permit(breaker, 2.0, 3), Outcome.FINISHED, 2.0)
    fail(breaker, 3.0, 4)
    assert breaker.state(3.0) is BreakerState.CLOSED


def test_half_open_admits_one_probe() -> None:
    breaker = opened()
    assert breaker.state(20.0) is BreakerState.HALF_OPEN
    assert permit(breaker, 20.0).is_probe
    assert breaker.acquire(20.0, 2) == Refusal(BreakerState.HALF_OPEN, 90.0, Reason.SERVER_ERROR)


def test_asking_consumes_no_probe() -> None:
    breaker = opened()
    for _ in range(5):
        assert breaker.refusal(25.0) is None
        assert breaker.state(25.0) is BreakerState.HALF_OPEN
    assert permit(breaker, 25.0).is_probe


def test_a_probe_that_finishes_closes() -> None:
    breaker = opened()
    breaker.report(permit(breaker, 20.0), Outcome.FINISHED, 21.0)
    assert breaker.state(21.0) is BreakerState.CLOSED
    assert breaker.last_reason is None
    assert breaker.since == 21.0


def test_a_probe_closes_once_it_has_given_content_for_two_seconds() -> None:
    breaker = opened()
    probe = permit(breaker, 20.0)
    breaker.report(probe, Outcome.PROGRESS, 20.5)
    breaker.report(probe, Outcome.CONTENT, 21.0)
    breaker.report(probe, Outcome.PROGRESS, 22.9)
    assert breaker.state(22.9) is BreakerState.HALF_OPEN
    breaker.report(probe, Outcome.PROGRESS, 23.0)
    assert breaker.state(23.0) is BreakerState.CLOSED


def test_a_probe_that_fails_opens_again() -> None:
    breaker = opened()
    breaker.report(permit(breaker, 20.0), Outcome.FAILED, 21.0, Reason.TIMEOUT)
    assert breaker.refusal(21.0) == Refusal(BreakerState.OPEN, 41.0, Reason.TIMEOUT)


def test_a_neutral_probe_gives_the_permit_back_at_once() -> None:
    breaker = opened()
    breaker.report(permit(breaker, 20.0), Outcome.NEUTRAL, 21.0)
    assert permit(breaker, 21.0).is_probe


def test_a_lost_probe_gives_the_permit_back_when_its_lease_ends() -> None:
    breaker = opened()
    lost = permit(breaker, 20.0)
    assert isinstance(breaker.acquire(89.9, 2), Refusal)
    second = permit(breaker, 90.0)
    breaker.report(lost, Outcome.FINISHED, 91.0)
    assert breaker.state(91.0) is BreakerState.HALF_OPEN
    breaker.report(second, Outcome.FINISHED, 92.0)
    assert breaker.state(92.0) is BreakerState.CLOSED


def test_results_of_attempts_from_before_an_opening_are_ignored() -> None:
    breaker = Breaker(SETTINGS, middle)
    late = [permit(breaker, 0.0, i) for i in range(6)]
    for early in late[:3]:
        breaker.report(early, Outcome.FAILED, 1.0, Reason.SERVER_ERROR)
    breaker.report(late[3], Outcome.FAILED, 5.0, Reason.TIMEOUT)
    breaker.report(late[4], Outcome.FINISHED, 5.0)
    assert breaker.refusal(5.0) == Refusal(BreakerState.OPEN, 21.0, Reason.SERVER_ERROR)
    breaker.report(permit(breaker, 21.0), Outcome.FINISHED, 22.0)
    breaker.report(late[5], Outcome.FAILED, 22.5, Reason.TIMEOUT)
    assert breaker.last_reason is None


def test_an_opening_forgets_the_failures_before_it() -> None:
    breaker = opened()
    breaker.report(permit(breaker, 20.0), Outcome.FINISHED, 21.0)
    fail(breaker, 22.0, 1)
    fail(breaker, 23.0, 2)
    assert breaker.state(23.0) is BreakerState.CLOSED
    fail(breaker, 24.0, 3)
    assert breaker.state(24.0) is BreakerState.OPEN


def lengths(breaker: Breaker, openings: int, now: float) -> list[float]:
    """Of the openings that follow, each probe failing."""
    found = []
    for _ in range(openings):
        refusal = breaker.refusal(now)
        assert refusal is not None
        found.append(round(refusal.until - now, 6))
        now = refusal.until
        breaker.report(permit(breaker, now), Outcome.FAILED, now, Reason.TIMEOUT)
    return found


def test_three_openings_in_a_row_are_flat_then_they_double_to_two_minutes() -> None:
    assert lengths(opened(), 8, 0.0) == [20.0, 20.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0]


@pytest.mark.parametrize(("closed_s", "expected"), [(59.0, 40.0), (60.0, 20.0)])
def test_the_row_of_openings_ends_after_a_minute_closed(closed_s: float, expected: float) -> None:
    breaker = opened()
    lengths(breaker, 2, 0.0)
    breaker.report(permit(breaker, 60.0), Outcome.FINISHED, 60.0)
    for request in range(3):
        fail(breaker, 60.0 + closed_s, request)
    refusal = breaker.refusal(60.0 + closed_s)
    assert refusal is not None
    assert refusal.until - 60.0 - closed_s == pytest.approx(expected)


def test_it_trips_with_the_endpoint_it_shares_when_closed_and_only_then() -> None:
    breaker = Breaker(SETTINGS, middle)
    breaker.trip(0.0, Reason.CONNECTION)
    assert breaker.refusal(0.0) == Refusal(BreakerState.OPEN, 20.0, Reason.CONNECTION)
    breaker.trip(10.0, Reason.CONNECTION)
    assert breaker.openings == 1
    probe = permit(breaker, 20.0)
    breaker.trip(20.0, Reason.CONNECTION)
    breaker.report(probe, Outcome.FINISHED, 21.0)
    assert breaker.state(21.0) is BreakerState.CLOSED


def test_a_reset_closes_forgets_and_ignores_what_is_under_way() -> None:
    breaker = opened()
    probe = permit(breaker, 20.0)
    breaker.reset()
    assert breaker.state(20.0) is BreakerState.CLOSED
    breaker.report(probe, Outcome.FAILED, 21.0, Reason.TIMEOUT)
    assert breaker.state(21.0) is BreakerState.CLOSED
    assert (breaker.openings, breaker.since, breaker.last_reason) == (1, None, None)


def test_settings_without_jitter_open_for_exactly_their_time() -> None:
    breaker = Breaker(replace(SETTINGS, jitter=0.0, open_s=5.0), rolls(0.9))
    for request in range(3):
        fail(breaker, 0.0, request)
    assert breaker.refusal(0.0) == Refusal(BreakerState.OPEN, 5.0, Reason.SERVER_ERROR)
