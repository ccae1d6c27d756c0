"""A first-content limit that follows how long an entry usually takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.policy import OnSlow, Policy
from sidecar.core.timing import Timing

from .hedged import HEDGE, attempts, failures, late, several, took, two
from .rig import Rig, good, hear
from .virtual import run

USUAL_S = 2.0
BEGAN = 1000.0
ADAPTIVE = Timing(adaptive=True)


def usual(rig: Rig, timing: Timing = ADAPTIVE, took_s: float = USUAL_S, times: int = 20) -> Rig:
    """Other calls have shown how long a/m takes."""
    rig.engine.services = replace(rig.engine.services, timing=timing)
    for _ in range(times):
        rig.engine.services.paces.note(rig.target("a/m").entry, took_s, BEGAN)
    return rig


def test_a_hedge_is_started_when_the_entry_takes_longer_than_usual() -> None:
    rig = usual(two(late(5), good("Hedge")))
    heard = run(hear(rig))
    assert (heard.text, took(heard), rig.times) == ("Hedge", USUAL_S, [0.0, USUAL_S])


def test_what_lost_before_its_fixed_limit_is_not_to_blame() -> None:
    rig = usual(two(late(5), good("Hedge")))
    heard = run(hear(rig))
    assert attempts(heard) == [("a/m", "first", "CANCELLED"), ("b/m", "hedge", "")]
    assert failures(rig, "a/m") == 0


def test_an_entry_that_usually_takes_longer_than_the_fixed_limit_gets_that_time_and_is_not_blamed_within_it() -> None:
    rig = usual(two(late(24.0), good("Hedge")), took_s=25.0)
    heard = run(hear(rig))
    assert (heard.text, took(heard), rig.times) == ("Late", 24.0, [0.0])


def test_never_sooner_than_the_least_and_not_before_enough_attempts_are_known() -> None:
    rig = usual(two(late(5), good("Hedge")), took_s=0.01)
    assert took(run(hear(rig))) == 1.0
    rig = usual(two(late(5), good("Hedge")), times=19)
    assert run(hear(rig)).text == "Late"


@pytest.mark.parametrize(
    ("policy", "timing"),
    [
        (Policy(on_slow=OnSlow.HEDGE, first_content_s=8.0), ADAPTIVE),
        (Policy(on_slow=OnSlow.WAIT), ADAPTIVE),
        (Policy(on_slow=OnSlow.FAILOVER), ADAPTIVE),
        (HEDGE, Timing()),
    ],
)
def test_a_limit_that_a_policy_names_the_other_ways_and_the_default_are_untouched(
    policy: Policy, timing: Timing
) -> None:
    rig = usual(two(late(5), good("Hedge"), policy=policy), timing)
    assert run(hear(rig)).text == "Late"


def test_answers_and_what_was_left_for_a_hedge_are_what_is_learnt_from() -> None:
    rig = several(late(3.0))
    rig.engine.services = replace(rig.engine.services, timing=replace(ADAPTIVE, adaptive_after=1))
    run(hear(rig))
    assert rig.engine.services.paces.usual_s(rig.target("a/m").entry, 1, BEGAN) == pytest.approx(3.0, abs=0.01)
    slow = two(late(30.0), late(1.0))
    slow.engine.services = replace(slow.engine.services, timing=replace(ADAPTIVE, adaptive_after=1))
    run(hear(slow))
    assert slow.engine.services.paces.usual_s(slow.target("a/m").entry, 1, BEGAN) == pytest.approx(11.0, abs=0.01)
