"""The owner of breakers and cooldowns: probes, trials, and the other outcomes of an attempt."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.reasons import Reason
from sidecar.engine.entries import MAX_UNDECLARED, declared_keys

from ..core.build import target, verdict
from .known import KNOWN, ONE, SIBLING, TWO, fail, health, held, ticket, until


def test_a_probe_that_is_out_holds_the_others() -> None:
    state = health()
    for request in range(3):
        fail(state, ONE, Reason.SERVER_ERROR, request=request)
    probe = ticket(state, ONE, 20.0)
    waiting = state.unavailable(TWO, 20.0)
    assert waiting is not None
    assert waiting.message == "half-open, probed by another call, for 70 s"
    state.neutral(probe, 21.0)
    assert state.unavailable(TWO, 21.0) is None


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.AUTHENTICATION, Reason.EMPTY_RESPONSE, Reason.UNKNOWN])
def test_a_probe_that_fails_for_something_else_gives_the_permit_back(reason: Reason) -> None:
    state = health()
    for request in range(3):
        fail(state, ONE, Reason.SERVER_ERROR, request=request)
    fail(state, ONE, reason, now=20.0)
    assert ticket(state, TWO, 20.0).permit.is_probe


def test_a_probe_closes_after_two_seconds_of_content() -> None:
    state = health()
    for request in range(3):
        fail(state, ONE, Reason.SERVER_ERROR, request=request)
    probe = ticket(state, ONE, 20.0)
    state.content(probe, 21.0)
    state.progress(probe, 22.0)
    assert state.entry(ONE).breaker.state(22.0) is BreakerState.HALF_OPEN
    state.progress(probe, 23.0)
    assert state.entry(ONE).breaker.state(23.0) is BreakerState.CLOSED


def test_asking_changes_nothing_not_even_what_is_remembered() -> None:
    state = health()
    before = len(list(state.entries()))
    for i in range(2 * MAX_UNDECLARED):
        assert state.unavailable(target(model=f"x{i}"), 0.0) is None
    assert len(list(state.entries())) == before


def test_ten_unknown_failures_in_a_row_count_as_one_breaker_failure() -> None:
    state = health()
    for request in range(29):
        fail(state, ONE, Reason.UNKNOWN, request=request)
    assert (held(state), state.entry(ONE).failures) == (set(), 2)
    fail(state, ONE, Reason.UNKNOWN, request=30)
    assert held(state) == {"one", "two"}


@pytest.mark.parametrize("between", ["content", "other failure"])
def test_anything_else_between_breaks_the_unknown_row(between: str) -> None:
    state = health()
    for request in range(9):
        fail(state, ONE, Reason.UNKNOWN, request=request)
    if between == "content":
        state.content(ticket(state, ONE), 0.0)
    else:
        fail(state, ONE, Reason.EMPTY_RESPONSE)
    fail(state, ONE, Reason.UNKNOWN)
    assert state.entry(ONE).failures == 0


def test_after_a_minute_of_cooldown_one_attempt_of_the_key_is_admitted_until_its_outcome_is_known() -> None:
    state = health()
    fail(state, ONE, Reason.AUTHENTICATION)
    trial = ticket(state, ONE, 60.0)
    assert until(state, SIBLING, 60.0) == 130.0
    assert until(state, TWO, 60.0) is None
    state.content(trial, 61.0)
    assert until(state, SIBLING, 61.0) is None


@pytest.mark.parametrize("how", ["neutral", "other failure", "split timeout", "finished empty"])
def test_an_outcome_that_says_nothing_of_the_key_admits_the_next(how: str) -> None:
    state = health()
    fail(state, ONE, Reason.MODEL_NOT_FOUND)
    trial = ticket(state, ONE, 60.0)
    assert until(state, TWO, 60.0) is not None
    if how == "neutral":
        state.neutral(trial, 63.0)
    elif how == "other failure":
        state.failed(trial, verdict(Reason.SERVER_ERROR), "", 63.0)
    elif how == "split timeout":
        state.timed_out(trial, 63.0)
    else:
        state.finished(trial, 63.0)
    assert until(state, TWO, 63.0) is None


def test_a_late_outcome_of_an_earlier_attempt_admits_nobody() -> None:
    state = health()
    early = ticket(state, SIBLING)
    fail(state, ONE, Reason.AUTHENTICATION)
    ticket(state, ONE, 60.0)
    state.neutral(early, 61.0)
    assert until(state, ONE, 61.0) is not None


def test_a_limit_cut_by_the_split_blames_a_target_that_was_silent_for_two_seconds() -> None:
    state = health()
    for request in range(3):
        state.timed_out(ticket(state, ONE, request=request), 2.0)
    assert held(state, 2.0) == {"one", "two"}
    assert state.entry(ONE).last_reason is Reason.TIMEOUT


def test_the_same_cut_told_twice_counts_once() -> None:
    state = health()
    cut = ticket(state, ONE)
    state.timed_out(cut, 2.0)
    state.timed_out(cut, 2.0)
    assert state.entry(ONE).failures == 1


@pytest.mark.parametrize(("after_s", "speaks"), [(1.9, False), (5.0, True)])
def test_a_shorter_one_or_a_target_that_speaks_to_others_is_not_blamed(after_s: float, speaks: bool) -> None:
    state = health()
    for request in range(5):
        cut = ticket(state, ONE, request=request)
        if speaks:
            state.content(ticket(state, TWO), 0.5)
        state.timed_out(cut, after_s)
    assert held(state, after_s) == set()


def test_a_stream_that_breaks_turns_its_success_into_a_failure() -> None:
    state = health()
    for request in range(3):
        stream = ticket(state, ONE, request=request)
        state.content(stream, 1.0)
        state.failed(stream, verdict(Reason.STREAM_BROKEN), "cut", 2.0)
    entry = state.entry(ONE)
    assert (entry.attempts, entry.successes, entry.failures, entry.consecutive_failures) == (3, 0, 3, 1)
    assert (held(state, 2.0), entry.last_error) == ({"one", "two"}, "cut")


def test_an_answer_without_content_that_finished_is_a_success() -> None:
    state = health()
    state.finished(ticket(state, ONE), 1.0)
    assert (state.entry(ONE).successes, state.entry(ONE).last_content_at) == (1, 1.0)


def test_a_ticket_counts_once_however_often_it_is_given_back() -> None:
    state = health()
    given = ticket(state, ONE)
    assert state.open_tickets == 1
    state.content(given, 1.0)
    state.progress(given, 2.0)
    state.finished(given, 3.0)
    state.neutral(given, 3.0)
    state.failed(given, verdict(Reason.SERVER_ERROR), "", 3.0)
    state.timed_out(given, 9.0)
    state.finished(given, 9.0)
    assert (state.open_tickets, state.entry(ONE).successes, state.entry(ONE).failures) == (0, 1, 0)


def test_a_success_after_the_cooldown_makes_the_next_hit_the_first_again() -> None:
    state = health()
    fail(state, ONE, Reason.RATE_LIMITED)
    state.content(ticket(state, ONE, 5.0), 5.5)
    fail(state, ONE, Reason.RATE_LIMITED, now=6.0)
    assert until(state, ONE, 6.0) == 11.0
    fail(state, ONE, Reason.RATE_LIMITED, now=11.0)
    assert until(state, ONE, 11.0) == 21.0


def test_a_replaced_key_starts_clean() -> None:
    state = health()
    fail(state, ONE, Reason.AUTHENTICATION)
    assert until(state, target(profile="one", key="new")) is None


def test_declared_models_are_known_from_the_start_at_every_base_url() -> None:
    assert declared_keys(KNOWN) == [
        ("p", "https://p.test/v1", "m"),
        ("p", "https://p.test/v1", "n"),
        ("p", "https://eu.test", "m"),
        ("p", "https://eu.test", "n"),
    ]
