"""What comes of a target that was asked before its time."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.reasons import Reason
from sidecar.engine.state import HealthState, Ticket

from .build import verdict
from .early import NOW, early, opened, rested
from .walk import Walk, cool, entry, only


def test_a_probe_that_is_out_refuses_another_until_its_lease_ends() -> None:
    health = opened("p")
    state = health.entry(only("p"))
    health.failed(_ticket(health, NOW + 20.0), verdict(Reason.TIMEOUT), "", NOW + 20.0)
    for _ in range(4):
        refusal = state.breaker.refusal(NOW + 20.0)
        assert refusal is not None
        health.failed(_ticket(health, refusal.until), verdict(Reason.TIMEOUT), "", refusal.until)
    refusal = state.breaker.refusal(NOW)
    assert refusal is not None
    opened_at = refusal.until - 120.0
    assert Walk(entry("p"), health=health, now=opened_at + 5.0).go() == "p"
    assert Walk(entry("p"), health=health, now=opened_at + 20.0).go() == Reason.ALL_UNAVAILABLE
    assert Walk(entry("p"), health=health, now=opened_at + 76.0).go() == "p"


def _ticket(health: HealthState, now: float) -> Ticket:
    ticket = health.acquire(only("p"), 5, now)
    assert isinstance(ticket, Ticket)
    return ticket


def test_a_failed_early_probe_leaves_the_opening_as_it_was() -> None:
    walk = Walk(entry("p"), health=opened("p"))
    walk.go()
    state = walk.health.entry(only("p"))
    assert walk.fail(Reason.TIMEOUT) == Reason.TIMEOUT
    assert walk.stop.retry_after_s == pytest.approx(19.75)
    assert (state.breaker.openings, state.breaker.last_reason) == (1, Reason.TIMEOUT)
    walk = Walk(entry("p"), health=walk.health, now=NOW + 20.0)
    assert (walk.go(), early(walk)) == ("p", False)


def test_a_failed_early_attempt_climbs_no_ladder_and_its_stated_wait_is_kept() -> None:
    walk = Walk(entry("p"), health=rested())
    walk.go()
    assert walk.fail(Reason.RATE_LIMITED) == Reason.RATE_LIMITED
    pair = walk.health.pair_cooldown(only("p").key_id, "m")
    assert pair is not None
    assert (pair.until, pair.steps(Reason.RATE_LIMITED, walk.now)) == (NOW + 40.0, 4)
    walk = Walk(entry("p"), health=walk.health, now=NOW + 5.0)
    walk.go()
    walk.fail(Reason.RATE_LIMITED, 90.0, after_s=0.0)
    assert (pair.until, pair.steps(Reason.RATE_LIMITED, walk.now)) == (NOW + 95.0, 4)


def test_a_good_early_probe_closes_the_breaker() -> None:
    walk = Walk(entry("p"), health=opened("p"))
    walk.go()
    assert walk._ticket is not None
    walk.health.content(walk._ticket, NOW + 1.0)
    state = walk.health.entry(only("p"))
    assert state.breaker.state(NOW + 1.0) is BreakerState.OPEN
    walk.health.finished(walk._ticket, NOW + 1.5)
    assert state.breaker.state(NOW + 1.5) is BreakerState.CLOSED
    assert walk.health.unavailable(only("p"), NOW + 1.5) is None


def test_a_good_early_attempt_lifts_our_own_cooldown_and_keeps_the_counts() -> None:
    walk = Walk(entry("p"), health=rested())
    walk.go()
    assert walk._ticket is not None
    walk.health.content(walk._ticket, NOW + 1.0)
    walk.health.finished(walk._ticket, NOW + 2.0)
    assert walk.health.unavailable(only("p"), NOW + 1.0) is None
    pair = walk.health.pair_cooldown(only("p").key_id, "m")
    assert pair is not None
    assert pair.steps(Reason.RATE_LIMITED, NOW + 2.0) == 4
    cool(walk.health, only("p"), verdict(Reason.RATE_LIMITED), NOW + 3.0)
    assert pair.until == NOW + 3.0 + 80.0


def test_a_stated_wait_told_while_the_early_attempt_ran_holds_after_its_content() -> None:
    walk = Walk(entry("p"), health=rested())
    walk.go()
    pair = walk.health.pair_cooldown(only("p").key_id, "m")
    assert pair is not None
    pair.hit(Reason.RATE_LIMITED, 9.0, NOW - 1.0, NOW + 1.0)
    assert walk._ticket is not None
    walk.health.content(walk._ticket, NOW + 2.0)
    assert walk.health.unavailable(only("p"), NOW + 9.9) is not None


def test_a_credential_refused_while_the_early_attempt_ran_stays_so_after_its_content() -> None:
    walk = Walk(entry("p"), health=rested())
    walk.go()
    profile = walk.health.cooldowns.new_profile(only("p").key_id)
    profile.hit(Reason.AUTHENTICATION, None, NOW, NOW + 1.0)
    assert walk._ticket is not None
    walk.health.content(walk._ticket, NOW + 2.0)
    assert profile.until == NOW + 61.0


def test_content_at_the_very_instant_of_an_early_attempt_keeps_the_counts_too() -> None:
    walk = Walk(entry("p"), health=rested())
    walk.go()
    assert walk._ticket is not None
    walk.health.content(walk._ticket, NOW)
    pair = walk.health.pair_cooldown(only("p").key_id, "m")
    assert pair is not None
    assert (pair.until, pair.steps(Reason.RATE_LIMITED, NOW)) == (NOW, 4)


def test_a_key_refused_at_an_early_probe_that_only_the_breaker_held_climbs_its_first_step() -> None:
    walk = Walk(entry("p"), health=opened("p"))
    walk.go()
    assert early(walk)
    walk.fail(Reason.AUTHENTICATION, status=401)
    profile = walk.health.profile_cooldown(only("p").key_id)
    assert profile is not None
    assert (profile.steps(Reason.AUTHENTICATION, walk.now), profile.until) == (1, walk.now + 60.0)
    later = walk.now + 60.0
    cool(walk.health, only("p"), verdict(Reason.AUTHENTICATION), later)
    assert profile.steps(Reason.AUTHENTICATION, later) == 2


def test_a_cancelled_early_probe_gives_its_permit_back() -> None:
    walk = Walk(entry("p"), health=opened("p"))
    walk.go()
    assert walk._ticket is not None
    walk.health.neutral(walk._ticket, NOW + 1.0)
    later = Walk(entry("p"), health=walk.health, now=NOW + 2.0)
    assert (later.go(), early(later)) == ("p", True)
