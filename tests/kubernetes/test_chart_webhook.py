"""Which pods the webhook configuration sends to the injector, judged as the API server judges selectors."""

from __future__ import annotations

import pytest

from tests.kubernetes.rendering import Document, documents, one_of

ENABLED = {"remora.dev/inject": "enabled"}
DISABLED = {"remora.dev/inject": "disabled"}
OF_MESHES = (
    "istio-sidecar-injector",
    "linkerd-proxy-injector-webhook-config",
    "kuma-admission-mutating-webhook",
    "vault",
)


@pytest.mark.parametrize(
    ("namespace", "labels", "pod", "times"),
    [
        ("shop", {}, {}, 0),
        ("shop", ENABLED, {}, 1),
        ("shop", {}, ENABLED, 1),
        ("shop", ENABLED, ENABLED, 1),
        ("shop", ENABLED, DISABLED, 0),
        ("shop", {}, DISABLED, 0),
        ("shop", DISABLED, ENABLED, 1),
        ("shop", DISABLED, {}, 0),
        ("shop", {"remora.dev/inject": "true"}, {}, 0),
        ("kube-system", ENABLED, ENABLED, 0),
        ("kube-public", ENABLED, {}, 0),
        ("kube-node-lease", {}, ENABLED, 0),
        ("remora-system", ENABLED, ENABLED, 0),
        ("istio-system", ENABLED, {}, 0),
    ],
)
def test_a_pod_is_seen_once_where_its_namespace_or_itself_asks(
    namespace: str, labels: dict[str, str], pod: dict[str, str], times: int
) -> None:
    of_namespace = labels | {"kubernetes.io/metadata.name": namespace}
    seen = [
        webhook["name"]
        for webhook in _webhooks("everything-set")
        if _matches(webhook["namespaceSelector"], of_namespace) and _matches(webhook["objectSelector"], pod)
    ]
    assert len(seen) == times


@pytest.mark.parametrize("name", ["defaults", "cert-manager", "provided-certificate"])
def test_the_webhook_holds_nobody_up(name: str) -> None:
    for webhook in _webhooks(name):
        assert webhook["timeoutSeconds"] == 3
        assert webhook["failurePolicy"] == "Ignore"
        assert webhook["reinvocationPolicy"] == "IfNeeded"
        assert webhook["sideEffects"] == "None"
        assert webhook["admissionReviewVersions"] == ["v1"]
        (rule,) = webhook["rules"]
        assert (rule["operations"], rule["resources"], rule["apiGroups"]) == (["CREATE"], ["pods"], [""])


@pytest.mark.parametrize("name", ["defaults", "everything-set", "both-with-a-long-name"])
def test_the_injector_is_asked_after_the_meshes(name: str) -> None:
    own = _configuration(name)["metadata"]["name"]
    assert all(mesh < own for mesh in OF_MESHES)
    assert len(own) <= 63


@pytest.mark.parametrize("name", ["defaults", "everything-set"])
def test_the_injector_and_its_renewal_are_in_no_mesh(name: str) -> None:
    found = documents(name)
    templates = [one_of(found, "Deployment", "-injector")["spec"]["template"], one_of(found, "Job")["spec"]["template"]]
    templates += [one_of(found, "CronJob")["spec"]["jobTemplate"]["spec"]["template"], one_of(found, "Pod")]
    for one in templates:
        assert one["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
        assert one["metadata"]["annotations"]["linkerd.io/inject"] == "disabled"


def test_a_standalone_deployment_may_be_in_a_mesh() -> None:
    metadata = one_of(documents("standalone-behind-a-mesh"), "Deployment")["spec"]["template"]["metadata"]
    assert "inject" not in str(metadata)


def test_the_api_server_is_told_whom_to_trust_by_each_mode() -> None:
    assert "annotations" not in _configuration("defaults")["metadata"]
    certificate = one_of(documents("cert-manager"), "Certificate", "-injector")["metadata"]
    told = _configuration("cert-manager")["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
    assert told == f"{certificate['namespace']}/{certificate['name']}"
    given = {webhook["clientConfig"]["caBundle"] for webhook in _webhooks("provided-certificate")}
    assert given == {"Zm9yIGEgdGVzdA=="}


@pytest.mark.parametrize("name", ["cert-manager", "cert-manager-with-an-issuer"])
def test_cert_manager_makes_the_certificate_that_the_injector_serves(name: str) -> None:
    found = documents(name)
    certificate = one_of(found, "Certificate", "-injector")["spec"]
    volumes = one_of(found, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert certificate["secretName"] in [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
    service = one_of(found, "Service")["metadata"]
    assert certificate["dnsNames"] == [f"{service['name']}.{service['namespace']}.svc"]


def test_an_issuer_of_ones_own_replaces_the_charts() -> None:
    found = documents("cert-manager-with-an-issuer")
    assert not [document for document in found if document["kind"] == "Issuer"]
    issuer = one_of(found, "Certificate")["spec"]["issuerRef"]
    assert issuer == {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}


def _configuration(name: str) -> Document:
    return one_of(documents(name), "MutatingWebhookConfiguration")


def _webhooks(name: str) -> list[Document]:
    return list(_configuration(name)["webhooks"])


def _matches(selector: Document, labels: dict[str, str]) -> bool:
    """Kubernetes' rule: NotIn is true of a label that is not there."""
    return all(
        (labels.get(one["key"]) in one["values"]) is (one["operator"] == "In") for one in selector["matchExpressions"]
    )
