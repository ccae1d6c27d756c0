"""A key file that never gives its content: neither calls, nor probes, nor live changes, nor the end wait for it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from sidecar import composition, live
from sidecar.config.settings import Settings
from sidecar.config.source import Source
from sidecar.core.catalog import Catalog
from sidecar.pb import health_pb2
from sidecar.simulator import fingerprint

from .conversation import question
from .outcome import Outcome, chat
from .process import Sidecar, run
from .provider import Provider
from .test_live import until

OLD, NEW = "old-key-0123456789", "new-key-0123456789"
END_LIMIT_S = 10.0
MODEL = "refused+hanging"
HANG = """
import os
import time


def hanging(real):
    def call(path, *rest, **named):
        while str(path).endswith("/key") and os.access(f"{path}.hangs", os.F_OK):
            time.sleep(0.05)
        return real(path, *rest, **named)

    return call


os.open, os.stat = hanging(os.open), hanging(os.stat)
"""
"""What makes a mount that hangs of a process: while `key.hangs` is there, whoever opens or looks at `key` stands still."""


class Hanging:
    """A sidecar with two providers; `sim` refuses the old key, which comes from a file, and `other` answers."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        folder.mkdir()
        provider.when(MODEL, key=OLD, status=401)
        self.key = folder / "key"
        self.key.write_text(OLD)
        (folder / "sitecustomize.py").write_text(HANG)
        config = (
            'listen: {grpc: ["127.0.0.1:0"], probe: "127.0.0.1:0"}\nproviders:\n'
            f"  sim: {{protocol: openai, base_url: {provider.url}, api_key: file:key}}\n"
            f"  other: {{protocol: openai, base_url: {provider.url}, api_key: env:OTHER_KEY}}\n"
            f"aliases: {{both: {{targets: [sim/{MODEL}, other/ok]}}}}\n"
        )
        path = os.pathsep.join(part for part in (str(folder), os.environ.get("PYTHONPATH")) if part)
        self.sidecar = Sidecar(folder, config, OTHER_KEY="other-key-0123456789", PYTHONPATH=path)

    def ask(self, reference: str) -> Outcome:
        return chat(self.sidecar.chat, question(reference))

    @property
    def problem(self) -> str:
        """Why the newest configuration was refused, as Health says."""
        response = next(iter(self.sidecar.health.Health(health_pb2.HealthRequest())))
        assert isinstance(response, health_pb2.HealthResponse)
        return response.configuration_problem

    def probed(self) -> int:
        with urllib.request.urlopen(f"http://{self.sidecar.probe}/readyz", timeout=5) as response:
            status: int = response.status
            return status

    def ends(self) -> None:
        """By SIGTERM, soon and in order."""
        began = time.monotonic()
        self.sidecar.terminate()
        assert self.sidecar.wait() == 0
        assert time.monotonic() - began < END_LIMIT_S


@pytest.fixture
def hanging(provider: Provider, tmp_path: Path) -> Iterator[Hanging]:
    made = Hanging(tmp_path / "hanging", provider)
    with made.sidecar:
        yield made


def test_a_pipe_in_the_place_of_a_refused_key_holds_up_neither_calls_nor_probes_nor_the_end(hanging: Hanging) -> None:
    hanging.key.unlink()
    os.mkfifo(hanging.key)
    assert hanging.ask("both").code is grpc.StatusCode.OK
    assert hanging.probed() == 200
    until(lambda: "key cannot be read: it is not a regular file" in hanging.problem)
    assert hanging.ask("other/ok").code is grpc.StatusCode.OK
    hanging.ends()


def test_a_pipe_that_becomes_a_file_again_is_a_key_again(hanging: Hanging, provider: Provider) -> None:
    hanging.key.unlink()
    os.mkfifo(hanging.key)
    until(lambda: "it is not a regular file" in hanging.problem)
    hanging.key.unlink()
    hanging.key.write_text(NEW)
    until(
        lambda: (
            "key of sim/main replaced" in hanging.sidecar.log or "key of sim/default replaced" in hanging.sidecar.log
        )
    )
    assert hanging.problem == ""
    assert hanging.ask(f"sim/{MODEL}").code is grpc.StatusCode.OK
    assert provider.ended(MODEL).key == fingerprint(NEW)


def test_a_mount_that_hangs_holds_up_neither_calls_nor_probes_nor_the_end(hanging: Hanging) -> None:
    hangs = hanging.key.with_name("key.hangs")
    hangs.touch()
    assert hanging.ask("both").code is grpc.StatusCode.OK
    assert hanging.probed() == 200
    time.sleep(1.5)  # so that the watcher's look hangs too: nothing tells of it
    assert hanging.ask("other/ok").code is grpc.StatusCode.OK
    hanging.ends()


def test_a_mount_that_answers_again_is_looked_at_again(hanging: Hanging, provider: Provider) -> None:
    hangs = hanging.key.with_name("key.hangs")
    hangs.touch()
    time.sleep(1.5)  # so that the watcher's look hangs: nothing tells of it
    hanging.key.write_text(NEW)
    hangs.unlink()
    until(lambda: hanging.ask(f"sim/{MODEL}").code is grpc.StatusCode.OK)
    assert provider.ended(MODEL).key == fingerprint(NEW)


def test_a_pipe_as_the_configuration_ends_the_start_with_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "remora.yaml")
    ended = run("serve", "--config", str(tmp_path / "remora.yaml"))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [f"{tmp_path / 'remora.yaml'}: cannot be read: it is not a regular file"]


class HangingSource(Source):
    """The environment, with one look that returns when it is let go."""

    def __init__(self) -> None:
        super().__init__(None)
        self.goes_on, self.looks = threading.Event(), 0

    def look(self, now: float) -> bool:
        self.looks += 1
        self.goes_on.wait(20.0)
        return False

    @property
    def look_again_s(self) -> float:
        return 0.001


async def test_a_look_that_takes_long_is_in_the_log_once_and_the_next_one_follows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "LATE_S", 0.05)
    caplog.set_level("WARNING", "remora.config")
    source, sidecar = HangingSource(), composition.build(Settings(Catalog({})))
    await asyncio.to_thread(source.load)  # its process ends before the test does
    watch = asyncio.create_task(live.Live(sidecar, source, sidecar.engine.services.health.changes).run())
    async with asyncio.timeout(20.0):
        await asyncio.to_thread(until, lambda: caplog.messages)
        await asyncio.sleep(0.2)
        assert (source.looks, len(caplog.messages)) == (1, 1)
        assert "environment: its files have not been read for 0.05 s" in caplog.text
        source.goes_on.set()
        await asyncio.to_thread(until, lambda: source.looks > 1)
    watch.cancel()
    source.close()
    await sidecar.engine.close()
    sidecar.lines.stop()
