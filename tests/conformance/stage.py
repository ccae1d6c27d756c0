"""Where cases are played: one simulator for all, and one sidecar process for the cases whose process has equal settings."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from sidecar.simulator import Entry, Simulator, fingerprint, parse_script

from ..server.process import Sidecar
from .case import Case

WAIT_S = 5.0
LISTENERS = {"dead": "refused", "other": "open"}
STANDARD: dict[str, Any] = {"policy": {"retry_budget": {"capacity": 100000}, "hedge_budget": {"capacity": 100000}}}
"""The settings of a process that has none of its own: retries and hedges of many cases must not be each other's bound."""


def secret_of(name: str, number: int = 1) -> str:
    """The key of a profile, "provider/profile"; its `number`-th, where it is renewed."""
    return f"key-{number}-of-{name.replace('/', '-')}-0123456789"


def profiles_of(case: Case) -> dict[str, dict[str, Any]]:
    """The profiles of a case's providers by "provider/profile"."""
    found = {}
    for provider, settings in case.providers.items():
        for profile in settings.get("profiles", ["main"]):
            profile = {"name": profile} if isinstance(profile, str) else profile
            found[f"{provider}/{profile['name']}"] = profile
    return found


class Stage:
    """The simulator's script is that of all cases together, so nothing is replaced while they are played."""

    def __init__(self, folder: Path, cases: Iterable[Case]) -> None:
        self._folder = folder
        self._cases = tuple(cases)
        self._sidecars: dict[bytes, Sidecar] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        rules = [_rule(case, rule) for case in self._cases if case.script != "none" for rule in case.script]
        script = {"listeners": LISTENERS, "journal_bodies": True, "rules": rules}
        defaults = {"first_token_s": 0.001, "tokens_per_s": 2000}
        self._simulator = Simulator(parse_script(orjson.dumps(script | {"defaults": defaults}).decode()))
        self.keys: dict[str, str] = {}

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

    def sidecar(self, case: Case) -> Sidecar:
        """The process that plays the case, started when it is needed."""
        group = _group(case)
        if group not in self._sidecars:
            self._sidecars[group] = self._start([one for one in self._cases if _group(one) == group])
        return self._sidecars[group]

    def journal(self, case: Case) -> list[Entry]:
        """The requests that came with a key of the case, oldest first."""
        own = {key for key, name in self.keys.items() if name.split("#")[0] in profiles_of(case)}
        return [entry for entry in self._simulator.journal if entry.key in own]

    def listener(self, base_url: str) -> str:
        """The name of the listener that a base URL leads to."""
        names = {name: self._simulator.url_of(name) for name in LISTENERS}
        return next((name for name, url in names.items() if base_url.startswith(url.removesuffix("/v1"))), "main")

    def renew(self, name: str) -> None:
        """Writes another key into a profile's file."""
        secret = secret_of(name, 2)
        self.keys[fingerprint(secret)] = f"{name}#2"
        self._key_file(name).write_text(secret)

    def _key_file(self, name: str) -> Path:
        return self._folder / name.replace("/", "-")

    def _start(self, cases: list[Case]) -> Sidecar:
        variables: dict[str, str] = {}
        settings: dict[str, Any] = {"listen": {"grpc": ["127.0.0.1:0"]}, "providers": {}, "aliases": {}}
        for case in cases:
            settings["aliases"] |= {} if case.aliases == "none" else case.aliases
            for name in case.providers:
                settings["providers"][name] = self._provider(case, name, variables)
        settings |= STANDARD if cases[0].process == "none" else cases[0].process
        folder = self._folder / f"process-{len(self._sidecars)}"
        return Sidecar(folder, orjson.dumps(settings).decode(), **variables).start()

    def _provider(self, case: Case, name: str, variables: dict[str, str]) -> dict[str, Any]:
        settings = {key: value for key, value in case.providers[name].items() if key != "at"}
        protocol = settings.setdefault("protocol", "openai")
        settings["base_url"] = self._url(case.providers[name].get("at", "main"), protocol)
        settings["profiles"] = [
            self._profile(full, profile, protocol, variables)
            for full, profile in profiles_of(case).items()
            if full.split("/")[0] == name
        ]
        return settings

    def _profile(self, full: str, profile: dict[str, Any], protocol: str, variables: dict[str, str]) -> dict[str, Any]:
        settings = {key: value for key, value in profile.items() if key not in ("at", "in_file")}
        if "at" in profile:
            settings["base_url"] = self._url(profile["at"], protocol)
        secret = secret_of(full)
        self.keys[fingerprint(secret)] = full
        if profile.get("in_file"):
            self._key_file(full).write_text(secret)
            return settings | {"api_key": f"file:{self._key_file(full)}"}
        variable = f"KEY_{len(variables)}"
        variables[variable] = secret
        return settings | {"api_key": f"env:{variable}"}

    def _url(self, listener: str, protocol: str) -> str:
        url = self._simulator.base_url if listener == "main" else self._simulator.url_of(listener)
        return url.removesuffix("/v1") if protocol == "anthropic" else url


def _group(case: Case) -> bytes:
    return orjson.dumps(STANDARD if case.process == "none" else case.process)


def _rule(case: Case, rule: dict[str, Any]) -> dict[str, Any]:
    match = rule.get("match", {}) | {"prompt": case.prompt}
    if "key" in match:
        name, _, number = match["key"].partition("#")
        match["key"] = fingerprint(secret_of(name, int(number or 1)))
    return rule | {"match": match}
