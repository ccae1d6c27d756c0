"""A sidecar of this folder that exports its spans to a collector in this process, in front of the simulator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.process import Sidecar
from tests.server.provider import Provider
from tests.telemetry.receiver import HttpCollector, Seen

SECRETS = {
    f"KEY_{name}": f"sk-planted-{name.lower()}-0123456789"
    for name in ("NORTH", "SPARE", "SOUTH", "WEST", "BAD", "GOOD", "POOR", "POORER")
}
CONFIG = """
listen: {grpc: ["127.0.0.1:0"], probe: "127.0.0.1:0"}
providers:
  north:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:KEY_NORTH}, {name: spare, api_key: env:KEY_SPARE}]
    models: {blind: {capabilities: [tools]}}
  refused:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:KEY_BAD}, {name: spare, api_key: env:KEY_GOOD}]
  unpaid:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:KEY_POOR}, {name: spare, api_key: env:KEY_POORER}]
  south: {protocol: openai, base_url: URL, api_key: env:KEY_SOUTH}
  west: {protocol: anthropic, base_url: ORIGIN, api_key: env:KEY_WEST}
  dead: {protocol: openai, base_url: DEAD, api_key: env:KEY_SOUTH}
  hurried: {protocol: openai, base_url: URL, api_key: env:KEY_SOUTH, policy: {first_content_s: 0.3}}
policy: {retry_budget: {capacity: 100000}, hedge_budget: {capacity: 100000}}
telemetry: {endpoint: "COLLECTOR", propagate_upstream: true}
"""


class Watched:
    """The sidecar, the provider behind it, and the spans it has exported."""

    def __init__(
        self, sidecar: Sidecar, provider: Provider, collector: HttpCollector, run: Callable[..., object]
    ) -> None:
        self.sidecar = sidecar
        self.provider = provider
        self.collector = collector
        self._run = run

    def spans_of(self, trace_id: str, number: int) -> list[Seen]:
        """The spans of a trace, once there are so many. Raises TimeoutError."""

        async def wait() -> None:
            async with asyncio.timeout(10):
                while sum(span.trace_id == trace_id for span in self.collector.spans) < number:
                    await self.collector.wait_for(len(self.collector.spans) + 1)

        self._run(wait())
        return [span for span in self.collector.spans if span.trace_id == trace_id]

    @property
    def exported(self) -> bytes:
        """Every byte that was exported."""
        return b"".join(arrival.body for arrival in self.collector.arrivals)


@pytest.fixture(scope="package")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One for all stories; each uses models of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)  # type: ignore[arg-type]

    provider, collector = Provider().start(), HttpCollector()
    run(collector.__aenter__())
    config = CONFIG.replace("URL", provider.url).replace("ORIGIN", provider.origin).replace("DEAD", provider.dead_url)
    folder: Path = tmp_path_factory.mktemp("traces")
    try:
        config = config.replace("COLLECTOR", collector.url)
        with Sidecar(folder, config, OTEL_BSP_SCHEDULE_DELAY="100", **SECRETS) as sidecar:
            yield Watched(sidecar, provider, collector, run)
    finally:
        run(collector.__aexit__())
        provider.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
