"""Whatever happens to probes, a breaker admits one at a time and always admits one again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.breaker import Breaker, BreakerState, Outcome, Permit
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason

SETTINGS = BreakerSettings()
STEP = st.tuples(
    st.sampled_from(["acquire", "acquire", "report", "report", "ask", "trip", "reset"]),
    st.floats(0.0, 40.0),
    st.integers(0, 30),
    st.sampled_from(list(Outcome)),
)


@given(st.lists(STEP, max_size=120), st.integers(0, 2**16))
def test_no_two_probes_and_never_stuck(steps: list[tuple[str, float, int, Outcome]], seed: int) -> None:
    breaker = Breaker(SETTINGS, Random(seed).random)
    now = 0.0
    held: list[Permit] = []
    probe: Permit | None = None
    for i, (act, after_s, which, outcome) in enumerate(steps):
        now += after_s if act == "acquire" else after_s / 20
        if act == "acquire":
            given_permit = breaker.acquire(now, i)
            if isinstance(given_permit, Permit):
                if given_permit.is_probe:
                    assert probe is None or now >= probe.lease_until, "two probes at once"
                    probe = given_permit
                held.append(given_permit)
        elif act == "report" and held:
            # Any permit, also one reported before or of an older generation; those left over are lost.
            chosen = held[which % len(held)]
            breaker.report(chosen, outcome, now, Reason.TIMEOUT)
            is_over = chosen is probe and outcome in (Outcome.FINISHED, Outcome.FAILED, Outcome.NEUTRAL)
            if is_over or breaker.state(now) is BreakerState.CLOSED:
                probe = None
        elif act == "trip":
            breaker.trip(now, Reason.CONNECTION)
        elif act == "reset":
            breaker.reset()
            probe = None
        else:
            before = (breaker.state(now), breaker.refusal(now))
            assert (breaker.state(now), breaker.refusal(now)) == before
    refusal = breaker.refusal(now)
    longest_s = max(SETTINGS.open_max_s * (1 + SETTINGS.jitter), SETTINGS.lease_s)
    if refusal is not None:
        assert now < refusal.until <= now + longest_s
        assert isinstance(breaker.acquire(refusal.until, -1), Permit)
    assert isinstance(breaker.acquire(now + 2 * longest_s, -2), Permit)


@given(st.lists(st.sampled_from(["lost", "neutral", "failed"]), max_size=12), st.integers(0, 2**16))
def test_a_target_that_recovers_is_always_closed_again(fates: list[str], seed: int) -> None:
    breaker = Breaker(SETTINGS, Random(seed).random)
    breaker.trip(0.0, Reason.CONNECTION)
    now = 0.0
    for fate in fates:
        refusal = breaker.refusal(now)
        now = refusal.until if refusal is not None else now
        probe = breaker.acquire(now, 1)
        assert isinstance(probe, Permit)
        if fate != "lost":
            breaker.report(probe, Outcome.NEUTRAL if fate == "neutral" else Outcome.FAILED, now, Reason.TIMEOUT)
    now += 200.0
    probe = breaker.acquire(now, 1)
    assert isinstance(probe, Permit)
    breaker.report(probe, Outcome.FINISHED, now)
    assert breaker.state(now) is BreakerState.CLOSED
