"""How long entries usually take to their first content, for a first-content limit that follows it (streams.md, "Clocks").

A limit at the 95th percentile hedges one call in twenty (Dean and Barroso, "The Tail at Scale", 2013). It only ever decides
when a slow target gets help, never whether it has timed out.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from .catalog import Entry

NEWEST = 100
"""Observations kept of an entry."""
FORGOTTEN_AFTER_S = 600.0
"""An older one says nothing of today."""
MAX_ENTRIES = 1000
"""Entries kept; the one longest without news goes first."""
SHARE = 0.95


class Paces:
    """Of one process, by (provider, model)."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], deque[tuple[float, float]]] = OrderedDict()

    def note(self, entry: Entry, took_s: float, now: float) -> None:
        """An attempt took so long to its first content; or at least so long, where it was left before."""
        key = (entry.provider, entry.model)
        if key not in self._known:
            self._known[key] = deque(maxlen=NEWEST)
        self._known[key].append((now, took_s))
        self._known.move_to_end(key)
        if len(self._known) > MAX_ENTRIES:
            self._known.popitem(last=False)

    def usual_s(self, entry: Entry, least_count: int, now: float) -> float | None:
        """What 95 of 100 do not exceed; None where fewer than `least_count` (from 1) are known."""
        newest = self._known.get((entry.provider, entry.model), ())
        took = sorted(took_s for at, took_s in newest if at >= now - FORGOTTEN_AFTER_S)
        return took[int(SHARE * (len(took) - 1) + 0.5)] if len(took) >= least_count else None
