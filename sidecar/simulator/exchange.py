"""One request's side of a connection: sends paced steps, breaks and stalls as told, notes all of it in the journal."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from . import pacing
from .journal import Entry
from .pacing import Pace
from .plan import Break, Send, Stall, Step
from .wire import Page

# Bytes gathered before they are written though more is due.
_GATHERED_BYTES = 65_536
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Exchange:
    """A request and the response to it. `clock_s` gives seconds since the simulator started."""

    request: web.Request
    entry: Entry
    clock_s: Callable[[], float]
    _response: web.StreamResponse | None = None
    _held: bytearray = field(default_factory=bytearray)
    _held_tokens: int = 0

    async def start(self, status: int, headers: Mapping[str, str], length: int | None = None) -> None:
        """Send status and headers; `length` is the body's in bytes, None for a chunked one."""
        response = web.StreamResponse(status=status, headers=dict(headers))
        response.content_length = length
        self.entry.status = status
        self._response = response
        await response.prepare(self.request)

    async def finish(self) -> web.StreamResponse:
        """Send the end of the body; the request is completed."""
        assert self._response is not None
        await self._flush()
        await self._response.write_eof()
        self.end("completed")
        return self._response

    async def send_page(self, page: Page, headers: Mapping[str, str]) -> web.StreamResponse:
        """Send a whole response; `headers` go over the page's own."""
        await self.start(page.status, _over(page.headers, headers), len(page.body))
        self._held += page.body
        return await self.finish()

    async def play(self, steps: Iterable[Step], pace: Pace, pings_s: float | None, ping: bytes) -> None:
        """Send the steps of a body at a pace; what is due at the same time goes out in one write.

        Wherever it waits it sends `ping` every `pings_s` seconds (None: never).
        """
        start_s, tokens = pacing.monotonic_s(), 0

        async def send_ping() -> None:
            self._held += ping
            await self._flush()

        for step in steps:
            if isinstance(step, Send):
                early_s = start_s + pace.due_s(tokens) - pacing.monotonic_s() if step.tokens else 0.0
                if early_s > 0:
                    await self._flush()
                    await pacing.wait_with_pings(early_s, pings_s, send_ping)
                tokens += step.tokens
                await self._hold(step)
            elif isinstance(step, Stall):
                await self._flush()
                stalled_at = pacing.monotonic_s()
                await pacing.wait_with_pings(step.duration_s, pings_s, send_ping)
                start_s += pacing.monotonic_s() - stalled_at
            else:
                await self._break(step)

    async def break_off(self, outcome: str, *, by_reset: bool) -> None:
        """End the connection by RST or FIN and wait for this task's cancellation, which follows. Never returns."""
        self.end(outcome)
        transport = self.request.transport
        if transport is not None and by_reset:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            transport.abort()
        elif transport is not None:
            transport.close()
        await pacing.wait_for_hang_up()

    def end(self, outcome: str) -> None:
        """Note how the request ended, and when; the first word stands."""
        if self.entry.outcome is None:
            self.entry.outcome = outcome
            self.entry.end_s = self.clock_s()

    async def _hold(self, step: Send) -> None:
        self._held += step.data
        self._held_tokens += step.tokens
        if len(self._held) >= _GATHERED_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        if not self._held or self._response is None:
            return
        data, self._held = bytes(self._held), bytearray()
        tokens, self._held_tokens = self._held_tokens, 0
        await self._response.write(data)
        self.entry.tokens_sent += tokens
        if self.entry.first_byte_s is None:
            self.entry.first_byte_s = self.clock_s()

    async def _break(self, step: Break) -> None:
        await self._flush()
        await pacing.wait(pacing.BREAK_GRACE_S)
        await self.break_off("cut" if step.by_reset else "fin", by_reset=step.by_reset)


def _over(lower: Mapping[str, str], upper: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in upper}
    return {**{name: value for name, value in lower.items() if name.lower() not in names}, **upper}
