"""The only home of clocks. Everything else is told the time."""

from __future__ import annotations

import asyncio
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
    """The machine's clocks. `now` is the event loop's own, so that timers and rules agree."""

    def now(self) -> float:
        """Monotonic seconds of the running loop."""
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        """Epoch seconds."""
        return time.time()
