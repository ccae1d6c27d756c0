"""Whoever should read stderr does not: calls, probes and the end go on, and memory stays."""

from __future__ import annotations

import os
import re
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from .conversation import question
from .outcome import chat
from .process import Sidecar
from .provider import Provider

END_LIMIT_S = 8.0
GROWTH = 8_000_000
"""Bytes, for 2,000 calls: their reports, which are kept for ten minutes, take 2 MB of it."""


class Unheard(Sidecar):
    """A sidecar whose stderr is a special file, which nobody can look into afterwards."""

    def __init__(self, folder: Path, stderr: Path, provider: Provider) -> None:
        config = (
            'listen: {grpc: ["127.0.0.1:0"], probe: "127.0.0.1:0"}\n'
            f"providers:\n  sim: {{protocol: openai, base_url: {provider.url}, api_key: env:SIM_KEY}}\n"
        )
        super().__init__(folder, config, SIM_KEY="key-of-sim-0123456789")
        self._stderr = stderr

    @property
    def log(self) -> str:
        return "(not kept)"

    def call(self, number: int) -> None:
        """So many calls, eight at once; all of them succeed."""

        def one(_: int) -> grpc.StatusCode:
            return chat(self.chat, question("sim/ok")).code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(number))) == {grpc.StatusCode.OK}

    def asked(self, path: str) -> str:
        """What the probe listener answers."""
        with urllib.request.urlopen(f"http://{self.probe}{path}", timeout=5) as response:
            text: str = response.read().decode()
            return text

    def dropped(self, cause: str) -> int:
        """How many lines of the log were lost."""
        found = re.search(rf'^remora_log_lines_dropped_total{{cause="{cause}"}} (\S+)$', self.asked("/metrics"), re.M)
        return int(float(found[1])) if found else 0


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe, and its reading end, which can be read without waiting."""
    path = tmp_path / "stderr"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, end
    os.close(end)


def test_a_pipe_that_nobody_reads_holds_up_neither_calls_nor_probes_nor_the_end(
    pipe: tuple[Path, int], provider: Provider, tmp_path: Path
) -> None:
    with Unheard(tmp_path / "unheard", pipe[0], provider) as sidecar:
        sidecar.call(400)
        assert sidecar.asked("/healthz") == '{"status": "ok"}'
        began = time.monotonic()
        sidecar.terminate()
        assert sidecar.wait() == 0
        assert time.monotonic() - began < END_LIMIT_S
    assert len(os.read(pipe[1], 1_000_000)) > 50_000, "the pipe was full"


def test_a_stderr_that_cannot_be_written_keeps_nothing_in_memory(provider: Provider, tmp_path: Path) -> None:
    with Unheard(tmp_path / "unheard", Path("/dev/full"), provider) as sidecar:
        sidecar.call(500)
        before = sidecar.resident_bytes
        sidecar.call(2000)
        assert sidecar.resident_bytes - before < GROWTH
        assert sidecar.dropped("failed") > 2000
        sidecar.terminate()
        assert sidecar.wait() == 0


def test_a_reader_that_goes_away_costs_lines_and_no_calls(
    pipe: tuple[Path, int], provider: Provider, tmp_path: Path
) -> None:
    with Unheard(tmp_path / "unheard", pipe[0], provider) as sidecar:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, pipe[1])  # closes the reading end
        os.close(nothing)
        sidecar.call(50)
        limit = time.monotonic() + END_LIMIT_S
        while sidecar.dropped("failed") < 50:  # another process's thread: there is no event to await
            assert time.monotonic() < limit
        sidecar.terminate()
        assert sidecar.wait() == 0
