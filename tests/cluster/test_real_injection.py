"""Pods as a real API server stores them: who gets the sidecar, who does not, and what their creators are told."""

from __future__ import annotations

import pytest

from sidecar import __version__
from tests.cluster.api import MERGE, Document
from tests.cluster.cluster import DISABLED, ENABLED, RESTRICTED, Cluster, app_pod, sidecars, variable
from tests.cluster.release import Release

pytestmark = pytest.mark.usefixtures("injector")
ADDRESS = "127.0.0.1:7650"


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> str:
    """A namespace that opted in, of the strictest Pod Security Standard."""
    return cluster.namespace(ENABLED | RESTRICTED)


def test_a_pod_in_a_labelled_namespace_comes_back_with_the_sidecar(cluster: Cluster, shop: str) -> None:
    answer = cluster.admin.create(app_pod("labelled", shop))
    (sidecar,) = sidecars(answer.document)
    assert answer.document["spec"]["initContainers"][-1] == sidecar
    assert sidecar["restartPolicy"] == "Always"
    assert variable(answer.document["spec"]["containers"][0], "REMORA_ADDRESS") == ADDRESS
    assert answer.document["metadata"]["annotations"]["remora.dev/injected"] == __version__
    assert not answer.warnings
    stored = cluster.admin.get(f"/api/v1/namespaces/{shop}/pods/labelled")
    assert stored["spec"] == answer.document["spec"]


def test_the_api_server_asked_the_service_and_believed_its_certificate(
    cluster: Cluster, release: Release, shop: str
) -> None:
    service = cluster.admin.get(f"/api/v1/namespaces/{release.namespace}/services/remora-injector")
    cluster.admin.create(app_pod("asked", shop))
    assert set(cluster.network.reached) == {f"{service['spec']['clusterIP']}:443"}
    for webhook in release.configuration()["webhooks"]:
        assert "url" not in webhook["clientConfig"]


def test_a_pod_that_opted_out_comes_back_without(cluster: Cluster, shop: str) -> None:
    answer = cluster.admin.create(app_pod("opted-out", shop, labels=DISABLED))
    assert not sidecars(answer.document)
    assert not answer.warnings


def test_a_pods_own_label_is_enough(cluster: Cluster) -> None:
    elsewhere = cluster.namespace()
    assert len(sidecars(cluster.admin.create(app_pod("asks", elsewhere, labels=ENABLED)).document)) == 1
    assert not sidecars(cluster.admin.create(app_pod("does-not-ask", elsewhere)).document)


def test_a_pods_own_label_is_enough_where_the_namespace_opted_out(cluster: Cluster) -> None:
    opted_out = cluster.namespace(DISABLED)
    assert len(sidecars(cluster.admin.create(app_pod("asks", opted_out, labels=ENABLED)).document)) == 1
    assert not sidecars(cluster.admin.create(app_pod("does-not-ask", opted_out)).document)


@pytest.mark.parametrize("namespace", ["kube-system", "remora-system"])
def test_pods_of_the_system_and_of_the_injector_never_get_it(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"
    cluster.admin.ask("PATCH", path, {"metadata": {"labels": ENABLED}}, MERGE)
    answer = cluster.admin.create(app_pod("asks", namespace, labels=ENABLED))
    assert not sidecars(answer.document)


def test_a_deployments_template_is_left_alone_and_its_pod_gets_the_sidecar(cluster: Cluster, shop: str) -> None:
    pod = app_pod("", shop)
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}
    spec = {"selector": {"matchLabels": pod["metadata"]["labels"]}, "template": template}
    metadata = {"name": "shop", "namespace": shop}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    stored = cluster.admin.create(deployment).document
    assert not sidecars(stored["spec"]["template"])
    assert len(sidecars(cluster.pod_of(stored, "ReplicaSet").document)) == 1


def test_a_jobs_pod_gets_a_sidecar_that_lets_it_end(cluster: Cluster, shop: str) -> None:
    spec = app_pod("", shop)["spec"] | {"restartPolicy": "Never"}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": shop}}
    stored = cluster.admin.create(job | {"spec": {"template": {"spec": spec}}}).document
    (sidecar,) = sidecars(cluster.pod_of(stored, "Job").document)
    assert sidecar["restartPolicy"] == "Always"


