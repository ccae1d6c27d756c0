"""What health tells of as it happens, and to whom."""

from __future__ import annotations

import logging

import pytest

from sidecar.core.observation import Change, ChangeKind
from sidecar.core.reasons import Reason
from sidecar.engine.changes import Changes
from sidecar.engine.state import HealthState

from ..core.build import verdict
from .known import ONE, SIBLING, TWO, fail, health, ticket

URL = "https://p.test/v1"


def heard(state: HealthState) -> list[Change]:
    told: list[Change] = []
    state.subscribe(told.append)
    return told


def kinds(told: list[Change]) -> list[ChangeKind]:
    return [change.kind for change in told]


def opened(state: HealthState, reason: Reason = Reason.SERVER_ERROR) -> None:
    for request in range(3):
        fail(state, ONE, reason, request=request)


def test_an_opening_is_told_once_with_its_cause_and_its_length() -> None:
    state = health()
    told = heard(state)
    opened(state)
    cause = "3 failures in a row: SERVER_ERROR; open for 20 s"
    assert told == [Change(ChangeKind.OPENED, cause, "p", URL, "m", reason=Reason.SERVER_ERROR)]


def test_an_opening_by_share_says_how_many_of_how_many() -> None:
    state = health()
    pending = [ticket(state, ONE, request=i) for i in range(12)]
    told = heard(state)
    for i, one in enumerate(pending):
        if i % 2:
            state.finished(pending[i - 1], 1.0)
            state.failed(one, verdict(Reason.SERVER_ERROR), "", 1.0)
    assert [change.cause for change in told] == ["6 of 12 attempts in 10 s failed: SERVER_ERROR; open for 20 s"]


def test_a_probe_is_told_when_it_goes_when_it_says_nothing_and_when_it_closes() -> None:
    state = health()
    opened(state)
    told = heard(state)
    state.neutral(ticket(state, ONE, 20.0), 21.0)
    state.finished(ticket(state, ONE, 22.0), 23.0)
    assert [(change.kind, change.cause) for change in told] == [
        (ChangeKind.HALF_OPENED, "a probe is out"),
        (ChangeKind.HALF_OPENED, "the probe said nothing; the next attempt probes"),
        (ChangeKind.HALF_OPENED, "a probe is out"),
        (ChangeKind.CLOSED, "the probe answered"),
    ]
    assert {(change.provider, change.base_url, change.model) for change in told} == {("p", URL, "m")}


def test_a_probe_that_lost_its_lease_tells_nothing_of_the_next() -> None:
    state = health()
    opened(state)
    lost = ticket(state, ONE, 20.0)
    ticket(state, ONE, 91.0)
    told = heard(state)
    state.neutral(lost, 92.0)
    assert told == []


def test_a_probe_that_fails_is_an_opening() -> None:
    state = health()
    opened(state)
    told = heard(state)
    fail(state, TWO, Reason.TIMEOUT, now=20.0)
    assert told[-1].kind is ChangeKind.OPENED
    assert told[-1].cause == "the probe failed: TIMEOUT; open for 20 s"


def test_an_endpoint_that_does_not_answer_is_told_for_every_model_there() -> None:
    state = health()
    told = heard(state)
    opened(state, Reason.CONNECTION)
    assert {(change.model, change.cause) for change in told} == {
        ("m", "the endpoint does not answer: CONNECTION; open for 20 s"),
        ("n", "the endpoint does not answer: CONNECTION; open for 20 s"),
    }


@pytest.mark.parametrize(
    ("reason", "model", "profile", "cause"),
    [
        (Reason.AUTHENTICATION, None, "one", "AUTHENTICATION: cooling for 60 s"),
        (Reason.RATE_LIMITED, "m", "one", "RATE_LIMITED: cooling for 5.0 s"),
        (Reason.MODEL_NOT_FOUND, "m", None, "MODEL_NOT_FOUND: cooling for 60 s"),
    ],
)
def test_a_cooldown_is_told_of_what_it_parks(
    reason: Reason, model: str | None, profile: str | None, cause: str
) -> None:
    state = health()
    told = heard(state)
    fail(state, ONE, reason)
    assert told == [Change(ChangeKind.COOLING, cause, "p", URL, model, profile, reason)]


def test_an_attempt_let_through_after_a_long_cooldown_is_told_and_its_end_too() -> None:
    state = health()
    fail(state, ONE, Reason.AUTHENTICATION)
    told = heard(state)
    trial = ticket(state, ONE, 60.0)
    state.content(trial, 61.0)
    state.finished(trial, 62.0)
    assert [change.cause for change in told] == [
        "its cooldown is over: one attempt goes first",
        "the attempt that went first has ended",
    ]


def test_a_failure_that_makes_no_cooldown_longer_is_not_told() -> None:
    state = health()
    late = ticket(state, ONE)
    fail(state, TWO, Reason.MODEL_NOT_FOUND)
    told = heard(state)
    state.failed(late, verdict(Reason.MODEL_NOT_FOUND), "", 1.0)
    assert told == []


def test_calls_that_go_well_tell_nothing() -> None:
    state = health()
    told = heard(state)
    for _ in range(20):
        good = ticket(state, SIBLING)
        state.content(good, 0.5)
        state.progress(good, 1.0)
        state.finished(good, 1.0)
    state.neutral(ticket(state, ONE), 1.0)
    fail(state, ONE, Reason.INVALID_REQUEST)
    assert told == []


def test_nothing_from_upstream_is_in_what_is_told() -> None:
    state = health()
    told = heard(state)
    for request in range(3):
        state.failed(ticket(state, ONE, request=request), verdict(Reason.SERVER_ERROR), "secret words", 0.0)
    assert "secret" not in str(told)


def test_a_listener_that_raises_breaks_no_call_and_no_other_listener(caplog: pytest.LogCaptureFixture) -> None:
    state = health()

    def broken(change: Change) -> None:
        raise ValueError(change)

    state.subscribe(broken)
    told = heard(state)
    with caplog.at_level(logging.ERROR):
        opened(state)
    assert kinds(told) == [ChangeKind.OPENED]
    assert [record.getMessage() for record in caplog.records] == ["a listener for changes failed"]


def test_who_unsubscribes_hears_nothing_more_and_may_say_it_twice() -> None:
    hub = Changes()
    told: list[Change] = []
    leave_first, leave_second = hub.subscribe(told.append), hub.subscribe(told.append)
    hub.configured("new")
    leave_first()
    leave_first()
    hub.configured("newer")
    leave_second()
    hub.configured("newest")
    assert [change.cause for change in told] == ["new", "new", "newer"]


def test_a_refused_configuration_stays_a_problem_until_one_holds() -> None:
    hub = Changes()
    told: list[Change] = []
    hub.subscribe(told.append)
    assert hub.configuration_problem == ""
    hub.refused("remora.yaml: 2 problems")
    assert hub.configuration_problem == "remora.yaml: 2 problems"
    hub.configured("applied")
    assert hub.configuration_problem == ""
    assert kinds(told) == [ChangeKind.REFUSED, ChangeKind.CONFIGURED]
