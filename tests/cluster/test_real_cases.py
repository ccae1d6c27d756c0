"""The injector's golden cases, before a real API server: what is made of these pods is a pod that it stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.api import Document
from tests.cluster.cluster import ENABLED, Cluster, sidecars
from tests.injector.test_golden import FOLDER


def _injected() -> list[Path]:
    """The cases whose pod gets the sidecar."""
    return [path for path in sorted(FOLDER.glob("*.json")) if "patch" in json.loads(path.read_text())["response"]]


@pytest.fixture(scope="session")
def anywhere(cluster: Cluster) -> str:
    """A namespace that opted in and asks nothing of its pods."""
    return cluster.namespace(ENABLED)


@pytest.mark.usefixtures("injector")
@pytest.mark.parametrize("path", _injected(), ids=lambda path: path.stem)
def test_the_api_server_stores_what_is_made_of_the_pod(cluster: Cluster, anywhere: str, path: Path) -> None:
    golden = json.loads(path.read_text())
    answer = cluster.admin.create(_creatable(golden["review"]["request"]["object"], path.stem), anywhere, dryRun="All")
    assert len(sidecars(answer.document)) == 1
    assert list(answer.warnings) == golden["response"].get("warnings", [])


def _creatable(pod: Document, name: str) -> Document:
    """As its author sent it: with what a review lacks, and without what the API server adds."""
    metadata = {key: value for key, value in pod.get("metadata", {}).items() if key != "creationTimestamp"}
    for container in pod["spec"]["containers"]:
        container.setdefault("image", "registry.example/app:1")
    return {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": metadata | {"name": name}}
