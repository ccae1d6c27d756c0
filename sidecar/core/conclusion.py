"""Why a failed call failed, from the last outcome of each of its entries: one reason and one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .catalog import Entry
from .reasons import TABLE, Reason


@dataclass(frozen=True, slots=True)
class Ending:
    """How one entry ended, in chain order.

    `reason`: its last failure, or what made a skipped one unavailable (None: unknown). `profiles`: keys tried.
    `skipped`: why it was passed over, for a person; empty if it was tried. `returns_at`: when it is callable again.
    """

    entry: Entry
    reason: Reason | None
    status: int | None = None
    profiles: int = 0
    skipped: str = ""
    returns_at: float | None = None


def conclude(endings: Sequence[Ending]) -> Reason:
    """Temporary beats permanent; RATE_LIMITED if all temporary ones are that, else the first; then the first permanent.

    Nothing tried: ALL_UNAVAILABLE.
    """
    if all(ending.skipped for ending in endings):
        return Reason.ALL_UNAVAILABLE
    reasons = [ending.reason for ending in endings if ending.reason is not None]
    temporary = [reason for reason in reasons if _is_temporary(reason)]
    return (temporary or reasons)[0]


def soonest_return_s(endings: Sequence[Ending], now: float) -> float | None:
    """Seconds until something is callable again; None when that is not known: nothing returns, or a temporary failure
    left its entry callable."""
    if any(ending.returns_at is None and _is_temporary(ending.reason) for ending in endings):
        return None
    instants = [ending.returns_at for ending in endings if ending.returns_at is not None]
    return max(0.0, min(instants) - now) if instants else None


def _is_temporary(reason: Reason | None) -> bool:
    return reason is not None and TABLE[reason].temporary


def summary(endings: Sequence[Ending]) -> str:
    """`2 entries failed: openai/a RATE_LIMITED 429 (2 keys); x/c skipped, open for 12 s (TIMEOUT)`."""
    lines = "; ".join(_line(ending) for ending in endings)
    noun = "entry" if len(endings) == 1 else "entries"
    return f"{len(endings)} {noun} failed: {lines}"


def _line(ending: Ending) -> str:
    if ending.skipped:
        why = f" ({ending.reason})" if ending.reason is not None else ""
        return f"{ending.entry} skipped, {ending.skipped}{why}"
    if ending.reason is Reason.CANCELLED:
        return f"{ending.entry} did not go on with the answer"
    status = f" {ending.status}" if ending.status is not None else ""
    keys = f" ({ending.profiles} keys)" if ending.profiles > 1 else ""
    return f"{ending.entry} {ending.reason}{status}{keys}"
