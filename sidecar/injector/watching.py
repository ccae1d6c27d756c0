"""Values that are made of files, and made again when the files change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

Value = TypeVar("Value")
_Mark = tuple[object, ...]


class Change(StrEnum):
    """What became of changed files."""

    APPLIED = "applied"
    REFUSED = "refused"


class Watched(Generic[Value]):
    """`load` raises one of `faults` for files that will not do; then the value stays, until they change once more.

    Files are looked at, not subscribed to: Kubernetes swaps a link in front of mounted ones.
    """

    def __init__(self, paths: Sequence[Path], load: Callable[[], Value], faults: tuple[type[Exception], ...]) -> None:
        self._paths = paths
        self._load = load
        self._faults = faults
        self._seen: _Mark | None = None
        self.value: Value | None = None
        self.problem: Exception | None = None
        """Why the newest files were refused."""

    def look(self) -> Change | None:
        """Loads if something changed since the last look; the first look always loads."""
        mark = tuple(map(_mark, self._paths))
        if mark == self._seen:
            return None
        self._seen = mark
        try:
            self.value = self._load()
        except self._faults as error:
            self.problem = error
            return Change.REFUSED
        self.problem = None
        return Change.APPLIED


def _mark(path: Path) -> _Mark:
    """What differs once a file was written, replaced, or reached by another way."""
    try:
        found = path.stat()
        return str(path.resolve()), found.st_ino, found.st_mtime_ns, found.st_size
    except OSError:
        return ()
