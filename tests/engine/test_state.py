"""The owner of breakers and cooldowns: what a failure does to whom, and what is remembered."""

from __future__ import annotations

import pytest

from sidecar.core.reasons import TABLE, Blame, Effect, Reason, Then
from sidecar.core.report import SkipCause
from sidecar.engine.entries import MAX_UNDECLARED
from sidecar.engine.state import Ticket

from ..core.build import target, verdict
from .known import ONE, SIBLING, TWO, fail, health, held, ticket, until

COOLED = {
    Reason.AUTHENTICATION: {"one", "sibling"},
    Reason.BILLING: {"one", "sibling"},
    Reason.PERMISSION: {"one"},
    Reason.RATE_LIMITED: {"one"},
    Reason.MODEL_NOT_FOUND: {"one", "two"},
}


@pytest.mark.parametrize(("reason", "parked"), COOLED.items())
def test_a_failure_parks_what_it_blames_and_nothing_wider(reason: Reason, parked: set[str]) -> None:
    state = health()
    fail(state, ONE, reason)
    assert held(state) == parked
    assert state.unavailable(ONE, 0.0).cause is SkipCause.COOLING  # type: ignore[union-attr]


@pytest.mark.parametrize("reason", [r for r in Reason if TABLE[r].effect is Effect.BREAKER])
def test_three_breaker_failures_open_the_entry_and_a_connections_its_siblings_too(reason: Reason) -> None:
    state = health()
    for request in range(3):
        assert held(state) == set()
        fail(state, ONE, reason, request=request)
    shared = {"sibling"} if reason is Reason.CONNECTION else set()
    assert held(state) == {"one", "two"} | shared
    assert state.entry(ONE).last_reason is reason


@pytest.mark.parametrize("reason", [r for r in Reason if TABLE[r].effect is Effect.NONE])
def test_what_has_no_effect_touches_nobody_however_often(reason: Reason) -> None:
    state = health()
    for request in range(30):
        fail(state, ONE, reason, request=request)
    assert held(state) == set()
    assert state.entry(ONE).failures == 0


def test_connection_failures_of_several_models_open_all_of_their_endpoint_together() -> None:
    state = health()
    for request, asked in enumerate((ONE, SIBLING, target(model="undeclared", profile="one"))):
        assert held(state) == set()
        fail(state, asked, Reason.CONNECTION, request=request)
    assert held(state) == {"one", "two", "sibling"}


def test_an_answer_of_any_model_shows_that_the_endpoint_is_there() -> None:
    state = health()
    fail(state, ONE, Reason.CONNECTION, request=1)
    fail(state, ONE, Reason.CONNECTION, request=2)
    fail(state, SIBLING, verdict(Reason.SERVER_ERROR, status=500), request=3)
    fail(state, SIBLING, Reason.CONNECTION, request=4)
    assert held(state) == set()


def test_a_probe_opens_again_with_its_endpoint_and_siblings_stay_as_they_are() -> None:
    state = health()
    for request in range(3):
        fail(state, ONE, Reason.CONNECTION, request=request)
    fail(state, ONE, Reason.CONNECTION, now=20.0)
    assert until(state, ONE, 20.0) == 40.0
    assert until(state, SIBLING, 20.0) is None


@pytest.mark.parametrize("reason", sorted(Reason))
def test_a_stated_wait_cools_what_the_reason_blames_whatever_the_reason(reason: Reason) -> None:
    state = health()
    fail(state, ONE, verdict(reason, 30.0))
    parked = {
        Blame.PROFILE: {"one", "sibling"},
        Blame.PROFILE_MODEL: {"one"},
        Blame.ENTRY: {"one", "two"},
        Blame.ENDPOINT: {"one", "two"},
        Blame.REQUEST: set(),
        Blame.REQUEST_MODEL: set(),
        Blame.NOBODY: {"one"},
    }[TABLE[reason].blame]
    assert held(state, 29.9) == parked


