"""A program with what it says in a file; ended by its pid whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

STOP_LIMIT_S = 15.0
BOUND = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""Ends it with us where we are killed and can end nothing (util-linux)."""
PAUSE_S = 0.05
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
TOLD_CHARACTERS = 4000
"""Of its last words, in a failure."""


class Child:
    """`start` begins it; its end, or the end of the `with` block, ends it."""

    def __init__(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._command = [*BOUND, *map(str, command)]
        self._environment = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(environment or {})
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Child:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the running program."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    def said(self) -> str:
        """Its output so far, both streams."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Begins it; what it says is added to the log."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)

    def until(self, condition: Callable[[], bool], limit_s: float, what: str) -> None:
        """Waits; AssertionError with its last words when it ended before, or after `limit_s`."""
        limit = time.monotonic() + limit_s
        while not condition():
            ended = self.exit_code
            assert ended is None, f"it ended with {ended} before {what}: {self.said()[-TOLD_CHARACTERS:]}"
            assert time.monotonic() < limit, f"not {what} in {limit_s} s: {self.said()[-TOLD_CHARACTERS:]}"
            time.sleep(PAUSE_S)  # another process: there is no event to await

    def send(self, number: signal.Signals) -> None:
        """A signal to it alone."""
        os.kill(self.pid, number)

    def wait(self, limit_s: float) -> int:
        """Its exit code; AssertionError with its last words when it still runs after `limit_s`."""
        assert self._process is not None, "it was not started"
        try:
            return self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it runs after {limit_s} s: {self.said()[-TOLD_CHARACTERS:]}") from None

    def stop(self) -> None:
        """Ends it: asked first, and killed where it does not listen."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
