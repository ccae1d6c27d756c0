"""The processes of one run: a simulated provider, and a sidecar of its own in front of it, both real."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

START_S = 60.0
END_S = 40.0
ASK_S = 300.0
"""A script of many MiB takes its time."""
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
REFERENCE_KEY = "reference"
"""What the judges themselves ask a provider with."""
LISTENERS = {"dead": "refused", "warm": "open"}
Values = dict[str, Any]
_NUMBERS = itertools.count()
_STARTING = threading.Semaphore(2)
"""Processes that start at once: more would only make each other late."""


class StageError(Exception):
    """A process did not start; the text has the end of what it said."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a chain: the provider `name` of the sidecar, and the model, whose name says how the simulator misbehaves.

    `keys`: a profile for each. `prefill`: how the endpoint is told to go on from a beginning. `listener`: of the provider.
    `model_settings`: what the configuration says of the model.
    """

    name: str
    model: str
    protocol: str = "openai"
    prefill: str = ""
    keys: Sequence[str] = ()
    listener: str = ""
    model_settings: Mapping[str, Any] | None = None

    @property
    def reference(self) -> str:
        """As a request names it; the provider's name ends the model id, so that the journal tells entries apart."""
        return f"{self.name}/{self.model_id}"

    @property
    def model_id(self) -> str:
        """The model id as sent."""
        return f"{self.model}+{self.name}"


class Process:
    """A command that writes a ready file. Ended by its own id."""

    def __init__(self, folder: pathlib.Path, name: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        self.log = folder / f"{name}.log"
        ready = folder / f"{name}.json"
        line = [sys.executable, "-m", "sidecar.cli", *arguments, "--ready-file", str(ready)]
        env = {key: os.environ[key] for key in KEPT if key in os.environ} | dict(variables)
        with _STARTING, self.log.open("wb") as said:
            self.process = subprocess.Popen(line, env=env, stdout=said, stderr=said)
            self._await(name, ready)
        self.ready: Values = json.loads(ready.read_text())

    def _await(self, name: str, ready: pathlib.Path) -> None:
        ends_at = time.monotonic() + START_S
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > ends_at:
                self.end()
                raise StageError(f"{name}: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def terminate(self) -> None:
        """Sends SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int | None:
        """Once it has ended by itself; None if it does not."""
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Ends it, whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
            if self.exit_code() is None:
                self.process.kill()
                self.process.wait()


class Provider:
    """A simulated provider. It is played with again once a run is over, with another script and an empty journal."""

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True)
        path = folder / "script.json"
        path.write_text(json.dumps({"listeners": LISTENERS}))
        self._process = Process(folder, "provider", ("simulate", "--script", str(path)), {})
        listeners = {"": self._process.ready["http"][0], **self._process.ready["listeners"]}
        self.origins = {name: f"http://{address}" for name, address in listeners.items()}

    def run(self, script: Mapping[str, Any]) -> float:
        """Runs a script from its beginning; when, in seconds since 1970."""
        self.http("PUT", "/__script", {"journal_bodies": True, **script})
        return time.time()

    def http(self, method: str, path: str, body: Any = None) -> Values:
        """Asks it directly."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {REFERENCE_KEY}"}
        request = urllib.request.Request(self.origins[""] + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=ASK_S) as response:
            content = response.read()
        found: Values = json.loads(content) if content else {}
        return found

    def end(self) -> None:
        """Ends it."""
        self._process.end()


class Providers:
    """Those that are free, and as many more as are asked for. Threads may share it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._free: queue.SimpleQueue[Provider] = queue.SimpleQueue()
        self._all: list[Provider] = []

    def take(self, script: Mapping[str, Any]) -> Provider:
        """One that runs this script and has no journal yet."""
        try:
            provider = self._free.get_nowait()
        except queue.Empty:
            provider = Provider(self._folder / f"provider-{next(_NUMBERS)}")
            self._all.append(provider)
        provider.http("DELETE", "/__journal")
        provider.run(script)
        return provider

    def give_back(self, provider: Provider) -> None:
        """Its run is over."""
        self._free.put(provider)

    def end(self) -> None:
        """Ends every one."""
        for provider in self._all:
            provider.end()


class Stage:
    """A sidecar in front of a provider. `script`: the provider's; `policy`: the sidecar's."""

    def __init__(
        self,
        folder: pathlib.Path,
        providers: Providers,
        entries: Sequence[Entry],
        policy: Mapping[str, Any],
        script: Mapping[str, Any],
    ) -> None:
        folder.mkdir(parents=True)
        self.entries = {entry.name: entry for entry in entries}
        self._providers = providers
        self._provider = providers.take(script)
        try:
            config, variables = self._configuration(entries, policy)
            path = folder / "remora.json"
            path.write_text(json.dumps(config))
            self.sidecar = Process(folder, "sidecar", ("serve", "--config", str(path)), variables)
        except BaseException:  # Ctrl-C too: what did not start must not keep its provider
            providers.give_back(self._provider)
            raise

    @property
    def address(self) -> str:
        """Where the sidecar takes calls."""
        return str(self.sidecar.ready["grpc"][0])

    def close(self) -> None:
        """Ends the sidecar, and gives the provider back."""
        self.sidecar.end()
        self._providers.give_back(self._provider)

    def journal(self, name: str = "") -> list[Values]:
        """What the provider received, oldest first: all that came through the sidecar, or that of one entry."""
        entries = self._provider.http("GET", "/__journal")["entries"]
        asked = [entry for entry in entries if not str(entry["model"]).endswith("+reference")]
        return [entry for entry in asked if not name or entry["model"] == self.entries[name].model_id]

    def whole_answer(self, prompt: str, model: str, **fields: Any) -> Values:
        """What the provider answers `prompt` with when nothing goes wrong and nobody is in between: its first choice."""
        body = {"model": f"{model}+burst+reference", "messages": [{"role": "user", "content": prompt}], **fields}
        answer = self._provider.http("POST", "/v1/chat/completions", body)
        return {**answer["choices"][0], "usage": answer["usage"]}

    def restart_script(self, script: Mapping[str, Any]) -> float:
        """Runs another script, from its beginning; when, in seconds since 1970."""
        return self._provider.run(script)

    def _configuration(self, entries: Sequence[Entry], policy: Mapping[str, Any]) -> tuple[Values, dict[str, str]]:
        providers: Values = {}
        variables = {"SCORECARD_KEY": "sk-ant-scorecard"}
        for entry in entries:
            origin = self._provider.origins[entry.listener]
            is_openai = entry.protocol == "openai"
            known: Values = {"protocol": entry.protocol, "base_url": origin + ("/v1" if is_openai else "")}
            if entry.keys:
                names = [f"SCORECARD_{entry.name.upper()}_{number}" for number in range(len(entry.keys))]
                variables |= dict(zip(names, entry.keys, strict=True))
                known["profiles"] = [
                    {"name": f"k{place}", "api_key": f"env:{name}"} for place, name in enumerate(names, 1)
                ]
            else:
                known["api_key"] = "none" if is_openai else "env:SCORECARD_KEY"
            if entry.prefill:
                known["prefill"] = entry.prefill
            if entry.model_settings:
                known["models"] = {entry.model_id: dict(entry.model_settings)}
            providers[entry.name] = known
        return {"listen": {"grpc": ["127.0.0.1:0"]}, "providers": providers, "policy": dict(policy)}, variables
