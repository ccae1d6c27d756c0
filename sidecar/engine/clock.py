"""The only home of clocks. Everything else is told the time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """`now`: monotonic seconds, for every rule. `wall`: epoch seconds, for display and for what is stored."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self) -> float:
        """Epoch seconds."""
        ...


class SystemClock:
    """The machine's clocks. A loop's timer may fire some milliseconds before `now` says it is due: look again then."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
