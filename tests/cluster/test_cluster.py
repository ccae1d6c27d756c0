"""Whether the tests against a real API server can run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cluster.control_plane import BINARIES

REQUIRED = "REQUIRE_CLUSTER"
"""Set by who asks for these tests and nothing else: then they fail where there is nothing to run them with."""


def test_a_real_api_server_is_here() -> None:
    _demand(tuple(path for path in BINARIES if not path.exists()))


def test_what_is_missing_is_a_failure_where_these_tests_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="etcd not here"):
        _demand((Path("etcd"),))


def test_what_is_missing_is_told_where_they_are_some_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="etcd not here"):
        _demand((Path("etcd"),))
    _demand(())


def _demand(missing: tuple[Path, ...]) -> None:
    """Ends the test where something is missing: as a failure, or as one that could not run."""
    if not missing:
        return
    said = f"{', '.join(path.name for path in missing)} not here: nothing is tested on a real API server"
    if os.environ.get(REQUIRED):
        pytest.fail(said)
    pytest.skip(f"{said}; run `make cluster-test`")
