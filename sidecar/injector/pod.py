"""A pod as the API server sends it: read-only, with an empty value for whatever is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import names

Document = dict[str, Any]
GUARANTEED = ("cpu", "memory")
"""The resources whose limits decide a pod's class of service."""


class Pod:
    """Raises TypeError, AttributeError or KeyError, at any property, where a document is no pod."""

    def __init__(self, document: Document) -> None:
        self.metadata: Document = document.get("metadata") or {}
        self.spec: Document = document.get("spec") or {}

    @property
    def labels(self) -> dict[str, str]:
        """The pod's own; the namespace's are not sent."""
        return self.metadata.get("labels") or {}

    @property
    def annotations(self) -> dict[str, str]:
        """The pod's own."""
        return self.metadata.get("annotations") or {}

    @property
    def containers(self) -> list[Document]:
        """Those that run beside each other."""
        return self.spec.get("containers") or []

    @property
    def init_containers(self) -> list[Document]:
        """Those that run before, and native sidecars."""
        return self.spec.get("initContainers") or []

    @property
    def volumes(self) -> list[Document]:
        """Of the whole pod."""
        return self.spec.get("volumes") or []

    @property
    def has_container(self) -> bool:
        """Whether a container has our name, whoever put it there: two of one name are refused."""
        return any(container["name"] == names.CONTAINER for container in self._all())

    @property
    def is_windows(self) -> bool:
        """By its operating system, or by the nodes that it selects."""
        selected = (self.spec.get("nodeSelector") or {}).get("kubernetes.io/os")
        return (self.spec.get("os") or {}).get("name") == "windows" or selected == "windows"

    @property
    def runs_to_end(self) -> bool:
        """Whether the pod has done its work one day: a Job's, and any that is not always started again."""
        owners = self.metadata.get("ownerReferences") or []
        return self.spec.get("restartPolicy") in ("Never", "OnFailure") or any(
            owner.get("kind") == "Job" for owner in owners
        )

    @property
    def has_own_resources(self) -> bool:
        """Whether the pod as a whole has requests or limits, which its containers' must not exceed together."""
        resources = self.spec.get("resources") or {}
        return bool(resources.get("requests") or resources.get("limits"))

    @property
    def is_guaranteed(self) -> bool:
        """Whether its class of service is Guaranteed: each container's limits are there, and its requests equal them."""
        resources = [container.get("resources") or {} for container in self._all()]
        return all(
            bool((one.get("limits") or {}).get(name))
            and (one.get("requests") or {}).get(name, one["limits"][name]) == one["limits"][name]
            for one in resources
            for name in GUARANTEED
        )

    @property
    def has_ordinary_mesh(self) -> bool:
        """Whether a mesh's proxy starts together with the app, and not before."""
        return any(container["name"] in names.MESH_PROXIES for container in self.containers)

    @property
    def has_istio(self) -> bool:
        """Whether Istio's proxy is in either list."""
        return any(container["name"] == "istio-proxy" for container in self._all())

    def ports(self) -> set[int]:
        """The TCP ports that containers name; those of init containers that ended by then too."""
        return {
            port["containerPort"]
            for container in self._all()
            for port in container.get("ports") or []
            if port.get("protocol", "TCP") == "TCP"
        }

    def _all(self) -> Iterator[Document]:
        yield from self.containers
        yield from self.init_containers


def is_mesh(container: Document) -> bool:
    """Whether a mesh put it there."""
    return container["name"] in names.MESH_CONTAINERS


def is_native(container: Document) -> bool:
    """Whether an init container is a sidecar, which runs on beside the app."""
    return container.get("restartPolicy") == "Always"


def taken_paths(container: Document) -> set[str]:
    """Where volumes are mounted, and block devices are, without slashes at the end."""
    mounts = [mount["mountPath"] for mount in container.get("volumeMounts") or []]
    devices = [device["devicePath"] for device in container.get("volumeDevices") or []]
    return {path.rstrip("/") for path in (*mounts, *devices)}
