"""The simulator's clocks and waits, all in one place: the pace of a stream, pings while it waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

#: Seconds between the last bytes and a break, so that a reader has them before a reset may throw them away.
BREAK_GRACE_S = 0.02

Ping = Callable[[], Awaitable[None]]


def wall_s() -> float:
    """Return the wall clock in seconds since 1970."""
    return time.time()


def monotonic_s() -> float:
    """Return a clock in seconds that never goes back; its zero means nothing."""
    return time.monotonic()


async def wait(duration_s: float) -> None:
    """Wait `duration_s` seconds; return at once when it is not above 0."""
    if duration_s > 0:
        await asyncio.sleep(duration_s)


async def wait_for_hang_up() -> None:
    """Wait until this task is cancelled, as it is when the connection is lost."""
    await asyncio.get_running_loop().create_future()


async def wait_with_pings(duration_s: float | None, ping_every_s: float | None, ping: Ping) -> None:
    """Wait `duration_s` seconds (None: until cancelled), calling `ping` every `ping_every_s` seconds (None: never)."""
    if ping_every_s is None:
        await (wait_for_hang_up() if duration_s is None else wait(duration_s))
        return
    end_at = None if duration_s is None else monotonic_s() + duration_s
    while end_at is None or monotonic_s() + ping_every_s < end_at:
        await wait(ping_every_s)
        await ping()
    await wait(end_at - monotonic_s())


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an answer comes: seconds to the first token, then tokens per second; `burst` means without any wait."""

    first_token_s: float = 0.02
    tokens_per_s: float = 60.0
    burst: bool = False

    def due_s(self, token: int) -> float:
        """Return the seconds from the start of the answer to its token number `token` (the first is 0)."""
        return 0.0 if self.burst else self.first_token_s + token / self.tokens_per_s
