"""The chart, taken by a real API server: every manifest, installed, upgraded, applied by others, and removed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import partial

import pytest
import yaml

from sidecar.injector import certificate
from sidecar.injector.certificate import Pair
from tests.cluster.api import Document, RefusedError
from tests.cluster.cluster import RESTRICTED, Cluster, is_injected
from tests.cluster.conftest import Installed
from tests.cluster.node import Running
from tests.cluster.release import Release
from tests.kubernetes.rendering import NAMESPACE, Case, case, cases, documents, one_of

WAYS = {"self-managed": "defaults", "cert-manager": "cert-manager", "provided": "provided-certificate"}
"""Of certificates, and the case that has the values."""
FOREIGN = {
    "cert-manager.io": ("Issuer", "Certificate"),
    "monitoring.coreos.com": ("ServiceMonitor", "PodMonitor", "PrometheusRule"),
}
"""Kinds of others that the chart uses: here any contents are right for them."""


@pytest.fixture(scope="session")
def foreign(cluster: Cluster) -> None:
    """The kinds of others, as their operators make them known."""
    for group, kinds in FOREIGN.items():
        for kind in kinds:
            cluster.admin.create(_definition(group, kind))
    for group, kinds in FOREIGN.items():
        cluster.until(partial(_are_served, cluster, group, len(kinds)), f"{group} is served")


@pytest.mark.usefixtures("foreign", "installed")
@pytest.mark.parametrize("one", cases(), ids=str)
def test_every_manifest_is_taken_with_every_field_known(cluster: Cluster, one: Case) -> None:
    for document in documents(one.name):
        assert not cluster.apply(document, NAMESPACE, dryRun="All").warnings


@pytest.mark.usefixtures("installed")
def test_a_mistake_is_refused(cluster: Cluster) -> None:
    wrong = one_of(documents("defaults"), "Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(RefusedError, match=r"readinesProbe"):
        cluster.apply(wrong, NAMESPACE, dryRun="All")


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("way", WAYS)
def test_helm_would_install_it_with_each_way_of_certificates(cluster: Cluster, way: str) -> None:
    tried = Release(cluster, cluster.namespace(RESTRICTED), "tried")
    assert "STATUS: pending-install" in tried.apply("install", case(WAYS[way]).values, "--dry-run=server")


def test_sidecars_are_native_as_the_api_servers_version_has_them(release: Release) -> None:
    stored = release.cluster.admin.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/remora-injector")
    assert yaml.safe_load(stored["data"]["template.yaml"])["native"] is True


def test_before_the_first_renewal_nothing_is_trusted_and_the_injectors_pods_wait(installed: Installed) -> None:
    assert "data" not in installed.empty_secret
    assert installed.first_bundles == [b"", b""]
    assert installed.waits_for == "the object has no tls.crt, tls.key"


def test_the_first_renewal_fills_the_secret_and_both_webhooks_with_one_authority(release: Release) -> None:
    held = {key: base64.b64decode(value) for key, value in release.secret()["data"].items()}
    assert set(held) == {"ca.crt", "ca.key", "tls.crt", "tls.key"}
    assert release.bundles() == [held["ca.crt"]] * 2
    authority, serving = Pair(held["ca.crt"], held["ca.key"]), Pair(held["tls.crt"], held["tls.key"])
    host = f"remora-injector.{NAMESPACE}.svc"
    assert certificate.is_serving(serving, authority, host, datetime.now(UTC))


def test_a_renewal_with_nothing_due_writes_nothing(release: Release) -> None:
    before = versions(release)
    code, said = release.renew()
    assert code == 0
    assert "nothing was due" in said
    assert versions(release) == before


def test_an_upgrade_keeps_the_certificates_and_whom_the_webhooks_trust(release: Release) -> None:
    data, bundles = release.secret()["data"], release.bundles()
    release.apply("upgrade", {"injector": {"logLevel": "debug"}})
    assert release.secret()["data"] == data
    assert release.bundles() == bundles
    assert release.secret()["metadata"].get("annotations", {})["meta.helm.sh/release-name"] == "remora"


def test_an_upgrade_of_the_same_values_leaves_the_job_and_one_of_others_makes_another(release: Release) -> None:
    release.apply("upgrade", {"injector": {"logLevel": "warning"}})
    before = {job["metadata"]["name"] for job in release.jobs()}
    release.apply("upgrade", {"injector": {"logLevel": "warning"}})
    assert {job["metadata"]["name"] for job in release.jobs()} == before
    release.apply("upgrade", {"injector": {"logLevel": "error"}})
    after = {job["metadata"]["name"] for job in release.jobs()}
    assert len(after) == 1
    assert after != before


def test_an_upgrade_by_force_goes_through_and_a_renewal_mends_what_it_emptied(
    release: Release, injector: Running
) -> None:
    release.apply("upgrade", None, "--force")
    assert release.bundles() == [b"", b""]
    code, said = release.renew()
    assert code == 0, said
    assert release.bundles() == [base64.b64decode(release.secret()["data"]["ca.crt"])] * 2
    assert injector.mount()
    release.cluster.until(lambda: is_injected(release.cluster), "the new certificate is believed")


def test_a_rollback_keeps_the_certificates(release: Release) -> None:
    data, bundles = release.secret()["data"], release.bundles()
    release.apply("upgrade", {"injector": {"logLevel": "debug"}})
    release.helm("rollback")
    assert release.secret()["data"] == data
    assert release.bundles() == bundles


@pytest.mark.parametrize("kind", ["Secret", "MutatingWebhookConfiguration"])
def test_somebody_who_applies_the_manifests_on_the_server_owns_no_certificate(release: Release, kind: str) -> None:
    data, bundles = release.secret()["data"], release.bundles()
    manifest = one_of(documents("defaults"), kind)
    release.cluster.apply(manifest, NAMESPACE)
    assert release.secret()["data"] == data
    assert release.bundles() == bundles


def test_a_release_with_everything_set_is_installed_certified_and_leaves_nothing(cluster: Cluster) -> None:
    values = case("everything-set").values
    other = Release(cluster, cluster.namespace(RESTRICTED), "production", prefix=values["fullnameOverride"])
    other.apply("install", values)
    code, said = other.renew()
    assert code == 0, said
    other.helm("uninstall")
    left = [document for document in documents("everything-set") if cluster.has(document, other.namespace)]
    assert not [(one["kind"], one["metadata"]["name"]) for one in left if "helm.sh/hook" not in str(one["metadata"])]


def versions(release: Release) -> list[str]:
    """Of both objects that a renewal may write; another one after every change."""
    return [one["metadata"]["resourceVersion"] for one in (release.secret(), release.configuration())]


def _definition(group: str, kind: str) -> Document:
    plural = f"{kind.lower()}s"
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": anything}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _are_served(cluster: Cluster, group: str, number: int) -> bool:
    path = f"/apis/{group}/v1"
    return cluster.admin.exists(path) and len(cluster.admin.get(path)["resources"]) >= number
