"""What the clients meet: a simulated provider, and sidecar processes on it, each started when first needed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import orjson
from google.protobuf.message import Message

from sidecar.pb import chat_pb2, content_pb2, health_pb2, policy_pb2
from sidecar.simulator import Entry, Simulator, parse_script

from ..server.process import Sidecar

WAIT_S = 10.0
TOKEN = "the-callers-own-token"
KEY = "sk-the-suites-key"


class Stage:
    """One simulator, whose script is replaced by each case, and one sidecar process for each kind of server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sidecars: dict[str, Sidecar] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._simulator = Simulator(parse_script(_script([])))

    def __enter__(self) -> Stage:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._simulator.start(), self._loop).result(WAIT_S)
        return self

    def __exit__(self, *error: object) -> None:
        for sidecar in self._sidecars.values():
            sidecar.kill()
        asyncio.run_coroutine_threadsafe(self._simulator.stop(), self._loop).result(WAIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def sidecar(self, server: str) -> Sidecar:
        """The shared process of a kind, at rest: whatever earlier calls taught it is forgotten."""
        if server not in self._sidecars:
            self._sidecars[server] = self.new_sidecar(server, server).start()
        sidecar = self._sidecars[server]
        metadata = (("authorization", f"Bearer {TOKEN}"),) if server == "token" else ()
        sidecar.health.ResetHealth(health_pb2.ResetHealthRequest(all=True), timeout=WAIT_S, metadata=metadata)
        return sidecar

    def change_health(self, server: str) -> None:
        """Something fails, and is forgotten."""
        sidecar = self._sidecars[server]
        question = chat_pb2.ChatRequest(model="b/status-503+noise", policy=policy_pb2.Policy(max_attempts=1))
        question.messages.add(role=content_pb2.ROLE_USER).parts.add(text="noise")
        with contextlib.suppress(grpc.RpcError):
            list(sidecar.chat.Chat(question, timeout=WAIT_S))
        sidecar.health.ResetHealth(health_pb2.ResetHealthRequest(all=True), timeout=WAIT_S)

    def new_sidecar(self, name: str, server: str, address: str = "127.0.0.1:0") -> Sidecar:
        """A process that is not started yet."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(TOKEN)
        if server == "unix":
            address = f"unix://{folder / 's'}"
        settings = configuration(self._simulator.base_url, self._simulator.url_of("dead"))
        settings["listen"] = {"grpc": [address]} | ({"token": f"file:{folder / 'token'}"} if server == "token" else {})
        return Sidecar(folder, orjson.dumps(settings).decode(), SUITE_KEY=KEY, WRONG_KEY="sk-wrong")

    def script(self, rules: list[dict[str, Any]]) -> None:
        """What the simulator does from now on, where the model's name does not say it."""

        async def replace() -> None:
            self._simulator.replace_script(parse_script(_script(rules)))

        asyncio.run_coroutine_threadsafe(replace(), self._loop).result(WAIT_S)

    def journal(self, mark: str) -> list[Entry]:
        """The requests whose body contains the mark, oldest first."""
        return [entry for entry in list(self._simulator.journal) if mark in orjson.dumps(entry.body).decode()]

    def wait_for(self, mark: str, holds: Callable[[list[Entry]], bool]) -> list[Entry]:
        """The same once this holds of it, or after a while as it is."""
        limit = time.monotonic() + WAIT_S
        while not holds(entries := self.journal(mark)) and time.monotonic() < limit:
            time.sleep(0.01)  # another process's deed: there is no event to await
        return entries


def configuration(url: str, dead_url: str) -> dict[str, Any]:
    """Providers in both wire formats, one with a key that is refused, one that refuses connections."""
    ours = [{"name": "main", "api_key": "env:SUITE_KEY"}]
    wrong = [{"name": "main", "api_key": "env:WRONG_KEY"}]
    return {
        "default_model": "smart",
        "providers": {
            "a": {"protocol": "openai", "base_url": url, "profiles": ours},
            "b": {"protocol": "openai", "base_url": url, "profiles": ours},
            "c": {"protocol": "anthropic", "base_url": url.removesuffix("/v1"), "profiles": ours},
            "locked": {"protocol": "openai", "base_url": url, "profiles": wrong},
            "dead": {"protocol": "openai", "base_url": dead_url, "profiles": ours},
        },
        "aliases": {"smart": {"targets": ["a/ok"], "fallbacks": ["b/ok"]}, "vectors": {"targets": ["a/ok"]}},
        "policy": {"retry_budget": {"capacity": 100000}, "hedge_budget": {"capacity": 100000}},
    }


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def base64_of(message: Message) -> str:
    """A message as the runners take it."""
    return base64.b64encode(message.SerializeToString()).decode()


def _script(rules: list[dict[str, Any]]) -> str:
    defaults = {"first_token_s": 0.002, "tokens_per_s": 1000}
    script = {
        "listeners": {"dead": "refused"},
        "journal_bodies": True,
        "keys": [KEY],
        "defaults": defaults,
        "rules": rules,
    }
    return orjson.dumps(script).decode()
