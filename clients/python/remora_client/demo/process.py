"""Starts and ends the processes a demo needs; each is known by its process id, and none is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

READY_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
_POLL_S = 0.02
_LAST_LINES = 12


class ProcessError(Exception):
    """A process did not start, or ended though it was needed; the text has what it wrote to stderr."""


class Process:
    """A child process in a session of its own, so that Ctrl-C reaches the demo, which then ends it."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        self._read = 0
        with self._log.open("wb") as log:
            self._popen = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def check(self) -> None:
        """Raises ProcessError when it has ended."""
        if self._popen.poll() is not None:
            raise ProcessError(f"the {self.name} ended with exit code {self._popen.returncode}{self._last_words()}")

    def wait_for_file(self, path: Path) -> Any:
        """The JSON of the ready file, once it is there. ProcessError after 30 s, or when the process ends before."""
        give_up_at = time.monotonic() + READY_LIMIT_S
        while not path.exists():
            self.check()
            if time.monotonic() > give_up_at:
                raise ProcessError(f"the {self.name} did not start within {READY_LIMIT_S:g} s{self._last_words()}")
            time.sleep(_POLL_S)
        return json.loads(path.read_bytes())

    def stop(self) -> None:
        """Ends it: SIGTERM, and SIGKILL after 5 s or when somebody is in a hurry."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._popen.kill()
            self._popen.wait()

    def news(self) -> list[str]:
        """The last whole lines it wrote since this was asked before, at most 12."""
        new = self._log.read_bytes()[self._read :]
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        return _last_lines(new)

    def _last_words(self) -> str:
        return "".join(f"\n  {line}" for line in _last_lines(self._log.read_bytes())) or "; it wrote nothing"


def _last_lines(written: bytes) -> list[str]:
    return written.decode(errors="replace").splitlines()[-_LAST_LINES:]


class Processes:
    """The running processes, ended in reverse order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[Process] = []

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> Process:
        """Starts a process; what it writes goes to a file in the folder."""
        process = Process(name, command, self.folder, env)
        self._running.append(process)
        return process

    def start_remora(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
        """Starts a command of Remora that takes `--ready-file`; the content of that file."""
        ready = self.folder / f"{name}.ready"
        command = [sys.executable, "-m", "sidecar.cli", *arguments, "--ready-file", str(ready)]
        return self.start(name, command, env).wait_for_file(ready)

    def news(self) -> list[str]:
        """What they wrote since this was asked before."""
        return [f"{process.name}: {line}" for process in self._running for line in process.news()]

    def check(self) -> None:
        """Raises ProcessError when one of them has ended."""
        for process in self._running:
            process.check()

    def stop(self) -> None:
        """Ends all of them, also when it is interrupted meanwhile."""
        while self._running:
            process = self._running.pop()
            try:
                process.stop()
            except BaseException:  # a second Ctrl-C too: no process of ours may stay behind
                self.stop()
                raise


@contextmanager
def running_in(folder: Path) -> Iterator[Processes]:
    """Processes that end with the block, however it ends; SIGTERM and SIGHUP end the block."""
    processes = Processes(folder)
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield processes
    finally:
        processes.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
