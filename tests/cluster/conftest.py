"""One API server for all tests of a worker; without its binaries, these tests are one that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.cluster.api import Document
from tests.cluster.cluster import RESTRICTED, Cluster
from tests.cluster.control_plane import BINARIES, ControlPlane
from tests.cluster.network import Network
from tests.cluster.node import Running
from tests.cluster.release import Release
from tests.cluster.volume import MountError

collect_ignore_glob = [] if all(path.exists() for path in BINARIES) else ["test_real_*.py"]
LIMIT_S = 420
"""Of one test with all that it needs; the first one waits for the API server, on a machine that may be busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start processes of others have longer than those that do not."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Empty, but for what every cluster has."""
    with ControlPlane() as control_plane, Network(control_plane.socket, control_plane.admin()) as network:
        found = Cluster(control_plane, network)
        for namespace in ("default", "kube-system"):
            cluster_has = partial(found.admin.exists, f"/api/v1/namespaces/{namespace}")
            found.until(cluster_has, f"there is the namespace {namespace}")
            found.furnish(namespace)
        yield found


@dataclass(frozen=True)
class Installed:
    """A release as helm left it, and what was seen before its first renewal."""

    release: Release
    empty_secret: Document
    first_bundles: list[bytes]
    waits_for: str


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Installed:
    """The chart with its own values, in a namespace of the strictest Pod Security Standard, certified by a renewal."""
    release = Release(cluster, cluster.namespace(RESTRICTED, "remora-system"))
    release.apply("install")
    waits_for = "nothing"
    try:
        release.injector().mount()
    except MountError as error:
        waits_for = str(error)
    found = Installed(release, release.secret(), release.bundles(), waits_for)
    code, said = release.renew()
    assert code == 0, said
    return found


@pytest.fixture(scope="session")
def release(installed: Installed) -> Release:
    """The same release, certified."""
    return installed.release


@pytest.fixture(scope="session")
def injector(release: Release) -> Iterator[Running]:
    """A pod of the injector, reached through its Service."""
    running = release.injector()
    try:
        release.serve(running)
        yield running
    finally:
        running.end()
