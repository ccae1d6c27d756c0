"""The first traced answer of docs/kubernetes.md, as far as it goes without nodes: applied, injected, run and answered."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import yaml

from tests.cluster.api import Document
from tests.cluster.child import free_port
from tests.cluster.cluster import Cluster, sidecars, variable
from tests.cluster.node import REMORA, Running
from tests.kubernetes.rendering import ROOT

pytestmark = pytest.mark.usefixtures("injector")
PAGE = ROOT / "docs/first-answer.yaml"
PORT = "8090"
"""Of the app in the page's manifests."""
QUESTION = "Why is the sky blue?"
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> dict[str, Document]:
    """One of each Deployment, after all of it was applied; the app's ports are free here."""
    objects: list[Document] = list(yaml.safe_load_all(PAGE.read_text().replace(PORT, str(free_port()))))
    annotations = {"remora.dev/grpc-port": str(free_port()), "remora.dev/probe-port": str(free_port())}
    made = {}
    for document in objects:
        if document["kind"] == "Deployment":
            document["spec"]["template"]["metadata"].setdefault("annotations", {}).update(annotations)
        stored = cluster.apply(document, "shop").document
        if document["kind"] == "Namespace":
            cluster.furnish("shop")
        if document["kind"] == "Deployment":
            made[document["metadata"]["name"]] = cluster.pod_of(stored, "ReplicaSet").document
    return made


@pytest.fixture
def running(cluster: Cluster, pods: dict[str, Document]) -> Iterator[Document]:
    """The app's pod, with both of its containers: the sidecar first, as it is native."""
    with ExitStack() as stack:
        for name in ("remora", "app"):
            one = Running(cluster, pods["app"], name)
            stack.callback(one.end)
            one.start()
            one.child.until(partial(_is_there, one), LIMIT_S, "listening")
        yield pods["app"]


def test_the_app_gets_the_sidecar_and_jaeger_does_not(pods: dict[str, Document]) -> None:
    assert len(sidecars(pods["app"])) == 1
    assert not sidecars(pods["jaeger"])


def test_what_the_page_asks_in_the_app_is_answered_over_a_broken_stream(running: Document) -> None:
    address = variable(running["spec"]["containers"][0], "REMORA_ADDRESS")
    assert address is not None
    done = subprocess.run(
        [*REMORA, "chat", "smart", QUESTION],
        env={"REMORA_ADDRESS": address},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    assert "2 attempts" in done.stderr
    assert len(done.stdout.split()) == 20


def _is_there(running: Running) -> bool:
    """By its startup probe, or the port in its arguments."""
    if "startupProbe" in running.container:
        return running.ask("startupProbe") == 200
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", int(running.container["args"][-1]))) == 0
