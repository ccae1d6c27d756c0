"""Processes one after the other on one state file: their clocks, their health, their keepers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.core.catalog import Target
from sidecar.core.reasons import Reason
from sidecar.core.tuning import CooldownSettings
from sidecar.engine import keeper as module
from sidecar.engine.keeper import Keeper
from sidecar.engine.state import HealthState
from sidecar.engine.state_file import StateFile
from sidecar.engine.state_format import RowKey, Rows

from .known import EU, ONE, SIBLING, TWO, fail, health, until

EPOCH, HOUR_S, DAY_S = 1_800_000_000.0, 3600.0, 86_400.0
SETTINGS = CooldownSettings()
KNOWN_IDS = frozenset(target.key_id for target in (ONE, TWO, SIBLING, EU))
LIMIT_S = 10.0


class Watch:
    """Both clocks. A process that starts anew has another monotonic one: `restart` at which instant of that it is."""

    def __init__(self) -> None:
        self.monotonic, self.epoch = 100.0, EPOCH

    def now(self) -> float:
        return self.monotonic

    def wall(self) -> float:
        return self.epoch

    def passes(self, duration_s: float) -> None:
        self.monotonic += duration_s
        self.epoch += duration_s

    def restart(self, monotonic: float = 7_000.0) -> None:
        self.monotonic = monotonic


class Process:
    """A health state with its keeper; `key_ids`: of the credentials it has."""

    def __init__(self, path: Path, watch: Watch, key_ids: frozenset[str] = KNOWN_IDS) -> None:
        self.key_ids = key_ids
        self.watch = watch
        self.health: HealthState = health()
        self.keeper = Keeper(StateFile(str(path)), self.health, watch, lambda: self.key_ids)

    def start(self) -> int:
        return self.keeper.start(SETTINGS)

    def refused(self, target: Target, reason: Reason) -> None:
        fail(self.health, target, reason, self.watch.now())

    def held_s(self, target: Target) -> float | None:
        end = until(self.health, target, self.watch.now())
        return None if end is None else round(end - self.watch.now(), 3)


class Generations:
    """`begin` starts a process, after the end of the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watch = Watch()
        self._running: Process | None = None

    def begin(self, key_ids: frozenset[str] = KNOWN_IDS) -> Process:
        self.end()
        self.watch.restart()
        self._running = Process(self.path, self.watch, key_ids)
        self._running.start()
        return self._running

    def end(self) -> None:
        if self._running is not None:
            self._running.keeper.close(LIMIT_S)
            self._running = None

    @property
    def rows(self) -> Rows:
        """What is in the file."""
        content = StateFile(str(self.path)).read()
        assert content is not None
        return content.rows

    def ended(self, process: Process) -> dict[RowKey, tuple[Reason, float]]:
        """What is in the file when everything was written: reason and end, in seconds from the beginning."""
        assert process.keeper._newest.close(LIMIT_S)
        return {key: (row.reason, row.until - EPOCH) for key, row in self.rows.items()}


def row_of(target: Target, model: str | None = None) -> RowKey:
    """The row's key, with the names that `cheap_names` gives."""
    return f"name of {target.key_id}", model


def cheap_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on names cost nothing; gives the key ids that are named."""
    named: list[str] = []

    def name(key_id: str, salt: bytes) -> str:
        named.append(key_id)
        return f"name of {key_id}"

    monkeypatch.setattr(module, "name_of", name)
    return named
