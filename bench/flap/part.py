"""A process of the run: the parent asks it by a line of JSON on its standard input, it answers by one on its output."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import select
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Values = dict[str, Any]
Handlers = Mapping[str, Callable[..., Awaitable[Values]]]
END_S = 15.0
MAX_LINE_BYTES = 1 << 20


class PartError(Exception):
    """A process ended, or did not answer in time; the text has the end of what it said."""


class Part:
    """The parent's side. What the process logs goes to `log`. Use as a context manager."""

    def __init__(self, module: str, log: pathlib.Path, env: Mapping[str, str]) -> None:
        self._module = module
        self._env = env
        self.log = log

    def __enter__(self) -> Part:
        with self.log.open("wb") as stderr:
            command = [sys.executable, "-m", self._module]
            self._process = subprocess.Popen(
                command, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, what: str, limit_s: float = 30.0, /, **values: Any) -> Values:
        """Its answer. Raises PartError."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps({"what": what, "values": values}).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._error(what) from None
        line, ends_at = b"", time.monotonic() + limit_s
        while not line.endswith(b"\n"):
            if not select.select([stdout], [], [], max(0.0, ends_at - time.monotonic()))[0]:
                raise self._error(f"{what} took longer than {limit_s:g} s")
            if not (data := os.read(stdout.fileno(), 65536)):
                raise self._error(what)
            line += data
        answer: Values = json.loads(line)
        return answer

    def _error(self, why: str) -> PartError:
        return PartError(f"{self._module}: {why}\n{self.log.read_text()[-2000:]}")


async def serve(handlers: Handlers) -> None:
    """The child's side: answers one question after the other until its input ends."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not get in between
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        answer = await handlers[asked["what"]](**asked["values"])
        with os.fdopen(os.dup(out), "wb") as stream:
            stream.write(json.dumps(answer).encode() + b"\n")
