"""An operator has health forgotten: what goes, what stays, and what is still under way."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.observation import Change, ChangeKind
from sidecar.core.reasons import Reason
from sidecar.engine.state import HealthState

from ..core.build import target, verdict
from .known import EU, ONE, SIBLING, TWO, fail, health, held, ticket, until

KEYS = [ONE.key_id, TWO.key_id, EU.key_id]


def broken(state: HealthState) -> None:
    """Everything that can hold a call is in the way."""
    for request in range(3):
        fail(state, ONE, Reason.CONNECTION, request=request)
    late = [ticket(state, EU, request=i) for i in range(3)]
    for one in late:
        state.failed(one, verdict(Reason.SERVER_ERROR), "", 0.0)


def test_a_reset_entry_is_callable_again_at_every_base_url_and_others_stay_as_they_are() -> None:
    state = health()
    broken(state)
    assert held(state) == {"one", "two", "sibling", "other endpoint"}
    assert state.reset_entry("p", "m", KEYS)
    assert held(state) == {"sibling"}


def test_a_reset_entry_forgets_what_its_keys_may_not_do_with_it() -> None:
    state = health()
    fail(state, ONE, Reason.RATE_LIMITED)
    fail(state, TWO, Reason.MODEL_NOT_FOUND)
    fail(state, SIBLING, Reason.RATE_LIMITED)
    state.reset_entry("p", "m", KEYS)
    assert held(state) == {"sibling"}


def test_a_reset_entry_keeps_its_totals_and_starts_its_streaks_anew() -> None:
    state = health()
    broken(state)
    state.reset_entry("p", "m", KEYS)
    entry = state.entry(ONE)
    assert (entry.attempts, entry.failures, entry.breaker.openings) == (3, 3, 1)
    assert (entry.consecutive_failures, entry.last_reason, entry.last_error) == (0, None, "")
    for request in range(2):
        fail(state, ONE, Reason.CONNECTION, request=request)
    assert held(state) == {"sibling"}
    fail(state, ONE, Reason.CONNECTION, request=9)
    assert "one" in held(state)


def test_an_entry_nobody_knows_is_not_reset() -> None:
    assert not health().reset_entry("p", "unknown", [])
    assert not health().reset_entry("q", "m", [])


def test_a_reset_profile_is_callable_with_every_model_and_other_profiles_stay_as_they_are() -> None:
    state = health()
    fail(state, ONE, Reason.RATE_LIMITED)
    fail(state, SIBLING, Reason.AUTHENTICATION)
    fail(state, TWO, Reason.BILLING)
    state.reset_profile("p", "one", ONE.key_id)
    assert held(state) == {"two"}
    fail(state, ONE, Reason.RATE_LIMITED, now=1.0)
    assert until(state, ONE, 1.0) == 6.0


def test_a_reset_of_everything_leaves_nothing_in_the_way() -> None:
    state = health()
    broken(state)
    fail(state, target("q"), Reason.AUTHENTICATION)
    fail(state, target(model="undeclared"), Reason.RATE_LIMITED)
    state.reset_all()
    assert held(state) == set()
    assert state.unavailable(target(model="undeclared"), 0.0) is None


@pytest.mark.parametrize("how", ["entry", "all"])
def test_attempts_under_way_during_a_reset_end_without_harm(how: str) -> None:
    state = health()
    pending = [ticket(state, ONE, request=i) for i in range(6)]
    if how == "entry":
        state.reset_entry("p", "m", KEYS)
    else:
        state.reset_all()
    state.failed(pending[0], verdict(Reason.CONNECTION), "old", 1.0)
    state.failed(pending[1], verdict(Reason.SERVER_ERROR, 300.0), "old", 1.0)
    state.failed(pending[2], verdict(Reason.MODEL_NOT_FOUND), "old", 1.0)
    state.timed_out(pending[3], 3.0)
    state.finished(pending[4], 3.0)
    state.neutral(pending[5], 3.0)
    entry = state.entry(ONE)
    assert (held(state), state.open_tickets) == (set(), 0)
    assert (entry.last_reason, entry.last_error, entry.consecutive_failures) == (None, "", 0)
    assert (entry.attempts, entry.successes, entry.failures) == (6, 1, 3)
    fail(state, ONE, Reason.CONNECTION, now=4.0)
    fail(state, ONE, Reason.CONNECTION, now=4.0, request=2)
    assert held(state, 4.0) == set()


def test_unknown_failures_from_before_a_reset_are_no_part_of_a_row() -> None:
    state = health()
    pending = [ticket(state, ONE, request=i) for i in range(9)]
    for request in range(2):
        fail(state, ONE, Reason.UNKNOWN, request=request)
    state.reset_all()
    fail(state, ONE, Reason.UNKNOWN, now=1.0)
    for late in pending[:5]:
        state.failed(late, verdict(Reason.UNKNOWN), "", 1.0)
    for late in pending[5:]:
        state.failed(late, verdict(Reason.EMPTY_RESPONSE), "", 1.0)
    assert (state.entry(ONE).unknown_streak, state.entry(ONE).failures) == (1, 0)


def test_a_stream_that_breaks_after_a_reset_is_no_longer_a_success() -> None:
    state = health()
    stream = ticket(state, ONE)
    state.content(stream, 1.0)
    state.reset_all()
    state.failed(stream, verdict(Reason.STREAM_BROKEN), "old", 2.0)
    assert (state.entry(ONE).successes, state.entry(ONE).failures) == (0, 1)


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.RATE_LIMITED])
def test_a_key_refused_by_an_attempt_from_before_its_reset_is_not_parked(reason: Reason) -> None:
    state = health()
    pending = ticket(state, ONE)
    state.reset_profile("p", "one", ONE.key_id)
    state.failed(pending, verdict(reason), "", 1.0)
    assert held(state, 1.0) == set()
    fail(state, ONE, reason, now=2.0)
    assert "one" in held(state, 2.0)


def test_a_reset_entry_does_not_hide_that_a_key_is_refused() -> None:
    state = health()
    pending = ticket(state, ONE)
    state.reset_entry("p", "m", KEYS)
    state.failed(pending, verdict(Reason.AUTHENTICATION), "", 1.0)
    assert held(state, 1.0) == {"one", "sibling"}


@pytest.mark.parametrize("outcome", ["finished", "failed", "neutral"])
def test_a_probe_under_way_during_a_reset_neither_opens_nor_closes_anything(outcome: str) -> None:
    state = health()
    for request in range(3):
        fail(state, ONE, Reason.SERVER_ERROR, request=request)
    probe = ticket(state, ONE, 20.0)
    state.reset_entry("p", "m", KEYS)
    told: list[Change] = []
    state.subscribe(told.append)
    if outcome == "failed":
        state.failed(probe, verdict(Reason.SERVER_ERROR), "", 21.0)
    else:
        getattr(state, outcome)(probe, 21.0)
    assert (state.entry(ONE).breaker.state(21.0), state.open_tickets, told) == (BreakerState.CLOSED, 0, [])


def test_a_trial_under_way_during_a_reset_holds_no_door() -> None:
    state = health()
    fail(state, ONE, Reason.AUTHENTICATION)
    trial = ticket(state, ONE, 60.0)
    state.reset_profile("p", "one", ONE.key_id)
    assert until(state, SIBLING, 60.0) is None
    state.content(trial, 61.0)
    state.finished(trial, 61.0)
    assert held(state, 61.0) == set()


def test_each_reset_is_told_with_what_it_was_of() -> None:
    state = health()
    told: list[Change] = []
    state.subscribe(told.append)
    state.reset_entry("p", "m", KEYS)
    state.reset_profile("p", "one", ONE.key_id)
    state.reset_all()
    assert {change.kind for change in told} == {ChangeKind.RESET}
    named = [(change.provider, change.base_url, change.model, change.profile) for change in told]
    assert named == [
        ("p", "https://p.test/v1", "m", None),
        ("p", "https://eu.test", "m", None),
        ("p", None, None, "one"),
        (None, None, None, None),
    ]
