"""Keeps the cooldowns of refused credentials in the state file, from one process to the next (failover.md §7).

The file is read once, at the start. A credential that no configuration of this process has keeps its rows until they
end, since another configuration may come back with it; one that comes back while serving starts clean.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.lasting import Lasting, outlives
from ..core.observation import Change, ChangeKind
from ..core.tuning import CooldownSettings
from .clock import Clock
from .cooldowns import LastingKey
from .newest import AGAIN_S, Newest
from .state import HealthState
from .state_file import StateFile, StateFileError
from .state_format import MAX_MODEL_CHARACTERS, MAX_ROWS, Content, FormatError, Rows, name_of

log = logging.getLogger("remora.engine")
KeyIds = Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What holds now, in epoch seconds. `known`: the key ids of this process. `forgets`: everybody else's rows go, too."""

    lasting: Mapping[LastingKey, Lasting]
    known: frozenset[str]
    wall: float
    forgets: bool = False

    def after(self, older: Snapshot) -> Snapshot:
        """What to write where an older one was not written."""
        return replace(self, forgets=self.forgets or older.forgets)


class Keeper:
    """One for the process. `key_ids`: of the credentials in use. All but the writing happens on the event loop."""

    def __init__(
        self, file: StateFile, health: HealthState, clock: Clock, key_ids: KeyIds, *, again_s: float = AGAIN_S
    ) -> None:
        self._file = file
        self._health = health
        self._clock = clock
        self._key_ids = key_ids
        self._book = _Book(Content.empty())
        self._given: tuple[object, ...] | None = None
        self._newest = Newest(f"state file {file.path}", self._write, _merged, clock, again_s)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def start(self, settings: CooldownSettings) -> int:
        """Locks the file, puts back what still holds, and keeps it from now on: how many cooldowns. Raises StateFileError.

        Costs some 50 ms for each configured credential if the file has any row that still holds, else next to nothing.
        """
        self._file.lock()
        try:
            restored = self._restore(settings)
            self._file.write(self._book.content)  # shows now, not at the first refusal, whether that can be done
        except OSError as error:
            self._file.unlock()
            raise StateFileError(f"the state file {self._file.path} cannot be written: {error.strerror}") from None
        except StateFileError:
            self._file.unlock()
            raise
        self._health.subscribe(self._hear)
        self._newest.start()
        return restored

    def close(self, limit_s: float) -> None:
        """Writes what waits, within `limit_s`, and gives the file free."""
        if self._newest.close(limit_s):
            self._file.unlock()
        else:
            log.error("the state file %s was not written within %g s", self._file.path, limit_s)

    def _restore(self, settings: CooldownSettings) -> int:
        wall = self._clock.wall()
        content = self._read()
        held = {key: now for key, then in content.rows.items() if (now := then.held(wall, settings)) is not None}
        self._book = _Book(replace(content, rows=held))
        restored = 0
        for key_id in self._key_ids() if held else ():
            name = self._book.name(key_id)
            for key in [key for key in held if key[0] == name]:
                monotonic = held[key].shifted(self._clock.now() - wall)
                self._health.cooldowns.restore((key_id, key[1]), monotonic)
                restored += 1
        return restored

    def _read(self) -> Content:
        try:
            return self._file.read() or Content.empty()
        except FormatError as error:
            aside = self._file.set_aside()
            log.error(
                "the state file %s is unusable: %s; it is kept as %s, and keys that it said were refused are asked again",
                self._file.path,
                error,
                aside,
            )
            return Content.empty()

    def _hear(self, change: Change) -> None:
        if _matters(change):
            self._give(forgets=change.kind is ChangeKind.RESET and change.provider is None)

    def _give(self, *, forgets: bool) -> None:
        now, wall, known = self._clock.now(), self._clock.wall(), self._key_ids()
        lasting = self._health.cooldowns.lasting(now)
        given = (lasting, known)
        if given == self._given and not forgets:
            return
        self._given = given
        in_wall = {key: one.shifted(wall - now) for key, one in lasting.items()}
        self._newest.give(Snapshot(in_wall, known, wall, forgets))

    def _write(self, snapshot: Snapshot) -> None:
        """On the writer's thread."""
        book = self._book.after(snapshot)
        self._file.write(book.content)
        self._book = book


def _matters(change: Change) -> bool:
    """Whether what is kept may differ after it."""
    if change.kind is ChangeKind.COOLING:
        return change.profile is not None and (change.reason is None or outlives(change.reason))
    return change.kind in (ChangeKind.RESET, ChangeKind.CONFIGURED)


def _merged(older: Snapshot, newer: Snapshot) -> Snapshot:
    return newer.after(older)


class _Book:
    """What is in the file, and the names of the credentials that were looked for in it. Used by one thread at a time."""

    def __init__(self, content: Content, names: dict[str, str] | None = None) -> None:
        self.content = content
        self._names: dict[str, str] = names if names is not None else {}

    def name(self, key_id: str) -> str:
        """The name of a credential; takes long the first time."""
        if key_id not in self._names:
            self._names[key_id] = name_of(key_id, self.content.salt)
        return self._names[key_id]

    def after(self, snapshot: Snapshot) -> _Book:
        """The content when this holds: its rows, and, as far as they fit, those of credentials that are not known here."""
        lasting = {key: one for key, one in snapshot.lasting.items() if len(key[1] or "") <= MAX_MODEL_CHARACTERS}
        rows = _latest({(self.name(key_id), model): one for (key_id, model), one in lasting.items()}, MAX_ROWS)
        if not snapshot.forgets:
            left = {key: one for key, one in self.content.rows.items() if key not in rows and one.until > snapshot.wall}
            known = {self.name(key_id) for key_id in snapshot.known} if left else set()
            others = {key: one for key, one in left.items() if key[0] not in known}
            rows |= _latest(others, MAX_ROWS - len(rows))
        return _Book(replace(self.content, rows=rows), self._names)


def _latest(rows: Rows, number: int) -> Rows:
    """The rows that end last, so many at the most."""
    return dict(sorted(rows.items(), key=lambda row: -row[1].until)[:number])
