"""What the chart must never do: be random, ask a cluster, hand out rights or keys, or run as somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.kubernetes.rendering import (
    CHART,
    Case,
    Document,
    cases,
    documents,
    injector_template,
    one_of,
    pod_spec,
    template,
)

NAMES = [case.name for case in cases()]
UNSTEADY = re.compile(
    r"\b(lookup|genCA\w*|genSelfSigned\w*|genSigned\w*|genPrivateKey|buildCustomCert|derivePassword|rand\w+|uuidv4|"
    r"shuffle|now|htpasswd|bcrypt|getHostByName|env|expandenv)\b"
)
"""Functions of templates that ask the cluster, the clock or chance, and would give something else each time."""


def test_no_template_asks_the_cluster_or_chance() -> None:
    files = [file for file in sorted(CHART.glob("templates/**/*")) if file.is_file()]
    assert [(file.name, found) for file in files for found in _unsteady(file.read_text())] == []


@pytest.mark.parametrize(
    "text",
    [
        '{{ lookup "v1" "Secret" "" "" }}',
        "{{- $ca := genCA .name 365 }}",
        "{{ .a | default (randAlphaNum 8) }}",
        "{{ now }}",
    ],
)
def test_what_asks_the_cluster_or_chance_is_found(text: str) -> None:
    assert len(_unsteady(text)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_container_runs_as_nobody_with_nothing(name: str) -> None:
    for container in _containers(documents(name)):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsGroup": 65532,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert set(container["resources"]) == {"requests", "limits"}


def test_a_cluster_that_chooses_the_user_is_told_none() -> None:
    done = template(Case("openshift", "1.34.0", values={"sidecar": {"runAsUser": None}}))
    assert done.returncode == 0, done.stderr
    found = [one for one in yaml.safe_load_all(done.stdout) if one]
    contexts = [container["securityContext"] for container in _containers(found)]
    assert len(contexts) == 5
    assert all(not {"runAsUser", "runAsGroup"} & set(one) and one["runAsNonRoot"] for one in contexts)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_the_renewal_of_certificates_has_a_token(name: str) -> None:
    for document in documents(name):
        spec = pod_spec(document)
        if spec is not None:
            is_renewal = document["metadata"]["labels"]["app.kubernetes.io/component"] == "certificate"
            assert spec["automountServiceAccountToken"] is is_renewal
        if document["kind"] == "ServiceAccount":
            assert document["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", NAMES)
def test_rights_are_for_two_objects_by_their_names(name: str) -> None:
    found = documents(name)
    roles = [document for document in found if document["kind"] in ("Role", "ClusterRole")]
    bindings = [document for document in found if document["kind"].endswith("RoleBinding")]
    for role in roles:
        (rule,) = role["rules"]
        assert rule["verbs"] == ["get", "update"]
        assert len(rule["resourceNames"]) == 1
        target = "Secret" if rule["resources"] == ["secrets"] else "MutatingWebhookConfiguration"
        assert one_of(found, target)["metadata"]["name"] == rule["resourceNames"][0]
    for binding in bindings:
        assert [subject["name"].rpartition("-")[2] for subject in binding["subjects"]] == ["certificate"]
    assert len(roles) == len(bindings)


def test_only_self_managed_certificates_need_rights() -> None:
    with_rights = {name for name in NAMES if any(one["kind"] == "ClusterRole" for one in documents(name))}
    without = {"cert-manager", "cert-manager-with-an-issuer", "provided-certificate", "only-the-named-templates"}
    assert with_rights == set(NAMES) - without - {"standalone-behind-a-mesh", "standalone-with-tls"}


def test_what_the_renewal_writes_does_not_stand_in_the_manifests() -> None:
    found = documents("defaults")
    assert set(one_of(found, "Secret")) == {"apiVersion", "kind", "metadata", "type"}
    for webhook in one_of(found, "MutatingWebhookConfiguration")["webhooks"]:
        assert "caBundle" not in webhook["clientConfig"]


def test_the_renewal_is_told_what_the_chart_has() -> None:
    found = documents("everything-set")
    arguments = _spec(one_of(found, "CronJob"))["containers"][0]["args"]
    assert arguments[:2] == ["inject", "--renew-certificate"]
    told = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    assert told["--secret"] == one_of(found, "Secret")["metadata"]["name"]
    assert told["--webhook-configuration"] == one_of(found, "MutatingWebhookConfiguration")["metadata"]["name"]
    assert told["--service"] == one_of(found, "Service", "-injector")["metadata"]["name"]
    assert told["--namespace"] == "remora-system"
    assert _spec(one_of(found, "Job"))["containers"] == _spec(one_of(found, "CronJob"))["containers"]


def test_the_first_renewal_has_a_new_name_where_it_changes_and_keeps_it_where_not() -> None:
    names = {
        name: one_of(documents(name), "Job")["metadata"]["name"]
        for name in ("defaults", "old-cluster", "everything-set")
    }
    assert names["defaults"] == names["old-cluster"]
    assert names["defaults"].rpartition("-")[2] != names["everything-set"].rpartition("-")[2]


@pytest.mark.parametrize("name", ["defaults", "cert-manager", "provided-certificate"])
def test_the_authoritys_key_stays_out_of_the_injector(name: str) -> None:
    volumes = _spec(one_of(documents(name), "Deployment", "-injector"))["volumes"]
    (secret,) = (volume["secret"] for volume in volumes if "secret" in volume)
    assert [item["key"] for item in secret["items"]] == ["tls.crt", "tls.key"]


def test_keys_of_providers_are_mounted_directories_and_never_variables() -> None:
    (container,) = _spec(one_of(documents("standalone-behind-a-mesh"), "Deployment"))["containers"]
    assert "/var/run/secrets/remora/openai" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert all("subPath" not in mount and mount["readOnly"] for mount in container["volumeMounts"])
    assert all(set(variable.get("valueFrom", {})) <= {"fieldRef"} for variable in container["env"])


@pytest.mark.parametrize("name", NAMES)
def test_every_mount_has_its_volume_and_every_probe_its_port(name: str) -> None:
    for document in documents(name):
        spec = pod_spec(document) or {"containers": []}
        for container in spec["containers"]:
            volumes = {volume["name"] for volume in spec.get("volumes", [])}
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes
            ports = {port["name"] for port in container.get("ports", [])}
            probes = (container.get(f"{kind}Probe") for kind in ("startup", "liveness", "readiness"))
            assert {probe["httpGet"]["port"] for probe in probes if probe} <= ports


@pytest.mark.parametrize("name", NAMES)
def test_every_service_finds_its_pods_and_their_ports(name: str) -> None:
    found = documents(name)
    for service in (document for document in found if document["kind"] == "Service"):
        selected = service["spec"]["selector"].items()
        (deployment,) = (
            document
            for document in found
            if document["kind"] == "Deployment"
            and selected <= document["spec"]["template"]["metadata"]["labels"].items()
        )
        ports = {port["name"] for port in _spec(deployment)["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_names_are_never_too_long() -> None:
    for document in documents("both-with-a-long-name"):
        assert len(document["metadata"]["name"]) <= (52 if document["kind"] == "CronJob" else 63)


def _unsteady(text: str) -> list[str]:
    """The functions of UNSTEADY that a template calls; comments, texts and names of values are nothing to go by."""
    without_comments = re.sub(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", "", text, flags=re.DOTALL)
    actions = re.findall(r"\{\{-?(.*?)-?\}\}", without_comments, re.DOTALL)
    return [name for action in actions for name in UNSTEADY.findall(re.sub(r'"[^"]*"|[.$][\w.]+', "", action))]


def _containers(found: list[Document]) -> Iterator[Document]:
    for document in found:
        yield from (pod_spec(document) or {}).get("containers", [])
        if document["kind"] == "ConfigMap" and "template.yaml" in document["data"]:
            yield injector_template(found)["container"]


def _spec(document: Document) -> Document:
    spec = pod_spec(document)
    assert spec is not None
    return spec
