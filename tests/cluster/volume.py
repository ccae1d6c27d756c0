"""A pod's volumes as folders: filled from the API server's objects and swapped as a kubelet does it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.api import Document, RefusedError
from tests.cluster.cluster import Cluster


class MountError(Exception):
    """A volume cannot be mounted yet: a kubelet would keep the pod waiting and try again."""


def contents(volume: Document, pod: Document, cluster: Cluster) -> dict[str, bytes]:
    """The files of a volume by their paths in it, of what is stored now. Raises MountError."""
    if "configMap" in volume:
        return _of_config_map(cluster, pod, volume["configMap"]["name"], volume["configMap"].get("items"))
    if "secret" in volume:
        data = _object(cluster, pod, "secrets", volume["secret"]["secretName"]).get("data") or {}
        return _chosen({key: base64.b64decode(value) for key, value in data.items()}, volume["secret"].get("items"))
    if "projected" in volume:
        sources = (_of_source(source, pod, cluster) for source in volume["projected"]["sources"])
        return {name: data for source in sources for name, data in source.items()}
    raise MountError(f"{volume['name']} is of a kind that is not built here")


def _of_source(source: Document, pod: Document, cluster: Cluster) -> dict[str, bytes]:
    if "serviceAccountToken" in source:
        account = pod["spec"]["serviceAccountName"]
        token = cluster.token(pod["metadata"]["namespace"], account, pod)
        return {source["serviceAccountToken"]["path"]: token.encode()}
    if "configMap" in source:
        return _of_config_map(cluster, pod, source["configMap"]["name"], source["configMap"].get("items"))
    return {item["path"]: pod["metadata"]["namespace"].encode() for item in source["downwardAPI"]["items"]}


def _of_config_map(cluster: Cluster, pod: Document, name: str, items: list[Document] | None) -> dict[str, bytes]:
    data = _object(cluster, pod, "configmaps", name).get("data") or {}
    return _chosen({key: value.encode() for key, value in data.items()}, items)


def _object(cluster: Cluster, pod: Document, plural: str, name: str) -> Document:
    try:
        return cluster.admin.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}/{plural}/{name}")
    except RefusedError as error:
        raise MountError(f"{plural} {name}: {error.status}") from None


def _chosen(data: dict[str, bytes], items: Iterable[Document] | None) -> dict[str, bytes]:
    if items is None:
        return data
    missing = [item["key"] for item in items if item["key"] not in data]
    if missing:
        raise MountError(f"the object has no {', '.join(missing)}")
    return {item["path"]: data[item["key"]] for item in items}


class Folder:
    """A mounted volume: names that are links through `..data`, which is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: dict[str, bytes] | None = None
        self._swaps = 0
        path.mkdir(parents=True)

    def put(self, files: dict[str, bytes]) -> bool:
        """Makes these its contents, all at once; whether that changed anything."""
        if files == self._held:
            return False
        self._swaps += 1
        version = self.path / f"..version-{self._swaps}"
        version.mkdir()
        for name, data in files.items():
            (version / name).write_bytes(data)
        (self.path / "..data_tmp").symlink_to(version.name)
        (self.path / "..data_tmp").rename(self.path / "..data")
        for name in files.keys() - (self._held or {}).keys():
            (self.path / name).symlink_to(f"..data/{name}")
        for name in (self._held or {}).keys() - files.keys():
            (self.path / name).unlink()
        self._held = files
        return True
