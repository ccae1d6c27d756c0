"""Cooldowns to the instant."""

from __future__ import annotations

from sidecar.core.cooldown import Cooldown
from sidecar.core.reasons import Reason

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def test_a_count_that_decays_at_this_very_instant_is_neither_counted_nor_kept_over_a_restart() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.hit(Reason.BILLING, None, DAY_S - 100.0, DAY_S - 100.0)
    before, at = cooldown.lasting(DAY_S - 1.0), cooldown.lasting(DAY_S)
    assert before is not None
    assert at is not None
    assert [count.reason for count in before.counts] == [Reason.AUTHENTICATION, Reason.BILLING]
    assert [count.reason for count in at.counts] == [Reason.BILLING]
    assert cooldown.steps(Reason.AUTHENTICATION, DAY_S) == 0


def test_an_attempt_from_before_a_cooldown_that_reports_after_it_meets_the_same_step_again() -> None:
    cooldown = Cooldown()
    for now in (0.0, 100.0, 200.0):
        cooldown.hit(Reason.AUTHENTICATION, None, now, now)
    assert cooldown.until == 200.0 + HOUR_S
    late = 200.0 + HOUR_S + 1.0
    cooldown.hit(Reason.AUTHENTICATION, None, 150.0, late)
    assert cooldown.until == late + HOUR_S
    assert cooldown.steps(Reason.AUTHENTICATION, late) == 3


def test_the_count_of_a_cooldown_of_a_day_decays_when_it_has_been_over_for_a_day() -> None:
    cooldown, now = Cooldown(), 0.0
    for _ in range(6):
        set_at = now
        cooldown.hit(Reason.BILLING, None, set_at, set_at)
        now = cooldown.until + 1.0
    assert cooldown.until - set_at == DAY_S
    assert cooldown.steps(Reason.BILLING, set_at + 2 * DAY_S - 1.0) == 6
    assert cooldown.steps(Reason.BILLING, set_at + 2 * DAY_S) == 0


def test_the_reason_told_is_that_of_the_longest_wait_and_of_two_that_end_together_the_first() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, 61.0, 0.0, 0.0)
    cooldown.hit(Reason.PERMISSION, None, 1.0, 1.0)
    assert (cooldown.until, cooldown.reason) == (61.0, Reason.RATE_LIMITED)
    cooldown.hit(Reason.BILLING, None, 2.0, 2.0)
    assert (cooldown.until, cooldown.reason) == (2.0 + HOUR_S, Reason.BILLING)
    cooldown.hit(Reason.PERMISSION, None, 3.0, 3.0)
    assert (cooldown.until, cooldown.reason) == (2.0 + HOUR_S, Reason.BILLING)
