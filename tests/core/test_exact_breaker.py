"""The breaker to the instant: early probes."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import Breaker, BreakerState, Outcome, Permit
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

from .build import middle


def early(breaker: Breaker, now: float, request: int) -> Permit:
    given = breaker.acquire_early(now, request)
    assert isinstance(given, Permit)
    return given


def fail_early(breaker: Breaker, now: float, request: int) -> None:
    breaker.report(early(breaker, now, request), Outcome.FAILED, now, Reason.SERVER_ERROR)


@pytest.mark.parametrize(("requests", "state"), [((1, 2, 3), BreakerState.OPEN), ((1, 1, 1), BreakerState.CLOSED)])
def test_asked_early_a_closed_one_counts_failures_by_request_as_ever(
    requests: tuple[int, ...], state: BreakerState
) -> None:
    breaker = Breaker(BreakerSettings(), middle)
    for request in requests:
        fail_early(breaker, 0.0, request)
    assert breaker.state(0.0) is state


@pytest.mark.parametrize(("failed_at", "openings"), [(19.9, 1), (20.0, 2), (25.0, 2)])
def test_an_early_probe_opens_it_anew_only_if_it_fails_when_the_time_is_over(failed_at: float, openings: int) -> None:
    breaker = Breaker(BreakerSettings(), middle)
    for request in (1, 2, 3):
        fail_early(breaker, 0.0, request)
    assert breaker.openings == 1
    probe = early(breaker, 10.0, 4)
    breaker.report(probe, Outcome.FAILED, failed_at, Reason.SERVER_ERROR)
    assert breaker.openings == openings
