"""Outages and random failures under traffic, in virtual time: what the breaker opens for, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.budget import Budget
from sidecar.core.catalog import Target
from sidecar.core.reasons import Reason

from .build import chain, link, target, verdict
from .traffic import Answer, Traffic, Upstream, evenly, poisson

PRIMARY, FALLBACK = target("p"), target("q")
CHAIN = chain(link(PRIMARY), link(FALLBACK))
RATES = (1, 2, 5, 10, 30, 100)
BROKEN = verdict(Reason.SERVER_ERROR, status=500)
SILENT = verdict(Reason.TIMEOUT)


def failing_in_ten(asked: Target, now: float, random: Random) -> Answer:
    """20 s streams; one in ten attempts at the primary fails after 0.3 s."""
    if asked.entry.provider == "p" and random.random() < 0.1:
        return Answer(0.3, BROKEN)
    return Answer(0.5, None, 20.0)


def arrivals(rate: float, kind: str, until: float, seed: int) -> list[float]:
    return list(evenly(rate, until) if kind == "even" else poisson(rate, until, Random(seed)))


@pytest.mark.parametrize("kind", ["even", "poisson"])
@pytest.mark.parametrize("rate", RATES)
def test_random_failures_leave_at_least_95_percent_at_the_primary(rate: float, kind: str) -> None:
    for seed in (1, 2):
        traffic = Traffic(failing_in_ten, seed)
        for when in arrivals(rate, kind, 2500 / rate, seed):
            traffic.arrive(when, CHAIN)
        traffic.run()
        reached = sum(call.answered_by == PRIMARY for call in traffic.calls)
        assert reached >= 0.95 * len(traffic.calls)


def test_random_connection_failures_of_one_model_do_not_park_its_siblings() -> None:
    busy, quiet = target("p"), target("p", "sibling")

    def upstream(asked: Target, now: float, random: Random) -> Answer:
        if asked.entry.provider == "p" and random.random() < 0.1:
            return Answer(0.05, verdict(Reason.CONNECTION))
        return Answer(0.5, None, 20.0)

    traffic = Traffic(upstream, 3)
    for when in evenly(50, 120):
        traffic.arrive(when, chain(link(busy), link(FALLBACK)))
    for when in evenly(0.5, 120):
        traffic.arrive(when, chain(link(quiet), link(FALLBACK)))
    traffic.run()
    asked = [call for call in traffic.calls if call.sent[0].start.target == quiet]
    assert len(asked) >= 0.95 * 60


@dataclass
class Opened:
    """How long after the outage began, after how many attempts at the primary, of how many requests."""

    after_s: float
    attempts: int
    requests: int


def outage(
    rate: float, kind: str, seed: int, upstream: Upstream, budget: Budget | None = None, healthy_s: float = 30.0
) -> Opened:
    """Healthy traffic, then every attempt at the primary as `upstream` says, until its breaker opens."""

    def both(asked: Target, now: float, random: Random) -> Answer:
        is_down = asked == PRIMARY and now >= healthy_s
        return upstream(asked, now, random) if is_down else Answer(0.5, None, 20.0)

    traffic = Traffic(both, seed, budget)
    for when in arrivals(rate, kind, healthy_s + 60.0 + 10.0 / rate, seed):
        traffic.arrive(when, CHAIN)
    breaker = traffic.health.entry(PRIMARY).breaker
    traffic.run(lambda: breaker.openings > 0)
    assert breaker.state(traffic.now) is BreakerState.OPEN
    made = [(c.number, s) for c in traffic.calls for s in c.sent if s.at >= healthy_s and s.start.target == PRIMARY]
    return Opened(traffic.now - healthy_s, len(made), len({number for number, _ in made}))


@pytest.mark.parametrize("retries", [None, 0.0])
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("rate", [1, 1.1, 1.5, 2, 3, 5, 10, 30, 100])
def test_a_hard_outage_opens_within_6_s_and_110_attempts(rate: float, after_s: float, retries: float | None) -> None:
    budget = None if retries is None else Budget(retries, 0.0, 0.0)
    opened = outage(rate, "even", 1, lambda *_: Answer(after_s, BROKEN), budget)
    assert opened.after_s <= 6.0
    assert opened.attempts <= 110


@pytest.mark.parametrize("rate", RATES)
def test_with_random_arrivals_it_opens_within_10_s_or_110_attempts(rate: float) -> None:
    for seed in range(5):
        opened = outage(rate, "poisson", seed, lambda *_: Answer(0.3, BROKEN))
        assert opened.after_s <= 10.0 or opened.attempts <= 110


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("after_s", [0.05, 0.3, 0.9])
def test_under_one_call_a_second_it_opens_within_three_requests(rate: float, after_s: float) -> None:
    for healthy_s in (30.0, 33.7):
        opened = outage(rate, "even", 1, lambda *_: Answer(after_s, BROKEN), Budget(0.0, 0.0, 0.0), healthy_s)
        assert opened.requests <= 3


@pytest.mark.parametrize("after_s", [5.0, 10.0])
@pytest.mark.parametrize("kind", ["even", "poisson"])
@pytest.mark.parametrize("rate", RATES)
def test_it_opens_within_25_s_when_failures_take_long_to_show(rate: float, kind: str, after_s: float) -> None:
    assert outage(rate, kind, 1, lambda *_: Answer(after_s, SILENT)).after_s <= 25.0


@pytest.mark.parametrize("rate", [1, 10, 100])
def test_a_silent_target_opens_also_where_its_own_limit_is_a_minute(rate: float) -> None:
    assert outage(rate, "even", 1, lambda *_: Answer(60.0, SILENT)).after_s <= 75.0


def test_the_primary_is_preferred_again_as_soon_as_a_probe_closed_its_breaker() -> None:
    def upstream(asked: Target, now: float, random: Random) -> Answer:
        return Answer(0.1, BROKEN) if asked == PRIMARY and now < 30.0 else Answer(0.1, None, 3.0)

    traffic = Traffic(upstream, 1)
    for when in evenly(5, 90):
        traffic.arrive(when, CHAIN)
    traffic.run()
    late = [call.answered_by for call in traffic.calls if call.arrived_at > 60.0]
    assert set(late) == {PRIMARY}
    probes = [call for call in traffic.calls for s in call.sent if 5 < s.at < 30 and s.start.target == PRIMARY]
    assert len(probes) <= 2
    assert all(call.answered_by is not None for call in traffic.calls)


BURSTS = {
    Reason.AUTHENTICATION: 60.0,
    Reason.PERMISSION: 60.0,
    Reason.BILLING: 3600.0,
    Reason.RATE_LIMITED: 5.0,
    Reason.MODEL_NOT_FOUND: 60.0,
}


@pytest.mark.parametrize(("reason", "length_s"), BURSTS.items())
def test_a_burst_of_a_hundred_equal_failures_costs_one_step(reason: Reason, length_s: float) -> None:
    def upstream(asked: Target, now: float, random: Random) -> Answer:
        is_first = asked == PRIMARY and now < 1.0
        return Answer(random.uniform(0.2, 0.6), verdict(reason)) if is_first else Answer(0.1)

    traffic = Traffic(upstream, 7)
    for i in range(100):
        traffic.arrive(i / 1000, CHAIN)
    traffic.run()
    assert all(call.answered_by == FALLBACK for call in traffic.calls)
    held = traffic.health.unavailable(PRIMARY, 0.7)
    assert held is not None
    assert 0.2 + length_s <= held.until <= 0.6 + length_s
