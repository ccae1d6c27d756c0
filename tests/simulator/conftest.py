"""A started simulator and a plain HTTP caller that tells what it saw on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from sidecar.simulator import Entry, Simulator, parse_script

from .messages import Messages
from .patience import GIVE_UP_S, Holds, Patience

FAST = "defaults: {first_token_s: 0.001, tokens_per_s: 5000}\n"


@dataclass
class Seen:
    """A response as it came; `broke` is the exception that ended it."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broke: BaseException | None = None

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def events(self) -> list[str]:
        whole = self.body.decode().split("\n\n")[:-1]
        return [event.removeprefix("data: ") for event in whole if event.startswith("data: ")]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [orjson.loads(event) for event in self.events if event != "[DONE]"]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [chunk["choices"][0]["delta"] for chunk in self.chunks if chunk.get("choices")]

    @property
    def text(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @property
    def finish(self) -> str | None:
        reasons = [chunk["choices"][0]["finish_reason"] for chunk in self.chunks if chunk.get("choices")]
        return next((reason for reason in reasons if reason), None)

    @property
    def is_done(self) -> bool:
        return self.body.endswith(b"data: [DONE]\n\n")


@dataclass
class Caller:
    """Calls one simulator; it hangs up `give_up_s` after it began or, when `after` is given, after that held first."""

    session: aiohttp.ClientSession
    simulator: Simulator

    async def stream(
        self, model: str, *, give_up_s: float = GIVE_UP_S, after: Holds | None = None, **fields: Any
    ) -> Seen:
        body = {"model": model, "stream": True, "messages": _hi(), **fields}
        return await self.post(body, give_up_s=give_up_s, after=after)

    async def ask(self, model: str, *, give_up_s: float = GIVE_UP_S, **fields: Any) -> Seen:
        return await self.post({"model": model, "messages": _hi(), **fields}, give_up_s=give_up_s)

    async def post(
        self,
        body: Any,
        *,
        key: str = "sk-main",
        url: str | None = None,
        give_up_s: float = GIVE_UP_S,
        after: Holds | None = None,
        **headers: str,
    ) -> Seen:
        seen = Seen()
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
        try:
            async with Patience(give_up_s, after) as patience:
                url = f"{url or self.simulator.base_url}/chat/completions"
                async with self.session.post(url, data=data, headers=sent) as response:
                    seen.status, seen.headers = response.status, dict(response.headers)
                    patience.see(seen)
                    async for piece in response.content.iter_any():
                        seen.body += piece
                        patience.see(seen)
        except (aiohttp.ClientError, TimeoutError) as error:
            seen.broke = error
        return seen

    async def last_entry(self, holds: Callable[[Entry], bool] = lambda entry: entry.outcome is not None) -> Entry:
        """The newest entry, once `holds` (it has ended); fails after ten seconds."""
        async with asyncio.timeout(10):
            while not self.simulator.journal or not holds(self.simulator.journal[-1]):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.002)
        return self.simulator.journal[-1]


Start = Callable[..., Awaitable[Caller]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Start a simulator with a script (fast by default) and return a caller of it."""
    session = aiohttp.ClientSession()
    simulators: list[Simulator] = []

    async def started(script: str = "", *, is_fast: bool = True) -> Caller:
        simulator = Simulator(parse_script((FAST if is_fast else "") + dedent(script)))
        simulators.append(simulator)
        await simulator.start()
        return Caller(session, simulator)

    yield started
    await session.close()
    for simulator in simulators:
        await simulator.stop()


StartMessages = Callable[..., Awaitable[Messages]]


@pytest.fixture
def start_messages(start: Start) -> StartMessages:
    """The same, and return a caller of its Messages API."""

    async def started(script: str = "") -> Messages:
        caller = await start(script)
        return Messages(caller.session, caller.simulator)

    return started


def _hi() -> list[dict[str, str]]:
    return [{"role": "user", "content": "hi"}]
