"""The state file on the disk: one process at a time, whole or not at all, and readable by its owner only.

JSON written anew each time, rather than a database: some hundred bytes a row and a thousand rows at the most, written
when a key has been refused, which it then is not for a minute or longer. A file that is replaced in one step needs no
journal beside it and no recovery, is broken by no crash, and can be read by people.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from .state_format import Content, FormatError, parsed, rendered

MAX_BYTES = 4 * 1024 * 1024
"""A longer file is none of ours."""
_MODE = 0o600


class StateFileError(Exception):
    """The file cannot be used at all; the text says why in one line, with its path."""


class StateFile:
    """`path` is followed through links. Beside it stand `.lock` and, for a moment, `.new`; `.bad` if one was unusable.

    Call `lock` first: whoever holds it is the only one that reads and writes.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(os.path.realpath(path))
        self._lock: int | None = None

    def lock(self) -> None:
        """Takes the file for this process until `unlock` or its end, however it ends. Raises StateFileError.

        The lock is on a file beside it, which stays: the file itself is another one after each write.
        """
        if self.path.is_dir():
            raise StateFileError(f"the state file {self.path} is a folder")
        try:
            held = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT, _MODE)
        except OSError as error:
            raise StateFileError(f"the state file {self.path} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise StateFileError(
                f"the state file {self.path} is in use by another sidecar; each needs a file of its own"
            ) from None
        except OSError as error:
            os.close(held)
            raise StateFileError(f"the state file {self.path} cannot be locked: {error.strerror}") from None
        self._lock = held

    def unlock(self) -> None:
        """Gives the file free. Harmless without a lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self) -> Content | None:
        """What is in it; None: there is no file yet. Raises FormatError, also where it cannot be read."""
        try:
            with self.path.open("rb") as file:
                text = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FormatError(f"it cannot be read: {error.strerror}") from None
        if len(text) > MAX_BYTES:
            raise FormatError("it is too long")
        return parsed(text)

    def set_aside(self) -> Path:
        """Moves an unusable file out of the way, over an earlier one: where to. Raises StateFileError."""
        aside = self._beside("bad")
        try:
            self.path.replace(aside)
        except OSError as error:
            raise StateFileError(
                f"the state file {self.path} is unusable and cannot be moved: {error.strerror}"
            ) from None
        return aside

    def write(self, content: Content) -> None:
        """Replaces it. Raises OSError, and the old file is still whole then.

        The new one is on the disk before it takes the name, so that a crash of the machine leaves the one or the other.
        """
        new = self._beside("new")
        new.unlink(missing_ok=True)
        written = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            with os.fdopen(written, "wb") as file:
                file.write(rendered(content))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")
