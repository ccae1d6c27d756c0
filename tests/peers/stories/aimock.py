"""aimock as a process of its own: started with its fixtures, asked for its journal, ended by its pid."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

START_S = 20.0
END_S = 5.0
HTTP_S = 5.0
PROGRAM = Path(__file__).parent.parent / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
CHUNK_CHARACTERS = 8
LATENCY_MS = 3
"""Between chunks: enough that each leaves on its own, so that a cut loses none of those before it."""

Json = dict[str, Any]


class AimockError(Exception):
    """It did not start; the text has what it wrote."""


class Aimock:
    """aimock on a free port of 127.0.0.1, which answers by `fixtures` and takes `keys` only. A context manager."""

    def __init__(self, folder: Path, fixtures: Sequence[Json], keys: Sequence[str]) -> None:
        self._fixtures, self._log = folder / "fixtures.json", folder / "aimock.log"
        self._fixtures.write_text(json.dumps({"fixtures": list(fixtures)}), encoding="utf-8")
        self._key, self._environment = keys[0], {"PATH": os.environ["PATH"], "AIMOCK_API_KEYS": ",".join(keys)}
        self._process: subprocess.Popen[bytes] | None = None
        self.origin = ""

    def __enter__(self) -> Aimock:
        node = shutil.which("node")
        if node is None or not PROGRAM.exists():
            raise AimockError("`make peers` installs aimock; it needs Node and npm")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [node, str(PROGRAM), *self._options()],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.origin = self._address()
        except BaseException:  # a test run that is interrupted too leaves no process behind
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def base_url(self, wire: str) -> str:
        """Where a provider of that wire protocol is."""
        return f"{self.origin}/v1" if wire == "openai" else self.origin

    def asked(self, model: str) -> list[Json]:
        """The journal's entries of requests for a model, oldest first; those with a key it refused are not in it."""
        request = urllib.request.Request(
            f"{self.origin}/__aimock/journal", headers={"authorization": f"Bearer {self._key}"}
        )
        # Loopback only: a proxy from the environment has no say.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=HTTP_S) as response:
            entries: list[Json] = json.load(response)
        return [entry for entry in entries if entry["body"] and entry["body"].get("model") == model]

    def statuses(self, model: str) -> list[int]:
        """What those requests were answered; 0: nothing, the connection was cut."""
        return [entry["response"]["status"] for entry in self.asked(model)]

    def _options(self) -> list[str]:
        pace = ["--chunk-size", str(CHUNK_CHARACTERS), "--latency", str(LATENCY_MS)]
        fixtures = ["--fixtures", str(self._fixtures), "--validate-on-load", "--strict", "--journal-max", "0"]
        return ["--host", "127.0.0.1", "--port", "0", *pace, *fixtures]

    def _address(self) -> str:
        assert self._process is not None
        give_up_at = time.monotonic() + START_S
        while (found := re.search(r"listening on (http://\S+)", said := self._log.read_text())) is None:
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise AimockError(f"exit code {self._process.returncode}: {said}")
            time.sleep(0.01)  # another process's output: there is no event to await
        return found.group(1)

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
