"""Somebody else changes the pod after the sidecar was put in: the injector is asked again, and has nothing to add."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from tests.cluster.api import Document
from tests.cluster.cluster import ENABLED, Cluster, app_pod, sidecars
from tests.cluster.node import Running

GROUP = "admissionregistration.k8s.io/v1"
LABEL = "example.com/noted"
# Adds an init container as soon as the pod has the sidecar; before, only a label.
EXPRESSION = """
has(object.spec.initContainers) && object.spec.initContainers.exists(one, one.name == "remora")
? Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "late", image: "registry.example/late:1"}]}}
: Object{metadata: Object.metadata{labels: {"example.com/noted": "yes"}}}
"""


@pytest.fixture
def other(cluster: Cluster) -> Iterator[None]:
    """A policy that changes pods of one label, asked again after webhooks."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    selector = {"matchLabels": {"app": "noted"}}
    spec: Document = {
        "matchConstraints": {"resourceRules": [pods], "objectSelector": selector},
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": EXPRESSION}}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "IfNeeded",
    }
    metadata = {"name": "noted"}
    made = [
        {"apiVersion": GROUP, "kind": "MutatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {
            "apiVersion": GROUP,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": "noted"},
        },
    ]
    paths = [cluster.admin.path_of(one) for one in made]
    for one in made:
        cluster.admin.create(one)
    yield
    for path in reversed(paths):
        cluster.admin.ask("DELETE", f"{path}/noted")


@pytest.mark.usefixtures("other")
def test_a_later_change_of_the_pod_leaves_one_sidecar(cluster: Cluster, injector: Running) -> None:
    shop = cluster.namespace(ENABLED)
    cluster.until(lambda: LABEL in _tried(cluster, shop)["metadata"]["labels"], "the policy acts")
    before = _unchanged(injector)
    stored = _tried(cluster, shop)
    assert "late" in [one["name"] for one in stored["spec"]["initContainers"]]
    assert len(sidecars(stored)) == 1
    assert _unchanged(injector) == before + 1


def _tried(cluster: Cluster, namespace: str) -> Document:
    """A pod as it would be stored."""
    return cluster.admin.create(app_pod("tried", namespace, labels={"app": "noted"}), dryRun="All").document


def _unchanged(injector: Running) -> float:
    """How often the injector found its sidecar in a pod, by its metrics."""
    with urlopen(f"http://127.0.0.1:{injector.ports[8080]}/metrics", timeout=10.0) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith("remora_injector_pods_total") and "ALREADY_INJECTED" in line]
    return sum(float(line.split()[-1]) for line in found)
