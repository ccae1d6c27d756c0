"""Whether Kubernetes' own schemas take what the chart makes, by the oldest version with native sidecars and the newest."""

from __future__ import annotations

import base64
import json

import jsonpatch
import kubernetes_validate
import pytest

from sidecar.injector import review, template
from tests.kubernetes.rendering import Case, Document, cases, changed, documents, one_of

VERSIONS = ("1.29", kubernetes_validate.latest_version())
FOREIGN = {"cert-manager.io/v1", "monitoring.coreos.com/v1"}
"""Kinds of others, whose schemas are not at hand."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", cases(), ids=str)
def test_every_manifest_is_valid(case: Case, version: str) -> None:
    for document in changed(case.name):
        if document["apiVersion"] not in FOREIGN:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["defaults", "old-cluster", "everything-set"])
def test_a_pod_that_the_injector_changed_by_the_charts_template_is_valid(name: str, version: str) -> None:
    pod = _injected(documents(name))
    kubernetes_validate.validate(pod, version, strict=True)
    assert {volume["name"] for volume in pod["spec"]["volumes"]} == {"remora-config", "remora-secret-1"}


def test_a_mistake_is_found() -> None:
    wrong = _injected(documents("defaults"))
    wrong["spec"]["initContainers"][0]["startupProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def _injected(found: list[Document]) -> Document:
    """A pod of one container and one Secret, as it is stored."""
    text = one_of(found, "ConfigMap", "-injector")["data"]["template.yaml"]
    metadata = {"name": "app", "namespace": "shop", "annotations": {"remora.dev/profile-secrets": "openai"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "app", "image": "a"}]},
    }
    request = {
        "uid": "1",
        "operation": "CREATE",
        "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
    }
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request | {"object": pod}}
    answer = json.loads(review.answer(json.dumps(body).encode(), template.parse(text), "0.1.0").body)["response"]
    patched: Document = jsonpatch.apply_patch(pod, json.loads(base64.b64decode(answer["patch"])))
    return patched
