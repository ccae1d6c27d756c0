"""The API server with what controllers would do for it: default accounts, the cluster's authority, pods of workloads."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.cluster.api import APPLY, Answer, Api, Document
from tests.cluster.control_plane import ControlPlane
from tests.cluster.network import Network

SETTLED_S = 60.0
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
"""The strictest Pod Security Standard: pods that break it are refused, and workloads with such pods warned of."""
ENABLED = {"remora.dev/inject": "enabled"}
DISABLED = {"remora.dev/inject": "disabled"}


class Cluster:
    """One control plane, asked as its admin."""

    def __init__(self, control_plane: ControlPlane, network: Network) -> None:
        self.control_plane = control_plane
        self.network = network
        self.admin = control_plane.admin()
        self._numbers = itertools.count(1)

    def namespace(self, labels: dict[str, str] | None = None, name: str = "") -> str:
        """A new one, with a name of its own unless one is given."""
        name = name or f"shop-{next(self._numbers)}"
        metadata: Document = {"name": name, "labels": labels or {}}
        self.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self.furnish(name)
        return name

    def furnish(self, namespace: str) -> None:
        """What kube-controller-manager puts into every namespace, and pods cannot be without."""
        self.admin.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}, namespace)
        authority = {"ca.crt": self.control_plane.authority_pem}
        metadata = {"name": "kube-root-ca.crt"}
        self.admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": authority}, namespace)

    def pod_of(self, workload: Document, owner: str) -> Answer:
        """Creates one pod of a workload's template, as the controller that is its `owner` does."""
        template = copy.deepcopy(workload["spec"]["template"])
        reference = {
            "apiVersion": "batch/v1" if owner == "Job" else "apps/v1",
            "kind": owner,
            "name": workload["metadata"]["name"],
            "uid": workload["metadata"]["uid"],
            "controller": True,
        }
        metadata = template.get("metadata", {}) | {
            "generateName": f"{workload['metadata']['name']}-",
            "namespace": workload["metadata"]["namespace"],
            "ownerReferences": [reference],
        }
        return self.admin.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what the API server does on its own; AssertionError after SETTLED_S."""
        limit = time.monotonic() + SETTLED_S
        while not condition():
            assert time.monotonic() < limit, f"not in {SETTLED_S} s: {what}"
            time.sleep(0.05)  # another process: there is no event to await

    def has(self, document: Document, namespace: str) -> bool:
        """Whether there is an object of this kind and name; `namespace`: where its kind has one."""
        return self.admin.exists(f"{self.admin.path_of(document, namespace)}/{document['metadata']['name']}")

    def apply(self, document: Document, namespace: str, **query: str) -> Answer:
        """Server-side apply, as GitOps tools do it, with everything that is unknown refused."""
        path = f"{self.admin.path_of(document, namespace)}/{document['metadata']['name']}"
        own = {"fieldManager": "gitops", "force": "true", "fieldValidation": "Strict"}
        return self.admin.ask("PATCH", path, document, APPLY, own | query)

    def token(self, namespace: str, account: str, pod: Document | None = None) -> str:
        """A token of a service account for ten minutes; bound to the pod it is for, as a kubelet asks for it."""
        spec: Document = {"expirationSeconds": 600}
        if pod is not None:
            metadata = pod["metadata"]
            spec["boundObjectRef"] = {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": metadata["name"],
                "uid": metadata["uid"],
            }
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        granted: str = self.admin.ask("POST", path, body).document["status"]["token"]
        return granted

    def account(self, namespace: str, name: str) -> Api:
        """The API as a service account sees it."""
        return self.control_plane.account(self.token(namespace, name))


def app_pod(
    name: str,
    namespace: str,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    **spec: Any,
) -> Document:
    """A pod of an app that keeps the strictest Pod Security Standard, as its author writes it."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "app", "image": "registry.example/shop:1", "securityContext": security}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": "shop"} | (labels or {}),
            "annotations": {f"remora.dev/{key}": value for key, value in (annotations or {}).items()},
        },
        "spec": {"containers": [container]} | spec,
    }


def sidecars(pod: Document) -> list[Document]:
    """Every container of Remora's in it, in either list."""
    spec = pod["spec"]
    return [one for one in (*spec.get("initContainers", []), *spec["containers"]) if one["name"] == "remora"]


def variable(container: Document, name: str) -> str | None:
    """The value of an environment variable; None where it is not there."""
    return next((one["value"] for one in container.get("env", []) if one["name"] == name), None)


def is_injected(cluster: Cluster) -> bool:
    """Whether a pod that asks for the sidecar would get it now."""
    return bool(sidecars(cluster.admin.create(app_pod("tried", "default", labels=ENABLED), dryRun="All").document))
