"""The ready file: there while the sidecar serves, with the addresses it serves on."""

from __future__ import annotations

import os
import pathlib

import orjson


class StartError(Exception):
    """The sidecar cannot start; the text says why in one line."""


class ReadyFile:
    """`path` None: nobody asked for one. A file of an earlier process is removed at once. Raises StartError."""

    def __init__(self, path: str | None) -> None:
        self._path = pathlib.Path(path) if path is not None else None
        self.remove()
        if self._path is not None and not os.access(self._path.parent, os.W_OK):
            raise StartError(
                f"the ready file {self._path} cannot be written: no such folder, or no right to write in it"
            )

    def write(self, grpc: list[str]) -> None:
        """Written whole or not at all: readers wait for it to appear."""
        if self._path is None:
            return
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            unfinished.write_bytes(orjson.dumps({"grpc": grpc, "http": None, "probe": None}))
            unfinished.replace(self._path)
        except OSError as error:
            raise StartError(f"the ready file {self._path} cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        """Takes it away: nobody serves on its addresses any more."""
        if self._path is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StartError(f"the ready file {self._path} cannot be removed: {error.strerror}") from None
