"""An event loop in virtual time: when nothing is ready, the clock jumps to the next timer. Nothing ever sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
EPOCH = 1_800_000_000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time` starts at 1,000 s and moves only by timers."""

    _now = 1000.0

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def _run_once(self) -> None:
        due = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        soonest = min(due, default=self._now)
        # asyncio fires a timer up to its clock's resolution early: the clock follows, or two who wait for a last fraction
        # of that would wake each other for ever.
        if not self._ready or soonest <= self._now + self._clock_resolution:  # type: ignore[attr-defined]
            self._now = max(self._now, soonest)
        super()._run_once()  # type: ignore[misc]


class VirtualClock:
    """The engine's clock on a virtual loop."""

    def now(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        """Epoch seconds that move with it."""
        return EPOCH + self.now()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs on a fresh virtual loop, and fails if a task is left behind."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:

        async def checked() -> T:
            result = await main
            for _ in range(5):
                await asyncio.sleep(0)
            await asyncio.sleep(2.0)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, left
            return result

        return runner.run(checked())
