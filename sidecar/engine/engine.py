"""The engine as the edges see it: calls, what can be asked for, and how it is."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from ..core.catalog import Catalog, Entry
from ..core.chain import build_chain, chain_entries
from ..core.content import Request
from ..core.deadline import Deadline
from ..core.errors import CallError
from ..core.reasons import Reason
from .failover import Call
from .services import Services

STOP_GRACE_S = 2.0
BUSY_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Availability:
    """How a request for a reference would fare now: entries of its chain, and whether one may be called."""

    chain_length: int
    is_available: bool


class Engine:
    """Makes calls. One per configuration."""

    def __init__(self, catalog: Catalog, services: Services, max_concurrent: int, max_bytes: int) -> None:
        self.catalog = catalog
        self.services = services
        self._max_concurrent = max_concurrent
        self._max_bytes = max_bytes
        self._bytes = 0
        self._numbers = 0
        self._calls: set[Call] = set()
        self._idle: asyncio.Event | None = None

    @property
    def calls_under_way(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._calls)

    def call(self, request: Request, deadline_s: float | None, *, buffered: bool) -> Call:
        """A call, ready to be iterated. `deadline_s`: what the caller has left, None without a deadline.

        Raises CallError: BUSY, or what `build_chain` raises; nothing was sent then.
        """
        self._check_room(request)
        chain = build_chain(request, self.catalog, self.services.vault.targets_of)
        now = self.services.clock.now()
        self.services.retries.request(now)
        self._numbers += 1
        deadline = Deadline.starting(now, deadline_s)
        call = Call(self.services, request, chain, self._numbers, deadline, buffered=buffered)
        call.on_close = self._ended
        self._calls.add(call)
        self._bytes += request.size_bytes
        return call

    def _check_room(self, request: Request) -> None:
        why = ""
        if len(self._calls) >= self._max_concurrent:
            why = f"{self._max_concurrent} calls are under way, the limit of this sidecar"
        elif self._calls and self._bytes + request.size_bytes > self._max_bytes:
            why = f"requests of {self._bytes} bytes are under way, and the limit of this sidecar is {self._max_bytes}"
        if why:
            raise CallError(Reason.BUSY, why, retry_after_s=BUSY_RETRY_S)

    def availability(self, reference: str) -> Availability:
        """Of a reference as a caller would name it, for text and without a policy."""
        request = Request(reference, ())
        try:
            entries = chain_entries(request, reference, self.catalog)
        except CallError:
            return Availability(0, False)
        return Availability(len(entries), any(self.is_callable(entry) for entry in entries))

    def is_callable(self, entry: Entry) -> bool:
        """Whether some target of the entry may be called now."""
        now = self.services.clock.now()
        targets = self.services.vault.targets_of(entry)
        return any(self.services.health.unavailable(target, now) is None for target in targets)

    async def idle(self, limit_s: float) -> None:
        """Returns when no call is under way, after `limit_s` at the latest."""
        if self._calls:
            self._idle = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), limit_s)

    def _ended(self, call: Call) -> None:
        if call in self._calls:
            self._calls.discard(call)
            self._bytes -= call.size_bytes
        if self._idle is not None and not self._calls:
            self._idle.set()

    def interrupt_all(self) -> None:
        """Ends every call under way with DRAINING and its report."""
        for call in list(self._calls):
            call.interrupt(Reason.DRAINING, "this sidecar is shutting down")

    async def close(self) -> None:
        """Closes what is still upstream."""
        for call in list(self._calls):
            call.close()
        tasks = list(self.services.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_GRACE_S)
        await self.services.transport.close()
