"""Loads a configuration in a process of its own, `python -m sidecar.config.loader [FILE]`: the parent's side.

Checking a file needs libraries that would stay in the serving process's memory, and a tenth of a second of CPU that
streams would have to wait for. So a child checks, and hands plain values back through a pipe, pickled: nobody else can
write into that pipe, and nothing of it is ever on a disk. The child ends with its parent (its standard input closes),
and after LIMIT_S at the latest.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .outcome import Outcome
from .problem import Problem

LIMIT_S = 30.0
ENVIRONMENT = "environment"
"""The source's name where there is no file."""
_PIECE_BYTES = 65_536
_PACKAGES = str(Path(__file__).resolve().parents[2])


class Loading:
    """One load under way: started by making it, so that the parent can do other work meanwhile."""

    def __init__(self, path: str | None, command: Sequence[str] = ()) -> None:
        """`path` None: providers from the environment. `command`: instead of the usual child, for tests."""
        self._source = path or ENVIRONMENT
        usual = [sys.executable, "-P", "-m", "sidecar.config.loader", *([path] if path is not None else [])]
        self._process = subprocess.Popen(
            list(command) or usual, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )

    def result(self, limit_s: float = LIMIT_S) -> Outcome:
        """Waits for the outcome, `limit_s` at the most. A child that ends without one is a problem, too."""
        data = self._read(time.monotonic() + limit_s)
        if data is None:
            self.cancel()
        code = self._close()
        if data is None:
            return self._failed(f"could not be checked within {limit_s:g} s")
        if code != 0 or not data:
            how = f"signal {-code}" if code < 0 else f"code {code}"
            return self._failed(f"could not be checked: the process that checks it ended with {how}")
        outcome = pickle.loads(data)
        assert isinstance(outcome, Outcome)
        return outcome

    def cancel(self) -> None:
        """Ends the child; what waits for its outcome has one then. Harmless when it has ended."""
        if self._process.poll() is None:
            self._process.kill()

    def _read(self, until: float) -> bytes | None:
        """All that the child writes; None if it has not ended by `until`."""
        data = bytearray()
        pipe = self._process.stdout
        assert pipe is not None
        poll = select.poll()  # not select(): a busy server has descriptors beyond what that takes
        poll.register(pipe)
        while (left_s := until - time.monotonic()) > 0.0:
            if poll.poll(left_s * 1000.0):
                piece = os.read(pipe.fileno(), _PIECE_BYTES)
                if not piece:
                    return bytes(data)
                data += piece
        return None

    def _close(self) -> int:
        """The exit code of a child that has closed its pipe."""
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return code

    def _failed(self, message: str) -> Outcome:
        return Outcome(self._source, problems=(Problem("", None, None, message),))


def _environment() -> dict[str, str]:
    """Ours, and where this package is: with -P the child does not look into the working directory for modules."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_PACKAGES}{os.pathsep}{known}" if known else _PACKAGES}
