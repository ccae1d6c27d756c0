"""Deadlines and how much of one an attempt may take."""

from __future__ import annotations

import pytest

from sidecar.core.deadline import Allowance, Deadline, DeadlineSettings, LimitedBy


@pytest.mark.parametrize(
    ("caller_s", "ends_at"), [(100.0, 199.75), (5.0, 104.75), (2.0, 101.9), (0.0, 100.0), (-3.0, 100.0)]
)
def test_the_call_ends_a_little_before_the_callers_deadline(caller_s: float, ends_at: float) -> None:
    deadline = Deadline.starting(100.0, caller_s)
    assert (deadline.first_content_by, deadline.ends_at, deadline.is_callers) == (
        pytest.approx(ends_at),
        pytest.approx(ends_at),
        True,
    )


def test_without_a_deadline_there_are_five_minutes_to_the_first_content_and_thirty_in_all() -> None:
    deadline = Deadline.starting(100.0, None)
    assert (deadline.first_content_by, deadline.ends_at, deadline.is_callers) == (400.0, 1900.0, False)


def test_no_attempt_starts_with_less_than_half_a_second_left() -> None:
    deadline = Deadline(10.0, 10.0, True)
    assert deadline.admits_attempt(9.5)
    assert not deadline.admits_attempt(9.501)
    assert deadline.admits_attempt(7.0, wait_s=2.5)
    assert not deadline.admits_attempt(7.0, wait_s=2.6)
    assert deadline.remaining_s(11.0) == 0.0


@pytest.mark.parametrize(
    ("remaining", "configured", "caller", "others", "expected"),
    [
        (60.0, 10.0, None, 0, Allowance(10.0, LimitedBy.CONFIGURED)),
        (60.0, 10.0, 10.0, 0, Allowance(10.0, LimitedBy.CONFIGURED)),
        (60.0, 10.0, 4.0, 2, Allowance(4.0, LimitedBy.CALLER)),
        (12.0, 10.0, None, 0, Allowance(10.0, LimitedBy.CONFIGURED)),
        (10.0, 10.0, None, 0, Allowance(10.0, LimitedBy.CONFIGURED)),
        (20.0, 10.0, None, 1, Allowance(10.0, LimitedBy.CONFIGURED)),
        (8.0, 10.0, None, 0, Allowance(8.0, LimitedBy.CALLER)),
        (12.0, 10.0, None, 1, Allowance(6.0, LimitedBy.SPLIT)),
        (12.0, 10.0, None, 2, Allowance(4.0, LimitedBy.SPLIT)),
        (12.0, 10.0, None, 5, Allowance(4.0, LimitedBy.SPLIT)),
        (12.0, 10.0, 5.0, 2, Allowance(4.0, LimitedBy.SPLIT)),
    ],
)
def test_the_smallest_of_configured_callers_and_share_of_the_deadline_limits_the_first_content(
    remaining: float, configured: float, caller: float | None, others: int, expected: Allowance
) -> None:
    deadline = Deadline(remaining, remaining, True)
    assert deadline.allowance(0.0, configured, caller, others) == expected


@pytest.mark.parametrize("caller_s", [None, 10.0])
def test_a_calls_own_numbers_hold_until_its_end(caller_s: float | None) -> None:
    numbers = DeadlineSettings(
        margin_s=2.0,
        margin_ratio=0.5,
        no_deadline_first_content_s=8.0,
        no_deadline_total_s=9.0,
        min_attempt_s=4.0,
        split_entries=1,
    )
    deadline = Deadline.starting(0.0, caller_s, numbers)
    assert deadline.first_content_by == 8.0
    assert deadline.admits_attempt(4.0)
    assert not deadline.admits_attempt(4.1)
    assert deadline.allowance(0.0, 10.0, None, 5) == Allowance(4.0, LimitedBy.SPLIT)


def test_once_content_came_only_the_end_counts() -> None:
    deadline = Deadline.starting(0.0, None).after_content()
    assert deadline.remaining_s(300.0) == 1500.0
    assert deadline.admits_attempt(1799.5)
    assert not deadline.admits_attempt(1799.6)
    assert Deadline.starting(0.0, 10.0).after_content() == Deadline.starting(0.0, 10.0)
