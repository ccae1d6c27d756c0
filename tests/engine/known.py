"""A small catalog, its targets, and what other calls do to them."""

from __future__ import annotations

from sidecar.core.catalog import Target
from sidecar.core.classify import Verdict
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason
from sidecar.engine.state import HealthState, Ticket

from ..core.build import catalog, middle, provider, target, verdict

KNOWN = catalog(provider("p", ("m", "n"), {"one": None, "two": None, "eu": "https://eu.test/"}))
ONE, TWO, SIBLING = target(profile="one"), target(profile="two"), target(model="n", profile="one")
EU = target(profile="eu", url="https://eu.test")
EVERYONE = {"one": ONE, "two": TWO, "sibling": SIBLING, "other endpoint": EU, "other provider": target("q")}


def health() -> HealthState:
    return HealthState(KNOWN, BreakerSettings(), middle)


def ticket(state: HealthState, asked: Target, now: float = 0.0, request: int = 1, *, short: bool = False) -> Ticket:
    given = state.acquire(asked, request, now, short=short)
    assert isinstance(given, Ticket)
    return given


def fail(state: HealthState, asked: Target, told: Verdict | Reason, now: float = 0.0, request: int = 1) -> None:
    told = verdict(told) if isinstance(told, Reason) else told
    state.failed(ticket(state, asked, now, request), told, "why", now)


def held(state: HealthState, now: float = 0.0) -> set[str]:
    return {name for name, asked in EVERYONE.items() if state.unavailable(asked, now) is not None}


def until(state: HealthState, asked: Target, now: float = 0.0) -> float | None:
    hindrance = state.unavailable(asked, now)
    return None if hindrance is None else hindrance.until
