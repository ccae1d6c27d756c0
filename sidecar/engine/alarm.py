"""How one call sleeps: until something wakes it, or an instant comes."""

from __future__ import annotations

import asyncio

#: Turns of the loop between a timer and its sleeper. A process that stood still (its CPU quota was used up, its machine was
#: paused) finds its timers due before it has read what came meanwhile: so many turns carry that from the socket to the call.
TURNS = 5


class Alarm:
    """One sleeper at a time. `ring` may come from anywhere on the loop; without a sleeper it does nothing.

    A timer that is set stays set while it is early enough: who wakes too soon looks again. `stop` takes it away. Whom the
    timer wakes has what arrived before it, however late the timer is.
    """

    def __init__(self) -> None:
        self._sleeper: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def ring(self) -> None:
        """Wakes the sleeper."""
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def stop(self) -> None:
        """Nobody sleeps any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def sleep(self, duration_s: float) -> None:
        """Until `ring`, `duration_s` at the most, perhaps less; not at all where that is 0 or less."""
        if duration_s <= 0.0:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + duration_s
        if self._timer is None or self._timer_at > at:
            self.stop()
            self._timer, self._timer_at = loop.call_at(at, self._run_out), at
        self._sleeper = loop.create_future()
        try:
            await self._sleeper
        finally:
            self._sleeper = None
        if self._timer is None:
            for _ in range(TURNS):
                await asyncio.sleep(0)

    def _run_out(self) -> None:
        self._timer = None
        self.ring()
