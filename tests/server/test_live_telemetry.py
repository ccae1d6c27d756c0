"""What changes live of where traces go, and that the message of an applied configuration names every replaced content."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from sidecar.simulator import fingerprint
from tests.telemetry.receiver import GrpcCollector, HttpCollector

from . import certificate
from .conversation import question
from .outcome import chat
from .process import Sidecar
from .provider import Provider

LIMIT_S = 10.0
"""A change is looked for once a second, rests 0.3 s and takes a new process; the rest is for a busy machine."""


class Loop:
    """A loop on a thread of its own, for a collector."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Traced:
    """A sidecar with a key, a header of the collector, a caller's token, a CA and a certificate, each in a file."""

    def __init__(
        self, folder: Path, provider: Provider, collector: HttpCollector | GrpcCollector, protocol: str
    ) -> None:
        self.folder = folder
        self.collector = collector
        self._provider, self._protocol = provider, protocol
        folder.mkdir()
        (folder / "header").write_text("Bearer first-header-0123456789")
        (folder / "key").write_text("first-key-0123456789")
        (folder / "token").write_text("first-token-0123456789")
        (folder / "ca").write_bytes(certificate.made(folder / "first").ca.read_bytes())
        self.sidecar = Sidecar(folder, self.text(), OTEL_BSP_SCHEDULE_DELAY="50")

    def text(self, more: str = "") -> str:
        """The configuration; `more` goes into the telemetry section."""
        return (
            'listen: {grpc: ["127.0.0.1:0"], token: "file:token"}\nproviders:\n'
            f'  sim: {{protocol: openai, base_url: {self._provider.url}, api_key: "file:key", ca_file: ca}}\n'
            f'telemetry: {{endpoint: "{self.collector.url}", protocol: {self._protocol},'
            f' headers: {{authorization: "file:header"}}{more}}}\n'
        )

    def call(self, model: str = "sim/ok") -> None:
        """One call that succeeds, with the token of the moment."""
        bearer = (("authorization", f"Bearer {(self.folder / 'token').read_text()}"),)
        assert chat(self.sidecar.chat, question(model), metadata=bearer).code is grpc.StatusCode.OK

    @property
    def sent(self) -> list[str]:
        """The header's values, as the collector got them."""
        return [arrival.headers.get("authorization", "") for arrival in self.collector.arrivals]

    @property
    def applied(self) -> list[str]:
        """What was said of applied configurations."""
        begin = "the configuration is applied: "
        said = [line["message"] for line in self.sidecar.lines]
        return [message.removeprefix(begin) for message in said if message.startswith(begin)]


def until(holds: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < limit, "nothing happened in time"
        time.sleep(0.02)  # another process's doing: there is no event to await


@pytest.fixture(params=["http/protobuf", "grpc"])
def traced(request: pytest.FixtureRequest, provider: Provider, tmp_path: Path) -> Iterator[Traced]:
    """One, in front of a collector of either protocol."""
    loop = Loop()

    async def begun() -> HttpCollector | GrpcCollector:
        return await (GrpcCollector() if request.param == "grpc" else HttpCollector()).__aenter__()

    collector = loop.run(begun())
    made = Traced(tmp_path / "traced", provider, collector, request.param)
    try:
        with made.sidecar:
            yield made
    finally:
        loop.run(collector.__aexit__())
        loop.close()


def test_a_collector_s_header_changes_with_its_file_and_a_key_can_change_after_it(
    traced: Traced, provider: Provider
) -> None:
    traced.call()
    until(lambda: traced.sent == ["Bearer first-header-0123456789"])
    (traced.folder / "header").write_text("Bearer second-header-0123456789")
    until(lambda: traced.applied == ["telemetry.headers changed"])
    traced.call()
    until(lambda: traced.sent[1:] == ["Bearer second-header-0123456789"])
    (traced.folder / "key").write_text("second-key-0123456789")
    until(lambda: traced.applied[1:] == ["key of sim/main replaced"])
    traced.call("sim/ok+after-header")
    assert provider.ended("ok+after-header").key == fingerprint("second-key-0123456789")
    until(lambda: len(traced.sent) == 3)
    assert "-header-0123456789" not in traced.sidecar.log


def test_the_share_of_traces_changes_live_and_the_rest_of_telemetry_does_not(traced: Traced) -> None:
    (traced.folder / "remora.yaml").write_text(traced.text(", sample_ratio: 0"))
    until(lambda: traced.applied == ["telemetry.sample_ratio changed"])
    traced.call()
    (traced.folder / "remora.yaml").write_text(traced.text(", sample_ratio: 1"))
    until(lambda: len(traced.applied) == 2)
    assert traced.sent == []
    traced.call()
    until(lambda: len(traced.sent) == 1)
    (traced.folder / "remora.yaml").write_text(traced.text(", sample_ratio: 1, capture_content: true"))
    until(lambda: "telemetry.capture_content: cannot change while serving" in traced.sidecar.log)


def test_a_replaced_token_and_a_replaced_ca_are_named(traced: Traced) -> None:
    (traced.folder / "token").write_text("second-token-0123456789")
    until(lambda: traced.applied == ["listen.token replaced"])
    renewed = traced.folder / "renewed"
    renewed.write_bytes(certificate.made(traced.folder / "second").ca.read_bytes())
    os.replace(renewed, traced.folder / "ca")
    until(lambda: traced.applied[1:] == ["ca_file of sim replaced"])
    traced.sidecar.process.send_signal(signal.SIGHUP)
    until(lambda: traced.applied[2:] == ["nothing differs"])
    traced.call()
