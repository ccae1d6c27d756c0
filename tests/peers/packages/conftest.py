"""The simulator, told by each test what to answer; official clients never retry and never leave this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.provider import Provider

KEY = "key-of-the-official-client"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Provider]:
    """The simulator over real HTTP."""
    started = Provider().start()
    yield started
    started.stop()
