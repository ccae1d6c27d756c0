"""The simulator on a thread of its own, told by tests what to answer to which model."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from sidecar.simulator import Entry, Simulator, fingerprint, parse_script

DEFAULTS = {"first_token_s": 0.001, "tokens_per_s": 2000}
LISTENERS = {"dead": "refused"}
WAIT_S = 15.0


class Provider:
    """One provider over real HTTP. A model's name says what happens unless `when` said otherwise."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._rules: dict[tuple[str, str], dict[str, Any]] = {}
        self._simulator = Simulator(parse_script(self._script(LISTENERS)))

    def start(self) -> Provider:
        self._thread.start()
        self._run(self._simulator.start())
        return self

    def stop(self) -> None:
        self._run(self._simulator.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The base URL."""
        return self._simulator.base_url

    @property
    def origin(self) -> str:
        """The base URL of wires whose paths begin with /v1."""
        return self._simulator.origin

    @property
    def dead_url(self) -> str:
        """A base URL where every connection is refused."""
        return self._simulator.url_of("dead")

    def when(self, model: str, *, prompt: str = "", key: str = "", **action: Any) -> None:
        """From now on, requests for `model` (whose prompt contains `prompt`, or that come with `key`) get this action."""
        match = {"model": model} | ({"prompt": prompt} if prompt else {}) | ({"key": fingerprint(key)} if key else {})
        self._rules[model, prompt or key] = {"match": match, "action": action}

        async def replace() -> None:
            self._simulator.replace_script(parse_script(self._script({})))

        self._run(replace())

    def entries(self, model: str) -> list[Entry]:
        """The requests for a model, oldest first."""
        return [entry for entry in self._simulator.journal if entry.model == model]

    def bodies(self, model: str) -> list[Any]:
        """The bodies of those requests."""
        return [entry.body for entry in self.entries(model)]

    @property
    def received(self) -> int:
        """The number of the newest request of all."""
        return self._simulator.journal[-1].seq if self._simulator.journal else 0

    def wait_for(self, model: str, holds: Callable[[Entry], bool]) -> Entry:
        """The newest request for a model, once this holds of it. Raises TimeoutError."""
        limit = time.monotonic() + WAIT_S
        while time.monotonic() < limit:
            if (entries := self.entries(model)) and holds(entries[-1]):
                return entries[-1]
            time.sleep(0.005)  # another thread's journal: there is no event to await
        raise TimeoutError(f"{model}: {self.entries(model)}")

    def ended(self, model: str) -> Entry:
        """The newest request for a model, once it has ended."""
        return self.wait_for(model, lambda entry: entry.outcome is not None)

    def _script(self, listeners: dict[str, str]) -> str:
        script = {"defaults": DEFAULTS, "journal_bodies": True, "rules": list(self._rules.values())}
        return orjson.dumps(script | ({"listeners": listeners} if listeners else {})).decode()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)
