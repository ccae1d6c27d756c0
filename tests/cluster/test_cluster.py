"""Whether the tests against a real API server can run."""

from __future__ import annotations

import pytest

from tests.cluster.control_plane import BINARIES


def test_a_real_api_server_is_here() -> None:
    missing = [path.name for path in BINARIES if not path.exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not here: nothing is tested on a real API server; run `make cluster-test`")
    assert not missing