@pytest.mark.parametrize("reason", [r for r in Reason if TABLE[r].blame is Blame.REQUEST])
def test_one_callers_bad_request_never_holds_up_another_caller(reason: Reason) -> None:
    state = health()
    fail(state, ONE, verdict(reason, 60.0))
    assert held(state) == set()


def test_a_narrow_failure_cools_the_pair_only() -> None:
    state = health()
    state.failed(ticket(state, ONE), verdict(Reason.MODEL_NOT_FOUND), "", 0.0, narrow=True)
    assert held(state) == {"one"}
    assert until(state, ONE) == 60.0


def test_after_a_short_wait_only_the_stated_wait_of_the_pair_holds() -> None:
    state = health()
    fail(state, ONE, verdict(Reason.RATE_LIMITED, 2.0))
    assert not isinstance(state.acquire(ONE, 1, 1.9, short=True), Ticket)
    assert not isinstance(state.acquire(ONE, 1, 2.0), Ticket)
    assert isinstance(state.acquire(ONE, 1, 2.0, short=True), Ticket)


def test_a_short_wait_does_not_get_past_a_cooling_profile() -> None:
    state = health()
    pending = ticket(state, SIBLING)
    fail(state, ONE, verdict(Reason.RATE_LIMITED, 2.0))
    state.failed(pending, verdict(Reason.AUTHENTICATION), "", 1.0)
    assert not isinstance(state.acquire(ONE, 1, 2.0, short=True), Ticket)


def test_the_hindrance_that_lasts_longest_is_told() -> None:
    state = health()
    pending = [ticket(state, ONE, request=i) for i in range(3)]
    fail(state, ONE, verdict(Reason.RATE_LIMITED, 50.0))
    for late in pending:
        state.failed(late, verdict(Reason.SERVER_ERROR), "", 1.0)
    longest = state.unavailable(ONE, 1.0)
    assert longest is not None
    assert (longest.cause, longest.until, longest.message) == (SkipCause.COOLING, 50.0, "cooling for 49 s")
    opened = state.unavailable(TWO, 1.0)
    assert opened is not None
    assert (opened.cause, opened.until, opened.message) == (SkipCause.OPEN, 21.0, "open for 20 s")
    assert state.unavailable(TWO, 16.3).message == "open for 4.7 s"  # type: ignore[union-attr]


def test_of_models_nobody_declared_the_least_recently_used_are_forgotten() -> None:
    state = health()
    first, second = target(model="x0"), target(model="x1")
    fail(state, first, verdict(Reason.OVERLOADED, 500.0))
    fail(state, second, verdict(Reason.OVERLOADED, 500.0))
    assert state.entry(first).attempts == 1
    for i in range(2, MAX_UNDECLARED + 1):
        state.neutral(ticket(state, target(model=f"x{i}")), 0.0)
    assert until(state, first) is not None
    assert until(state, second) is None
    assert len(list(state.entries())) == 4 + MAX_UNDECLARED


def test_cooldowns_of_pairs_are_bounded_too() -> None:
    state = health()
    for i in range(MAX_UNDECLARED + 5):
        fail(state, target(model=f"x{i}", profile="one"), Reason.RATE_LIMITED)
    assert len(state.pair_cooldowns("p:one")) == MAX_UNDECLARED


def test_the_state_of_a_key_can_be_shown() -> None:
    state = health()
    assert state.profile_cooldown("p:one") is None
    fail(state, ONE, Reason.BILLING)
    fail(state, TWO, Reason.RATE_LIMITED)
    shown = state.profile_cooldown("p:one")
    assert shown is not None
    assert shown.reason is Reason.BILLING
    assert [(model, cooldown.reason) for model, cooldown in state.pair_cooldowns("p:two")] == [
        ("m", Reason.RATE_LIMITED)
    ]


def test_the_tables_stop_reasons_are_what_the_tests_above_call_without_effect() -> None:
    assert all(TABLE[r].effect is Effect.NONE for r in Reason if TABLE[r].then is Then.STOP)
