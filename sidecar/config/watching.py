"""Notices that a configuration, or a file it names, has changed and come to rest.

By looking: one `stat` a file, about once a second. That works on every mount, follows symbolic links (a mounted
ConfigMap or Secret changes by swapping one, `..data`), and needs no watch to be kept alive. What counts is content: a
file written anew with the same bytes is no change. Whoever replaces a file rarely does so in one step, so a change must
have rested for SETTLE_S, and for ABSENT_S while a file is missing or empty that was not.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..regular_file import opener

POLL_S = 1.0
UNSETTLED_POLL_S = 0.1
"""How often to look while a change has not come to rest."""
SETTLE_S = 0.3
ABSENT_S = 2.0
_MAX_BYTES = 8_388_608
"""More than any file that a configuration may name; the rest of a longer one is not looked at."""

Signature = tuple[int, int, int, int]
"""Device, inode, size in bytes, modification time in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How the files stood at one instant. `digests`: of their contents; None for a file that cannot be read."""

    signatures: Mapping[str, Signature | None]
    digests: Mapping[str, bytes | None]


def signature_of(path: str) -> Signature | None:
    """Of the file that a path leads to; None if there is none, or no way to it."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def digest_of(path: str) -> bytes | None:
    """Of a regular file's content; None if it cannot be read. A digest, so that no secret is kept for comparing."""
    try:
        with open(path, "rb", opener=opener) as file:
            return hashlib.sha256(file.read(_MAX_BYTES)).digest()
    except (OSError, ValueError):
        return None


class Watcher:
    """Watches `paths`. Not for use by several threads at once; does blocking I/O, bounded by the number of files."""

    def __init__(
        self,
        paths: Iterable[str],
        *,
        signature: Callable[[str], Signature | None] = signature_of,
        digest: Callable[[str], bytes | None] = digest_of,
    ) -> None:
        self._signature = signature
        self._digest = digest
        self._paths = tuple(dict.fromkeys(paths))
        self._known = self.mark()
        self._seen = self._known.signatures
        self._changed_at: float | None = None

    def mark(self) -> Mark:
        """How the files stand now. Taken before they are loaded, so that a change meanwhile is not lost."""
        return Mark(self._signatures(), {path: self._digest(path) for path in self._paths})

    def loaded(self, mark: Mark, paths: Iterable[str]) -> None:
        """What stood at `mark` was loaded, whatever came of it; from now on these are the files."""
        self._paths = tuple(dict.fromkeys(paths))
        new = [path for path in self._paths if path not in mark.signatures]
        signatures = {**mark.signatures, **{path: self._signature(path) for path in new}}
        digests = {**mark.digests, **{path: self._digest(path) for path in new}}
        self._known = Mark(
            {path: signatures[path] for path in self._paths}, {path: digests[path] for path in self._paths}
        )
        self._seen, self._changed_at = self._known.signatures, None

    @property
    def digests(self) -> Mapping[str, bytes | None]:
        """Of the files as they were loaded last."""
        return self._known.digests

    @property
    def is_settled(self) -> bool:
        """Whether nothing has changed that has not come to rest."""
        return self._changed_at is None

    def look(self, now: float) -> bool:
        """Whether there is something new to load. `now`: monotonic seconds."""
        signatures = self._signatures()
        if signatures != self._seen:
            self._seen, self._changed_at = signatures, now
        if self._changed_at is None:
            return False
        if now - self._changed_at < (ABSENT_S if self._is_absent() else SETTLE_S):
            return False
        digests = {path: self._digest(path) for path in self._paths}
        if self._signatures() != signatures:
            return False  # it was written while it was read; the next look sees it
        self._changed_at = None
        if digests != self._known.digests:
            return True
        self._known = Mark(signatures, digests)
        return False

    def _is_absent(self) -> bool:
        """Whether a file is missing or empty that was not when it was loaded: somebody may be replacing it."""
        return any(
            _has_content(self._known.signatures[path]) and not _has_content(self._seen[path]) for path in self._paths
        )

    def _signatures(self) -> dict[str, Signature | None]:
        return {path: self._signature(path) for path in self._paths}


def _has_content(signature: Signature | None) -> bool:
    return signature is not None and signature[2] > 0
