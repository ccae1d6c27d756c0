"""A fake sidecar for each test, and the two clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from remora_client import AsyncClient, Client
from remora_client.testing import FakeSidecar


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REMORA_ADDRESS", raising=False)
    monkeypatch.delenv("REMORA_TOKEN", raising=False)


@pytest.fixture
def sidecar() -> Iterator[FakeSidecar]:
    with FakeSidecar() as fake:
        yield fake


@pytest.fixture
def remora(sidecar: FakeSidecar) -> Iterator[Client]:
    with Client(sidecar.address) as client:
        yield client


@pytest.fixture
async def aremora(sidecar: FakeSidecar) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(sidecar.address) as client:
        yield client
