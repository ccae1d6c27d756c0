"""What of a cooldown outlives its process, and how much of it a later process believes."""

from __future__ import annotations

import pytest

from sidecar.core.cooldown import NEVER, Cooldown
from sidecar.core.lasting import Count, Lasting, outlives
from sidecar.core.reasons import Reason
from sidecar.core.tuning import CooldownSettings

SETTINGS = CooldownSettings()
HOUR_S, DAY_S = 3600.0, 86_400.0


def hit(reason: Reason, stated_s: float | None = None, times: int = 1) -> Cooldown:
    """A cooldown that was hit so often, each time when it was over, and last at 0 s."""
    cooldown = Cooldown()
    for number in range(times):
        cooldown.hit(reason, stated_s, (number + 1 - times) * DAY_S / 10, (number + 1 - times) * DAY_S / 10)
    return cooldown


def billing(until: float, decays_at: float = 3 * DAY_S, stated_until: float = NEVER) -> Lasting:
    return Lasting(Reason.BILLING, until, stated_until, (Count(Reason.BILLING, 2, decays_at),))


def test_refusals_of_a_credential_outlive_the_process_and_nothing_else_does() -> None:
    kept = {reason for reason in Reason if outlives(reason)}
    assert kept == {Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING}


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING])
def test_a_long_cooldown_is_kept_with_its_counts_until_it_ends(reason: Reason) -> None:
    cooldown = hit(reason)
    lasting = cooldown.lasting(1.0)
    assert lasting is not None
    assert (lasting.reason, lasting.until, lasting.stated_until) == (reason, cooldown.until, NEVER)
    assert lasting.counts == (Count(reason, 1, DAY_S),)
    assert cooldown.lasting(cooldown.until - 0.1) == lasting
    assert cooldown.lasting(cooldown.until) is None


def test_a_stated_wait_is_kept_with_it() -> None:
    lasting = hit(Reason.AUTHENTICATION, 7200.0).lasting(1.0)
    assert lasting is not None
    assert (lasting.until, lasting.stated_until) == (7200.0, 7200.0)


def test_what_returns_by_itself_and_what_is_over_soon_are_not_kept() -> None:
    assert Cooldown().lasting(0.0) is None
    assert hit(Reason.RATE_LIMITED, 600.0).lasting(0.0) is None
    short = Cooldown()
    short.hit(Reason.AUTHENTICATION, None, 0.0, 0.0, CooldownSettings(credential_s=59.0))
    assert short.lasting(0.0) is None


def test_a_success_after_it_leaves_nothing_to_keep() -> None:
    cooldown = hit(Reason.BILLING)
    cooldown.success(HOUR_S)
    assert cooldown.lasting(HOUR_S) is None


def test_counts_of_other_reasons_and_decayed_ones_are_not_kept() -> None:
    cooldown = Cooldown()
    cooldown.hit(Reason.RATE_LIMITED, None, 0.0, 0.0)
    cooldown.hit(Reason.AUTHENTICATION, None, 10.0, 10.0)
    cooldown.hit(Reason.BILLING, None, 2 * DAY_S, 2 * DAY_S)
    lasting = cooldown.lasting(2 * DAY_S)
    assert lasting is not None
    assert lasting.counts == (Count(Reason.BILLING, 1, 3 * DAY_S),)


def test_a_restored_one_holds_admits_one_attempt_and_climbs_on() -> None:
    lasting = hit(Reason.BILLING, times=2).lasting(5.0)
    assert lasting is not None
    cooldown = Cooldown.restored(lasting)
    assert cooldown.until_callable(6.0) == 2 * HOUR_S
    assert cooldown.reason is Reason.BILLING
    assert cooldown.lasting(2 * HOUR_S - 1.0) == lasting
    assert cooldown.admit(2 * HOUR_S)
    assert cooldown.until_callable(2 * HOUR_S) is not None
    cooldown.hit(Reason.BILLING, None, 2 * HOUR_S, 2 * HOUR_S)
    assert cooldown.until == 6 * HOUR_S


def test_instants_move_to_another_clock_and_back() -> None:
    lasting = billing(HOUR_S, stated_until=60.0)
    moved = lasting.shifted(1000.0)
    assert (moved.until, moved.stated_until, moved.counts[0].decays_at) == (4600.0, 1060.0, 3 * DAY_S + 1000.0)
    assert moved.shifted(-1000.0) == lasting
    assert billing(HOUR_S).shifted(1000.0).stated_until == NEVER


def test_what_is_over_holds_no_more() -> None:
    assert billing(HOUR_S, DAY_S).held(HOUR_S - 1.0, SETTINGS) == billing(HOUR_S, DAY_S)
    assert billing(HOUR_S).held(HOUR_S, SETTINGS) is None
    assert billing(HOUR_S, stated_until=HOUR_S).held(HOUR_S, SETTINGS) is None


def test_an_end_beyond_the_longest_step_is_cut_to_it() -> None:
    held = billing(400 * DAY_S, 400 * DAY_S).held(0.0, SETTINGS)
    assert held == billing(DAY_S, 2 * DAY_S)
    key = Lasting(Reason.AUTHENTICATION, 400 * DAY_S, NEVER).held(10.0, SETTINGS)
    assert key == Lasting(Reason.AUTHENTICATION, 10.0 + HOUR_S, NEVER)
    assert billing(DAY_S).held(0.0, CooldownSettings(billing_limit_s=7200.0, decay_s=10.0)) == billing(7200.0, 14_400.0)


def test_a_stated_wait_may_be_longer_than_the_ladder_but_not_than_is_believed() -> None:
    stated = Lasting(Reason.AUTHENTICATION, 2 * HOUR_S, 2 * HOUR_S)
    assert stated.held(0.0, SETTINGS) == stated
    jumped = Lasting(Reason.AUTHENTICATION, 9 * DAY_S, 9 * DAY_S)
    assert jumped.held(0.0, SETTINGS) == Lasting(Reason.AUTHENTICATION, DAY_S, DAY_S)


def test_decayed_counts_are_dropped_while_the_cooldown_holds() -> None:
    assert billing(HOUR_S, 10.0).held(10.0, SETTINGS) == Lasting(Reason.BILLING, HOUR_S, NEVER)
