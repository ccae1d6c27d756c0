"""The table of reasons as an operator wants it, and what follows from that along a walk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.policy import OnContentFiltered, Policy
from sidecar.core.reasons import TABLE, Again, Ladder, Reason, Then
from sidecar.core.tuning import CooldownSettings, Disposition, RetrySettings, Tuning, rows_of

from .build import verdict
from .walk import KIND, Walk, entry, only

FAILOVER = Policy(on_content_filtered=OnContentFiltered.FAILOVER)


def said(reason: Reason, again: Again | None = None, then: Then | None = None) -> Tuning:
    return Tuning(rows=rows_of({reason: Disposition(again, then)}))


def test_without_a_disposition_the_table_holds() -> None:
    assert rows_of({}) == TABLE
    assert rows_of({Reason.TIMEOUT: Disposition()}) == TABLE
    assert Tuning().row(Reason.TIMEOUT, Policy()) is TABLE[Reason.TIMEOUT]


def test_a_disposition_changes_what_it_says_of_its_row_and_nothing_else() -> None:
    before = dict(TABLE)
    rows = rows_of({Reason.OVERLOADED: Disposition(again=Again.NO), Reason.TIMEOUT: Disposition(then=Then.STOP)})
    assert rows[Reason.OVERLOADED] == replace(TABLE[Reason.OVERLOADED], again=Again.NO)
    assert rows[Reason.TIMEOUT] == replace(TABLE[Reason.TIMEOUT], then=Then.STOP)
    rest = set(TABLE) - {Reason.OVERLOADED, Reason.TIMEOUT}
    assert all(rows[reason] is TABLE[reason] for reason in rest)
    assert before == TABLE


def test_overloaded_that_is_not_to_be_asked_again_goes_to_the_next_entry() -> None:
    walk = Walk(entry("p"), entry("q"), tuning=said(Reason.OVERLOADED, again=Again.NO))
    walk.go()
    assert walk.fail(Reason.OVERLOADED) == "q"


def test_overloaded_is_asked_again_by_default() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.OVERLOADED) == "p"


def test_a_timeout_may_be_asked_again_once() -> None:
    walk = Walk(entry("p"), entry("q"), tuning=said(Reason.TIMEOUT, again=Again.ONCE))
    walk.go()
    assert [walk.fail(Reason.TIMEOUT), walk.fail(Reason.TIMEOUT)] == ["p", "q"]


def test_an_invalid_request_may_go_to_the_next_entry_and_then_fails_with_it() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q"), tuning=said(Reason.INVALID_REQUEST, then=Then.ENTRY))
    walk.go()
    assert walk.fail(Reason.INVALID_REQUEST) == "q"
    assert walk.made[-1][1] is KIND.FAILOVER
    assert walk.fail(Reason.INVALID_REQUEST) == Reason.INVALID_REQUEST
    assert walk.stop.message == "2 entries failed: p/m INVALID_REQUEST; q/m INVALID_REQUEST"


def test_an_invalid_request_may_go_to_the_next_profile() -> None:
    walk = Walk(entry("p", "one", "two"), entry("q"), tuning=said(Reason.INVALID_REQUEST, then=Then.PROFILE))
    walk.go()
    assert [walk.fail(Reason.INVALID_REQUEST), walk.fail(Reason.INVALID_REQUEST)] == ["two", "q"]


def test_any_reason_may_stop_the_call() -> None:
    walk = Walk(entry("p"), entry("q"), tuning=said(Reason.SERVER_ERROR, Again.NO, Then.STOP))
    walk.go()
    assert walk.fail(Reason.SERVER_ERROR) == Reason.SERVER_ERROR
    assert walk.stop.retry_after_s is None


def test_a_disposition_changes_nothing_of_what_a_failure_does_to_health() -> None:
    walk = Walk(entry("p"), tuning=said(Reason.RATE_LIMITED, Again.NO, Then.STOP))
    walk.go()
    walk.fail(Reason.RATE_LIMITED)
    assert walk.health.unavailable(only("p"), walk.now) is not None


def test_a_refusal_of_the_safety_system_stops_by_default() -> None:
    walk = Walk(entry("p"), entry("q"))
    walk.go()
    assert walk.fail(Reason.CONTENT_FILTERED) == Reason.CONTENT_FILTERED
    stopping = Policy(on_content_filtered=OnContentFiltered.STOP)
    assert Tuning().row(Reason.CONTENT_FILTERED, stopping).then is Then.STOP


def test_by_policy_it_goes_on_to_the_next_entry_and_touches_nobodys_health() -> None:
    links = entry("p", "one", "two", policy=FAILOVER), entry("q", policy=FAILOVER)
    walk = Walk(*links)
    walk.go()
    assert walk.fail(verdict(Reason.CONTENT_FILTERED, 30.0, 400)) == "q"
    assert walk.fail(Reason.CONTENT_FILTERED) == Reason.CONTENT_FILTERED
    for target in (target for link in links for target in link.targets):
        assert walk.health.unavailable(target, walk.now) is None
        assert walk.health.entry(target).failures == 0


def test_the_policy_for_filtered_content_says_nothing_of_other_reasons() -> None:
    assert Tuning().row(Reason.INVALID_REQUEST, FAILOVER) is TABLE[Reason.INVALID_REQUEST]


def test_how_often_and_how_long_the_walk_tries_is_as_set() -> None:
    retry = RetrySettings(same_target=2, same_target_last=0, backoff_s=4.0, backoff_limit_s=6.0, attempts_per_entry=9)
    walk = Walk(entry("p"), entry("q"), tuning=Tuning(retry))
    walk.go()
    waits = []
    for expected in ("p", "p", "q"):
        assert walk.fail(Reason.UNKNOWN) == expected
        waits.append(walk.waited_s)
    assert waits == [3.0, 4.5, 0.0]
    assert walk.fail(Reason.UNKNOWN) == Reason.UNKNOWN


@pytest.mark.parametrize(
    ("ladder", "lengths"),
    [
        (Ladder.CREDENTIAL, [7.0, 70.0, 70.0]),
        (Ladder.BILLING, [3.0, 6.0, 8.0]),
        (Ladder.RATE, [1.0, 2.0, 2.5]),
    ],
)
def test_ladders_are_as_long_as_set(ladder: Ladder, lengths: list[float]) -> None:
    set_ = CooldownSettings(7.0, 70.0, 2, 3.0, 8.0, 1.0, 2.5)
    assert [set_.length_s(ladder, step) for step in (1, 2, 3)] == lengths


def test_a_ladder_of_any_height_has_a_length() -> None:
    assert CooldownSettings().length_s(Ladder.RATE, 100_000) == 300.0
