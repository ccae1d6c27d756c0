"""What the chart's accounts may do, as the API server's RBAC judges them."""

from __future__ import annotations

import json

import pytest

from tests.cluster.api import Api, Document
from tests.cluster.cluster import Cluster
from tests.cluster.release import Release
from tests.kubernetes.rendering import NAMESPACE

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
OWN_SECRET = f"{SECRETS}/remora-certificate"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
ANOTHER = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "another"}}
FORBIDDEN = [
    ("GET", f"{SECRETS}/another"),
    ("PUT", f"{SECRETS}/another"),
    ("GET", SECRETS),
    ("POST", SECRETS),
    ("PATCH", OWN_SECRET),
    ("DELETE", OWN_SECRET),
    ("GET", "/api/v1/secrets"),
    ("GET", "/api/v1/namespaces/kube-system/secrets/remora-certificate"),
    ("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/remora-injector"),
    ("GET", f"/api/v1/namespaces/{NAMESPACE}/pods"),
    ("GET", WEBHOOKS),
    ("GET", f"{WEBHOOKS}/another"),
    ("DELETE", f"{WEBHOOKS}/zz-remora-injector"),
]


@pytest.fixture(scope="session")
def renewal(release: Release) -> Api:
    """The API as the renewal sees it; there is another Secret in its namespace."""
    release.cluster.admin.create(ANOTHER, NAMESPACE)
    return release.cluster.account(NAMESPACE, "remora-certificate")


def test_the_renewal_may_get_and_update_two_objects_and_nothing_else(cluster: Cluster, renewal: Api) -> None:
    anybody = rules(cluster.account(NAMESPACE, "default"))
    own = [json.loads(rule) for rule in rules(renewal) - anybody]
    assert sorted(own, key=lambda rule: rule["resources"]) == [
        {
            "apiGroups": ["admissionregistration.k8s.io"],
            "resources": ["mutatingwebhookconfigurations"],
            "resourceNames": ["zz-remora-injector"],
            "verbs": ["get", "update"],
        },
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["remora-certificate"],
            "verbs": ["get", "update"],
        },
    ]


@pytest.mark.parametrize(("method", "path"), FORBIDDEN)
def test_the_renewal_is_refused(renewal: Api, method: str, path: str) -> None:
    body: Document | None = {**ANOTHER} if method in ("POST", "PUT", "PATCH") else None
    assert renewal.status_of(method, path, body) == 403


def test_the_renewal_is_granted_its_own_secret(renewal: Api) -> None:
    assert renewal.status_of("GET", OWN_SECRET) == 200


def test_the_injector_has_no_rights_beyond_anybodys(cluster: Cluster, release: Release) -> None:
    injector = cluster.account(release.namespace, "remora-injector")
    assert rules(injector) == rules(cluster.account(release.namespace, "default"))


def test_the_injectors_pod_has_no_token(release: Release) -> None:
    mounts = release.injector().container["volumeMounts"]
    assert {mount["mountPath"] for mount in mounts} == {"/etc/remora-injector", "/var/run/remora-injector/tls"}


def rules(account: Api) -> set[str]:
    """What an account may do in the release's namespace, each rule as JSON."""
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": NAMESPACE}}
    status = account.ask("POST", REVIEW, body).document["status"]
    assert not status["incomplete"]
    return {json.dumps(rule, sort_keys=True) for rule in (*status["resourceRules"], *status["nonResourceRules"])}
