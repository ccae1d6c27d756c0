"""Why a target may not be called now: the longest of what holds it."""

from __future__ import annotations

from ..core.breaker import BreakerState, Refusal
from ..core.cooldown import Cooldown
from ..core.leg import Unavailable
from ..core.report import SkipCause
from .announcement import seconds
from .entries import EntryState


def hindrance(
    state: EntryState | None, whole: Cooldown | None, pair: Cooldown | None, now: float, *, short: bool = False
) -> Unavailable | None:
    """Of the entry, of the credential, and of the credential with that model; None if nothing is in the way.

    `short`: a short wait has passed, so of the pair only the stated wait holds. Changes nothing.
    """
    worst: Unavailable | None = None
    for cooldown in (whole, pair, state.cooldown if state is not None else None):
        if cooldown is None:
            continue
        until = cooldown.until_callable(now)
        if short and cooldown is pair:
            until = cooldown.stated_until if now < cooldown.stated_until else None
        if until is not None and (worst is None or until > worst.until):
            message = f"cooling for {seconds(until - now)}"
            worst = Unavailable(SkipCause.COOLING, until, cooldown.reason, message, cooldown.stated_until)
    refusal = state.breaker.refusal(now) if state is not None else None
    if refusal is not None and (worst is None or refusal.until > worst.until):
        worst = _open(refusal, now)
    return worst


def _open(refusal: Refusal, now: float) -> Unavailable:
    state = "open" if refusal.state is BreakerState.OPEN else "half-open, probed by another call,"
    return Unavailable(SkipCause.OPEN, refusal.until, refusal.reason, f"{state} for {seconds(refusal.until - now)}")
