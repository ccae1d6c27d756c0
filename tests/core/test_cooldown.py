"""Cooldowns: not-before instants, their ladders, and the one attempt after a long one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.cooldown import TRIAL_LEASE_S, Cooldown
from sidecar.core.reasons import Reason

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def lasts(cooldown: Cooldown, now: float) -> float:
    until = cooldown.until_callable(now)
    return 0.0 if until is None else until - now


def climbed(reason: Reason, steps: int) -> tuple[list[float], Cooldown]:
    """The lengths of cooldowns one after the other, each hit by an attempt started after the one before."""
    cooldown, now, lengths = Cooldown(), 0.0, []
    for _ in range(steps):
        cooldown.hit(reason, None, now, now)
        lengths.append(lasts(cooldown, now))
        now += lengths[-1]
    return lengths, cooldown


def test_a_new_one_is_callable() -> None:
    assert Cooldown().until_callable(0.0) is None


@pytest.mark.parametrize(
    ("reason", "lengths"),
    [
        (Reason.AUTHENTICATION, [60, 60, 3600, 3600]),
        (Reason.PERMISSION, [60, 60, 3600, 3600]),
        (Reason.MODEL_NOT_FOUND, [60, 60, 3600, 3600]),
        (Reason.BILLING, [h * HOUR_S for h in (1, 2, 4, 8, 16, 24, 24, 24)]),
        (Reason.RATE_LIMITED, [5, 10, 20, 40, 80, 160, 300, 300]),
    ],
)
def test_each_reason_climbs_its_ladder(reason: Reason, lengths: list[float]) -> None:
    assert climbed(reason, len(lengths))[0] == pytest.approx(lengths)


def test_a_stated_wait_lengthens_the_ladder_and_never_shortens_it() -> None:
    longer, shorter = Cooldown(), Cooldown()
    longer.hit(Reason.RATE_LIMITED, 30.0, 0.0, 0.0)
    shorter.hit(Reason.RATE_LIMITED, 1.0, 0.0, 0.0)
    assert (longer.until, longer.stated_until) == (30.0, 30.0)
    assert (shorter.until, shorter.stated_until) == (5.0, 1.0)


def test_a_reason_without_a_ladder_cools_by_its_stated_wait_alone() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.OVERLOADED, 7.0, 0.0, 1.0)
    assert (cooldown.until, cooldown.reason) == (8.0, Reason.OVERLOADED)
    cooldown.hit(Reason.OVERLOADED, None, 0.0, 1.0)
    assert cooldown.until == 8.0


def test_a_burst_costs_one_step_whatever_order_it_reports_in() -> None:
    cooldown = Cooldown()
    for i in range(100):
        cooldown.hit(Reason.BILLING, None, i / 1000, 1.0 + i / 1000)
    assert cooldown.steps(Reason.BILLING, 2.0) == 1
    assert cooldown.until == 1.0 + HOUR_S


def test_an_attempt_from_before_the_cooldown_may_still_lengthen_the_instant() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, None, 0.0, 1.0)
    cooldown.hit(Reason.RATE_LIMITED, 20.0, 0.5, 2.0)
    assert (cooldown.until, cooldown.steps(Reason.RATE_LIMITED, 2.0)) == (22.0, 1)


def test_an_attempt_from_before_that_fails_after_the_cooldown_holds_the_same_step_again() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, None, 0.0, 1.0)
    cooldown.hit(Reason.RATE_LIMITED, 1.0, 0.5, 8.0)
    assert (cooldown.until, cooldown.steps(Reason.RATE_LIMITED, 8.0)) == (13.0, 1)


def test_a_later_shorter_cooldown_never_overwrites_a_longer_one() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.BILLING, None, 0.0, 0.0)
    cooldown.hit(Reason.RATE_LIMITED, 5.0, 1.0, 2.0)
    assert (cooldown.until, cooldown.reason) == (HOUR_S, Reason.BILLING)


def test_reasons_are_counted_apart() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.hit(Reason.AUTHENTICATION, None, 60.0, 60.0)
    cooldown.hit(Reason.BILLING, None, 120.0, 120.0)
    assert (cooldown.steps(Reason.AUTHENTICATION, 120.0), cooldown.steps(Reason.BILLING, 120.0)) == (2, 1)
    assert lasts(cooldown, 120.0) == HOUR_S


def test_a_success_of_an_attempt_started_after_the_end_clears_the_counts() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, None, 0.0, 0.0)
    cooldown.success(4.0)
    assert cooldown.steps(Reason.RATE_LIMITED, 6.0) == 1
    cooldown.success(5.0)
    assert (cooldown.steps(Reason.RATE_LIMITED, 6.0), cooldown.reason) == (0, None)


def test_the_end_of_a_cooldown_alone_clears_nothing() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, None, 0.0, 0.0)
    cooldown.hit(Reason.RATE_LIMITED, None, 1000.0, 1000.0)
    assert cooldown.until == 1010.0


def test_counts_decay_after_a_day() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    assert cooldown.steps(Reason.AUTHENTICATION, DAY_S - 1) == 1
    assert cooldown.steps(Reason.AUTHENTICATION, DAY_S) == 0


def test_a_cooldown_of_a_day_does_not_decay_while_it_holds() -> None:
    _, cooldown = climbed(Reason.BILLING, 6)
    until = cooldown.until
    assert cooldown.steps(Reason.BILLING, until) == 6
    cooldown.hit(Reason.BILLING, None, until, until)
    assert cooldown.until == until + 24 * HOUR_S


def test_after_a_cooldown_of_a_minute_one_attempt_is_admitted_until_its_outcome_is_known() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.admit(60.0)
    assert cooldown.until_callable(60.0) == 60.0 + TRIAL_LEASE_S
    cooldown.success(60.0)
    assert cooldown.until_callable(61.0) is None
    cooldown.admit(61.0)
    assert cooldown.until_callable(61.0) is None


def test_after_a_shorter_cooldown_all_are_admitted() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, 59.0, 0.0, 0.0)
    cooldown.admit(59.0)
    assert cooldown.until_callable(59.0) is None


def test_a_stated_wait_of_a_minute_is_followed_by_one_attempt_too() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, 60.0, 0.0, 0.0)
    cooldown.admit(60.0)
    assert cooldown.until_callable(60.0) is not None


def test_an_attempt_that_tells_nothing_opens_the_door_for_another_single_one() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.admit(60.0)
    cooldown.ended(60.0)
    assert cooldown.until_callable(61.0) is None
    cooldown.admit(61.0)
    assert cooldown.until_callable(61.0) is not None


def test_only_the_admitted_attempt_opens_the_door() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.admit(60.0)
    cooldown.ended(-1.0)
    cooldown.success(-1.0)
    assert cooldown.until_callable(61.0) is not None


def test_a_lost_attempt_holds_the_door_no_longer_than_its_lease() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.admit(60.0)
    assert cooldown.until_callable(60.0 + TRIAL_LEASE_S) is None


def test_a_late_hit_beside_the_admitted_attempt_does_not_hold_the_door_after_its_success() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.AUTHENTICATION, None, 0.0, 0.0)
    cooldown.admit(60.0)
    cooldown.hit(Reason.RATE_LIMITED, 3.0, -5.0, 61.0)
    cooldown.success(60.0)
    assert cooldown.until == 66.0
    assert cooldown.until_callable(66.0) is None


HIT = st.tuples(
    st.sampled_from([r for r in Reason if r not in (Reason.CANCELLED, Reason.DEADLINE)]),
    st.none() | st.floats(0.0, 86_400.0),
    st.floats(0.0, 100.0),
    st.floats(0.0, 500.0),
    st.sampled_from(["hit", "hit", "success", "ended", "admit"]),
)


@given(st.lists(HIT, max_size=60))
def test_cooldowns_never_shrink_while_active(
    history: list[tuple[Reason, float | None, float, float, str]],
) -> None:
    cooldown, now, seen = Cooldown(), 0.0, [float("-inf")]
    for reason, stated_s, age_s, after_s, act in history:
        now += after_s
        if act == "hit":
            cooldown.hit(reason, stated_s, now - age_s, now)
            assert stated_s is None or cooldown.until >= now + stated_s
        elif act == "success":
            cooldown.success(now - age_s)
        elif act == "ended":
            cooldown.ended(now - age_s)
        elif cooldown.until_callable(now) is None:
            cooldown.admit(now)
        seen.append(cooldown.until)
        assert cooldown.stated_until <= cooldown.until
    assert all(a <= b for a, b in pairwise(seen))
    assert cooldown.until_callable(max(now, cooldown.until) + TRIAL_LEASE_S) is None
