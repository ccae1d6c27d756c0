"""One provider and one sidecar for all tests of this folder that do not need their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.pb import chat_pb2_grpc, health_pb2_grpc

from .process import Sidecar
from .provider import Provider

PLAIN = ("auth", "permission", "billing", "spare", "planted", "cooling", "lonely")
"""Providers on the simulator with a key of their own, so that what cools one leaves the others alone."""
CONFIG = """
listen: {grpc: ["127.0.0.1:0"]}
default_provider: sim
default_model: sim/ok
providers:
  sim:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:SIM_KEY}]
    models:
      ok: {context_window: 1000, capabilities: [tools, json_schema], price: {input: 2000000, output: 8000000}}
      blind: {capabilities: [tools], max_image_bytes: 1000}
      small-eyes: {capabilities: [images], max_image_bytes: 1000}
      unstreamed: {streaming: false}
      with-fallback: {fallbacks: [spare/ok]}
  dead: {protocol: openai, base_url: DEAD, profiles: [{name: main, api_key: env:SIM_KEY}]}
PLAIN
aliases:
  smart: {targets: [sim/ok, spare/ok]}
  alone: {targets: [sim/ok], isolated: true}
policy: {retry_budget: {capacity: 100000}}
"""

Start = Callable[..., Sidecar]


def configuration(provider: Provider) -> str:
    """The shared sidecar's configuration."""
    plain = "\n".join(
        f"  {name}: {{protocol: openai, base_url: {provider.url}, api_key: env:{name.upper()}_KEY}}" for name in PLAIN
    )
    return CONFIG.replace("URL", provider.url).replace("DEAD", provider.dead_url).replace("PLAIN", plain)


def keys() -> dict[str, str]:
    """Keys of every provider of the shared configuration; no two are the same."""
    return {f"{name.upper()}_KEY": f"key-of-{name}-0123456789" for name in ("sim", *PLAIN)}


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """The simulator."""
    started = Provider().start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def sidecar(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """The sidecar that tests share. Each uses models or providers of its own where state matters."""
    with Sidecar(tmp_path_factory.mktemp("sidecar"), configuration(provider), **keys()) as started:
        yield started


@pytest.fixture
def stub(sidecar: Sidecar) -> chat_pb2_grpc.ChatServiceStub:
    return sidecar.chat


@pytest.fixture
def health(sidecar: Sidecar) -> health_pb2_grpc.HealthServiceStub:
    return sidecar.health


@pytest.fixture
def start(provider: Provider, tmp_path: Path) -> Iterator[Start]:
    """Starts a sidecar of the test's own, with the provider `sim` unless a configuration is given."""
    started: list[Sidecar] = []

    def begin(more: str = "", *, config: str | None = None, listen: str = '{grpc: ["127.0.0.1:0"]}') -> Sidecar:
        text = config or (
            f"listen: {listen}\ndefault_provider: sim\nproviders:\n"
            f"  sim: {{protocol: openai, base_url: {provider.url}, api_key: env:SIM_KEY}}\n{more}"
        )
        one = Sidecar(tmp_path / f"sidecar-{len(started)}", text, SIM_KEY="key-of-sim-0123456789", TOKEN="a-token")
        started.append(one)
        return one.start()

    yield begin
    for one in started:
        one.kill()
