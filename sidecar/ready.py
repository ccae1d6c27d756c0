"""The ready file: there while the sidecar serves, with the addresses it serves on."""

from __future__ import annotations

import logging
import os
import pathlib

import orjson

log = logging.getLogger("remora.app")


class StartError(Exception):
    """The sidecar cannot start; the text says why in one line."""


class ReadyFile:
    """`path` None: nobody asked for one. A file of an earlier process is removed at once. Raises StartError."""

    def __init__(self, path: str | None) -> None:
        self._path = pathlib.Path(path) if path is not None else None
        self._written = b""
        if self._path is None:
            return
        if not os.access(self._path.parent, os.W_OK):
            raise StartError(f"{self._said()}: no such folder, or no right to write in it")
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StartError(f"{self._said()}: {error.strerror}") from None

    def write(self, grpc: list[str], probe: list[str] | None = None) -> None:
        """Written whole or not at all: readers wait for it to appear. Raises StartError."""
        if self._path is None:
            return
        self._written = orjson.dumps({"grpc": grpc, "http": None, "probe": probe})
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            unfinished.write_bytes(self._written)
            unfinished.replace(self._path)
        except OSError as error:
            raise StartError(f"{self._said()}: {error.strerror}") from None

    def withdraw(self) -> None:
        """Takes it away when nobody serves there any more. Another process's file stays, and nothing hinders the drain."""
        try:
            if self._path is not None and self._path.read_bytes() == self._written:
                self._path.unlink()
        except OSError as error:
            log.warning("the ready file %s could not be removed: %s", self._path, error.strerror)

    def _said(self) -> str:
        return f"the ready file {self._path} cannot be written"
