"""The half-open permit before its time, and a cooldown that was too careful."""

from __future__ import annotations

from sidecar.core.breaker import Breaker, BreakerState, Outcome, Permit, Refusal
from sidecar.core.cooldown import Cooldown
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

from .build import middle

LEASE_S = BreakerSettings().lease_s


def opened(settings: BreakerSettings | None = None) -> Breaker:
    """Open from 0 s to 20 s."""
    breaker = Breaker(settings or BreakerSettings(), middle)
    for request in range(3):
        permit = breaker.acquire(0.0, request)
        assert isinstance(permit, Permit)
        breaker.report(permit, Outcome.FAILED, 0.0, Reason.SERVER_ERROR)
    return breaker


def early(breaker: Breaker, now: float) -> Permit:
    given = breaker.acquire_early(now, 9)
    assert isinstance(given, Permit)
    return given


def test_an_open_breaker_gives_one_probe_before_its_time() -> None:
    breaker = opened()
    assert breaker.may_probe_early(5.0)
    permit = early(breaker, 5.0)
    assert (permit.is_probe, permit.is_early) == (True, True)
    assert not breaker.may_probe_early(6.0)
    assert breaker.acquire_early(6.0, 2) == Refusal(BreakerState.OPEN, 20.0, Reason.SERVER_ERROR)
    assert breaker.state(6.0) is BreakerState.OPEN


def test_a_closed_one_gives_an_ordinary_permit() -> None:
    breaker = Breaker(BreakerSettings(), middle)
    assert breaker.may_probe_early(0.0)
    assert not early(breaker, 0.0).is_probe


def test_once_its_time_is_over_it_is_the_ordinary_probe() -> None:
    permit = early(opened(), 20.0)
    assert (permit.is_probe, permit.is_early) == (True, False)


def test_a_probe_out_early_holds_the_half_open_permit_too_until_its_lease_ends() -> None:
    breaker = opened()
    early(breaker, 5.0)
    assert breaker.acquire(20.0, 2) == Refusal(BreakerState.HALF_OPEN, 5.0 + LEASE_S, Reason.SERVER_ERROR)
    assert isinstance(breaker.acquire_early(20.0, 2), Refusal)
    assert isinstance(breaker.acquire(5.0 + LEASE_S, 2), Permit)


def test_a_probe_that_lost_its_lease_while_open_makes_room_for_another() -> None:
    breaker = opened(BreakerSettings(open_s=1000.0, open_max_s=1000.0))
    lost = early(breaker, 5.0)
    assert not breaker.may_probe_early(5.0 + LEASE_S - 0.1)
    assert breaker.may_probe_early(5.0 + LEASE_S)
    early(breaker, 5.0 + LEASE_S)
    breaker.report(lost, Outcome.FINISHED, 80.0)
    assert breaker.state(80.0) is BreakerState.OPEN


def test_a_failure_before_that_time_neither_lengthens_nor_counts_an_opening() -> None:
    breaker = opened()
    breaker.report(early(breaker, 5.0), Outcome.FAILED, 19.9, Reason.TIMEOUT)
    assert (breaker.openings, breaker.since) == (1, 0.0)
    assert breaker.refusal(19.9) == Refusal(BreakerState.OPEN, 20.0, Reason.TIMEOUT)
    assert breaker.may_probe_early(19.9)


def test_a_failure_after_that_time_is_that_of_a_probe() -> None:
    breaker = opened()
    breaker.report(early(breaker, 5.0), Outcome.FAILED, 21.0, Reason.TIMEOUT)
    assert breaker.openings == 2
    assert breaker.refusal(21.0) == Refusal(BreakerState.OPEN, 41.0, Reason.TIMEOUT)


def test_success_closes_at_the_end_or_after_two_seconds_of_content() -> None:
    finished, streaming = opened(), opened()
    finished.report(early(finished, 5.0), Outcome.FINISHED, 6.0)
    assert finished.state(6.0) is BreakerState.CLOSED
    permit = early(streaming, 5.0)
    streaming.report(permit, Outcome.CONTENT, 6.0)
    streaming.report(permit, Outcome.PROGRESS, 7.9)
    assert streaming.state(7.9) is BreakerState.OPEN
    streaming.report(permit, Outcome.PROGRESS, 8.0)
    assert streaming.state(8.0) is BreakerState.CLOSED


def test_a_cancelled_one_leaves_the_opening_and_makes_room() -> None:
    breaker = opened()
    breaker.report(early(breaker, 5.0), Outcome.NEUTRAL, 6.0)
    assert breaker.state(6.0) is BreakerState.OPEN
    assert breaker.may_probe_early(6.0)


def test_a_lifted_cooldown_is_over_and_keeps_its_counts() -> None:
    cooldown = Cooldown()
    for now in (0.0, 100.0, 200.0):
        cooldown.hit(Reason.RATE_LIMITED, None, now, now)
    cooldown.lift(205.0)
    assert cooldown.until_callable(205.0) is None
    assert cooldown.steps(Reason.RATE_LIMITED, 205.0) == 3
    cooldown.hit(Reason.RATE_LIMITED, None, 206.0, 206.0)
    assert cooldown.until == 246.0


def test_a_lift_shortens_to_a_stated_wait_and_never_lengthens() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, 2.0, 0.0, 0.0)
    cooldown.lift(1.0)
    assert cooldown.until_callable(1.0) == 2.0
    cooldown.lift(50.0)
    assert cooldown.until == 2.0


def test_after_a_lift_no_single_attempt_is_admitted_first() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.MODEL_NOT_FOUND, None, 0.0, 0.0)
    cooldown.lift(1.0)
    assert not cooldown.admit(2.0)
    assert cooldown.until_callable(2.0) is None
