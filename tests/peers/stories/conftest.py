"""aimock and a sidecar in front of it, for all stories; and the stage on which one story is played on one wire."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from remora_client import Client

from tests.server.process import Sidecar

from . import scenery
from .aimock import Aimock
from .stage import Stage


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """The provider of every story."""
    with Aimock(tmp_path_factory.mktemp("aimock"), scenery.fixtures(), scenery.accepted_keys()) as started:
        yield started


@pytest.fixture(scope="session")
def dead_url() -> Iterator[str]:
    """Where every connection is refused: a port that is taken, and on which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="session")
def remora(aimock: Aimock, dead_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the sidecar process."""
    base_urls = {wire: aimock.base_url(wire) for wire in scenery.WIRES}
    configuration = json.dumps(scenery.configuration(base_urls, dead_url))
    with (
        Sidecar(tmp_path_factory.mktemp("sidecar"), configuration, **scenery.variables()) as sidecar,
        Client(sidecar.addresses[0], timeout_s=20) as client,
    ):
        yield client


@pytest.fixture(params=scenery.WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    """A wire protocol that aimock speaks."""
    return str(request.param)


@pytest.fixture
def stage(remora: Client, aimock: Aimock, wire: str) -> Stage:
    """Where a story is played on that wire."""
    return Stage(remora, aimock, wire)
