"""The table of reasons to the letter: for which reasons waiting may help, and by which steps their cooldowns grow."""

from __future__ import annotations

import pytest

from sidecar.core.policy import OnContentFiltered, Policy
from sidecar.core.reasons import BREAKER_UNKNOWN_STREAK, TABLE, Ladder, Reason, Then
from sidecar.core.tuning import Tuning

MAY_PASS = {
    Reason.RATE_LIMITED,
    Reason.OVERLOADED,
    Reason.SERVER_ERROR,
    Reason.CONNECTION,
    Reason.TIMEOUT,
    Reason.MALFORMED_RESPONSE,
    Reason.EMPTY_RESPONSE,
    Reason.STREAM_BROKEN,
    Reason.DEADLINE,
    Reason.UNKNOWN,
    Reason.ALL_UNAVAILABLE,
    Reason.DRAINING,
    Reason.BUSY,
}
LADDERS = {
    Reason.AUTHENTICATION: Ladder.CREDENTIAL,
    Reason.PERMISSION: Ladder.CREDENTIAL,
    Reason.MODEL_NOT_FOUND: Ladder.CREDENTIAL,
    Reason.BILLING: Ladder.BILLING,
    Reason.RATE_LIMITED: Ladder.RATE,
}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_temporary_exactly_where_waiting_may_help(reason: Reason) -> None:
    assert TABLE[reason].temporary is (reason in MAY_PASS)


@pytest.mark.parametrize("reason", Reason)
def test_what_cools_does_so_by_the_steps_of_its_row(reason: Reason) -> None:
    assert TABLE[reason].ladder is LADDERS.get(reason)


def test_ten_unknown_outcomes_in_a_row_are_one_breaker_failure() -> None:
    assert BREAKER_UNKNOWN_STREAK == 10


@pytest.mark.parametrize("said", OnContentFiltered)
def test_a_safety_stop_goes_on_to_the_next_entry_only_where_the_policy_says_so(said: OnContentFiltered) -> None:
    row = Tuning().row(Reason.CONTENT_FILTERED, Policy(on_content_filtered=said))
    assert row.then is (Then.ENTRY if said is OnContentFiltered.FAILOVER else Then.STOP)
