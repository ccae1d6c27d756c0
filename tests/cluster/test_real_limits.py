"""What a namespace asks of every container of its pods: there the sidecar needs what the chart does not give it."""

from __future__ import annotations

import pytest

from tests.cluster.api import Document, RefusedError
from tests.cluster.cluster import ENABLED, Cluster, app_pod, sidecars

pytestmark = pytest.mark.usefixtures("injector")


def test_a_quota_on_cpu_limits_takes_a_pod_whose_annotation_gives_the_sidecar_one(cluster: Cluster) -> None:
    shop = cluster.namespace(ENABLED)
    _limit_cpu(cluster, shop)
    with pytest.raises(RefusedError, match=r"must specify limits\.cpu for: remora"):
        cluster.admin.create(_bounded(shop, "refused"))
    stored = cluster.admin.create(_bounded(shop, "taken", **{"cpu-limit": "500m"})).document
    assert sidecars(stored)[0]["resources"]["limits"]["cpu"] == "500m"


def test_a_namespaces_own_default_limit_is_the_sidecars_too(cluster: Cluster) -> None:
    shop = cluster.namespace(ENABLED)
    _limit_cpu(cluster, shop)
    spec = {"limits": [{"type": "Container", "default": {"cpu": "300m"}}]}
    metadata = {"name": "defaults"}
    cluster.admin.create({"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": spec}, shop)
    stored = cluster.admin.create(_bounded(shop, "taken")).document
    assert sidecars(stored)[0]["resources"]["limits"]["cpu"] == "300m"


def _limit_cpu(cluster: Cluster, namespace: str) -> None:
    """A quota with nothing used, as its controller writes it."""
    hard = {"limits.cpu": "4"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "cpu"}, "spec": {"hard": hard}}
    stored = cluster.admin.create(quota, namespace).document
    stored["status"] = {"hard": hard, "used": {"limits.cpu": "0"}}
    cluster.admin.ask("PUT", f"/api/v1/namespaces/{namespace}/resourcequotas/cpu/status", stored)


def _bounded(namespace: str, name: str, **annotations: str) -> Document:
    """A pod whose own container has a limit."""
    pod = app_pod(name, namespace, annotations=annotations)
    pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    return pod
