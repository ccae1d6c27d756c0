"""Targets that only a last resort would ask."""

from __future__ import annotations

from sidecar.core.catalog import Target
from sidecar.core.reasons import Reason
from sidecar.core.step import Start
from sidecar.engine.state import HealthState

from .build import verdict
from .walk import Walk, cool, new_health, only, open_breaker

NOW = 100.0


def climb(health: HealthState, held: Target, steps: int, until: float = NOW, stated_s: float | None = None) -> None:
    """So many rate limits in a row without a stated wait, the last at `until`: 5, 10, 20, … s."""
    now = until - 10_000.0
    for step in range(steps):
        now = until if step == steps - 1 else now + 400.0
        cool(health, held, verdict(Reason.RATE_LIMITED, stated_s), now)


def rested(steps: int = 4) -> HealthState:
    """Its one target `p` rests for 40 s by our own ladder."""
    health = new_health()
    climb(health, only("p"), steps)
    return health


def opened(*owners: str) -> HealthState:
    """The breakers of these are open for 20 s."""
    health = new_health()
    for owner in owners:
        open_breaker(health, only(owner), NOW)
    return health


def early(walk: Walk) -> bool:
    return isinstance(walk.last, Start) and walk.last.early
