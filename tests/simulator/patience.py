"""How long a caller waits before it hangs up: from its beginning, or from the moment it has seen what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

#: Seconds after which whatever has not ended hangs; no test waits as long unless it fails.
GIVE_UP_S = 30.0

Holds = Callable[[Any], bool]


class Patience:
    """Raises TimeoutError `give_up_s` seconds after it was entered; with `after`, that long after `after` held first."""

    def __init__(self, give_up_s: float, after: Holds | None) -> None:
        self._give_up_s, self._after = give_up_s, after
        self._limit = asyncio.timeout(GIVE_UP_S if after else give_up_s)

    async def __aenter__(self) -> Patience:
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._limit.__aexit__(kind, error, trace)

    def see(self, seen: Any) -> None:
        """Say what was seen so far; the wait begins when `after` holds of it."""
        if self._after is not None and self._after(seen):
            self._after = None
            self._limit.reschedule(asyncio.get_running_loop().time() + self._give_up_s)