def test_changing_a_pod_keeps_the_sidecar_once(cluster: Cluster, shop: str) -> None:
    stored = cluster.admin.create(app_pod("changed", shop)).document
    stored["metadata"]["labels"]["version"] = "2"
    stored["spec"]["containers"][0]["image"] = "registry.example/shop:2"
    updated = cluster.admin.update(stored).document
    assert updated["spec"]["containers"][0]["image"] == "registry.example/shop:2"
    assert len(sidecars(updated)) == 1


def test_an_ephemeral_container_changes_nothing_else(cluster: Cluster, shop: str) -> None:
    stored = cluster.admin.create(app_pod("debugged", shop)).document
    debugger = stored["spec"]["containers"][0] | {"name": "debugger", "volumeMounts": []}
    patch = {"spec": {"ephemeralContainers": [{key: debugger[key] for key in ("name", "image", "securityContext")}]}}
    path = f"/api/v1/namespaces/{shop}/pods/debugged/ephemeralcontainers"
    updated = cluster.admin.ask("PATCH", path, patch, "application/strategic-merge-patch+json").document
    assert [one["name"] for one in updated["spec"]["ephemeralContainers"]] == ["debugger"]
    assert len(sidecars(updated)) == 1


def test_a_pod_that_has_the_sidecar_is_created_anew_with_one(cluster: Cluster, shop: str) -> None:
    stored = cluster.admin.create(app_pod("copied", shop)).document
    copy: Document = {
        **{key: stored[key] for key in ("apiVersion", "kind", "spec")},
        "metadata": {key: stored["metadata"][key] for key in ("namespace", "labels", "annotations")},
    }
    copy["metadata"]["name"] = "copy"
    assert len(sidecars(cluster.admin.create(copy).document)) == 1


def test_a_dry_run_shows_the_sidecar_and_stores_nothing(cluster: Cluster, shop: str) -> None:
    assert sidecars(cluster.admin.create(app_pod("dry", shop), dryRun="All").document)
    assert not cluster.admin.exists(f"/api/v1/namespaces/{shop}/pods/dry")


def test_what_a_client_is_warned_of_arrives(cluster: Cluster, shop: str) -> None:
    annotations = {"grpc-port": "80", "colour": "green"}
    answer = cluster.admin.create(app_pod("warned", shop, annotations=annotations))
    assert answer.warnings == (
        "remora: annotation remora.dev/colour is unknown, and was ignored",
        "remora: annotation remora.dev/grpc-port: must be a whole number from 1024 to 65535; the default is used",
    )
    assert variable(answer.document["spec"]["containers"][0], "REMORA_ADDRESS") == ADDRESS


def test_why_a_pod_is_left_out_arrives(cluster: Cluster) -> None:
    answer = cluster.admin.create(app_pod("host", cluster.namespace(ENABLED), hostNetwork=True))
    assert not sidecars(answer.document)
    assert len(answer.warnings) == 1
    assert answer.warnings[0].startswith("remora: not injected (HOST_NETWORK)")


ALL = {
    "config": "shop-models",
    "profile-secrets": "openai-main, anthropic.spare",
    "log-level": "debug",
    "cpu-request": "100m",
    "memory-request": "128Mi",
    "cpu-limit": "1",
    "memory-limit": "none",
    "grpc-port": "17650",
    "probe-port": "17652",
    "image": "registry.example/remora:0.2.0",
    "drain-seconds": "60",
    "order": "first",
}


@pytest.mark.parametrize("native", ["true", "false"])
@pytest.mark.parametrize("socket", ["true", "false"])
def test_whatever_annotations_ask_for_the_api_server_takes(
    cluster: Cluster, shop: str, native: str, socket: str
) -> None:
    annotations = ALL | {"native": native, "unix-socket": socket}
    answer = cluster.admin.create(app_pod(f"all-{native}-{socket}", shop, annotations=annotations))
    (sidecar,) = sidecars(answer.document)
    assert answer.warnings == ("remora: terminationGracePeriodSeconds was raised to 65, for the sidecar's drain",)
    address = "unix:///run/remora/remora.sock" if socket == "true" else "127.0.0.1:17650"
    app = next(one for one in answer.document["spec"]["containers"] if one["name"] == "app")
    assert variable(app, "REMORA_ADDRESS") == address
    assert sidecar.get("restartPolicy") == ("Always" if native == "true" else None)
