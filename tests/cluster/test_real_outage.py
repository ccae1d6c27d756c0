"""The injector away: pods are created all the same, and get the sidecar again once it is back."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cluster.cluster import ENABLED, Cluster, app_pod, is_injected, sidecars
from tests.cluster.network import Endpoint
from tests.cluster.node import Running
from tests.cluster.release import Release


@pytest.fixture
def second(cluster: Cluster, release: Release, injector: Running) -> Iterator[Running]:
    """Alone behind the Service, until the test ends; then it is the first one again."""
    running = release.injector()
    try:
        release.serve(running)
        cluster.until(lambda: is_injected(cluster), "the second one answers")
        yield running
    finally:
        running.end()
        cluster.network.reach(Endpoint(injector.pod, injector.ports))
        cluster.until(lambda: is_injected(cluster), "the first one answers again")


def test_an_injector_that_is_down_holds_up_no_pod(cluster: Cluster, second: Running) -> None:
    shop = cluster.namespace(ENABLED)
    assert sidecars(cluster.admin.create(app_pod("before", shop)).document)
    second.terminate()
    assert second.ended() == 0
    assert not sidecars(cluster.admin.create(app_pod("meanwhile", shop)).document)
    second.child.start()
    second.child.until(lambda: second.ask("readinessProbe") == 200, 60.0, "ready again")
    assert sidecars(cluster.admin.create(app_pod("after", shop)).document)


def test_an_injector_that_hangs_holds_up_no_pod(cluster: Cluster, second: Running) -> None:
    shop = cluster.namespace(ENABLED)
    second.child.send(signal.SIGSTOP)
    assert not sidecars(cluster.admin.create(app_pod("meanwhile", shop)).document)
    second.child.send(signal.SIGCONT)
    cluster.until(lambda: is_injected(cluster), "the injector answers again")


def test_a_service_without_pods_holds_up_no_pod(cluster: Cluster, second: Running) -> None:
    cluster.network.reach()
    second.child.send(signal.SIGKILL)
    shop = cluster.namespace(ENABLED)
    assert not sidecars(cluster.admin.create(app_pod("alone", shop)).document)


def test_certificates_that_were_lost_are_made_anew_and_believed_without_a_restart(
    cluster: Cluster, release: Release, injector: Running
) -> None:
    secret = release.secret()
    before = secret.pop("data")
    cluster.admin.update({"apiVersion": "v1", "kind": "Secret"} | secret)
    code, said = release.renew()
    assert code == 0, said
    assert not release.secret()["data"].items() & before.items()
    assert injector.mount()
    cluster.until(lambda: is_injected(cluster), "the new certificate is believed")
