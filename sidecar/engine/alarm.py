"""How one call sleeps: until something wakes it, or an instant comes."""

from __future__ import annotations

import asyncio


class Alarm:
    """One sleeper at a time. `ring` may come from anywhere on the loop; without a sleeper it does nothing."""

    def __init__(self) -> None:
        self._sleeper: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wakes the sleeper."""
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    async def sleep(self, duration_s: float) -> None:
        """Until `ring`, `duration_s` at the most; not at all where that is 0 or less."""
        if duration_s <= 0.0:
            return
        loop = asyncio.get_running_loop()
        self._sleeper = loop.create_future()
        timer = loop.call_later(duration_s, self.ring)
        try:
            await self._sleeper
        finally:
            timer.cancel()
            self._sleeper = None
