"""Pods and reviews as an API server of 1.33 sends them, the template of the tests, and patches applied."""

from __future__ import annotations

import base64
import copy
from pathlib import Path
from typing import Any

import orjson

from sidecar.injector import review, template
from sidecar.injector.template import Template

TEMPLATE_FILE = Path(__file__).with_name("template.yaml")
TEMPLATE = template.read(TEMPLATE_FILE)
ORDINARY = TEMPLATE.model_copy(update={"native": False})
IPV6 = template.parse(TEMPLATE_FILE.read_text().replace("0.0.0.0:", "'[::]:").replace("7652,\n", "7652',\n"))
VERSION = "0.1.0"
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
Document = dict[str, Any]

TOKEN_MOUNT = {
    "name": "kube-api-access-x7k2p",
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    "readOnly": True,
}
TOKEN_VOLUME = {
    "name": "kube-api-access-x7k2p",
    "projected": {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ],
    },
}


def container(name: str = "app", **fields: Any) -> Document:
    """A container with what the API server fills in."""
    return {
        "name": name,
        "image": f"registry.example/{name}:1",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [TOKEN_MOUNT],
    } | fields


def pod(owner: str | None = "ReplicaSet", **spec: Any) -> Document:
    """A pod of a namespace that opted in; `owner` is the kind of its controller."""
    groups = {"Job": "batch/v1"}
    owned = {
        "apiVersion": groups.get(owner or "", "apps/v1"),
        "kind": owner,
        "name": "shop-7d4b9",
        "uid": "4b1e0a52-8d0f-4f7e-9d3c-0d4c1d5d0f11",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"creationTimestamp": None, "labels": {"app": "shop"}}
        | ({"generateName": "shop-7d4b9-", "ownerReferences": [owned]} if owner else {"name": "shop"}),
        "spec": {
            "volumes": [TOKEN_VOLUME],
            "containers": [container()],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            "securityContext": {},
        }
        | spec,
        "status": {},
    }


def annotated(document: Document, **values: str) -> Document:
    """The same pod with our annotations; `_` in a name stands for `-`."""
    metadata = document["metadata"] | {
        "annotations": {f"remora.dev/{name.replace('_', '-')}": value for name, value in values.items()}
    }
    return document | {"metadata": metadata}


def request(document: Document | None, namespace: str = "shop", **fields: Any) -> Document:
    """An AdmissionReview about a pod."""
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": UID,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
            "object": document,
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        }
        | fields,
    }


def answered(asked: Document, by: Template = TEMPLATE) -> Document:
    """The response, with its patch decoded."""
    return decoded(review.answer(orjson.dumps(asked), by, VERSION).body)


def decoded(body: bytes) -> Document:
    """The response of an AdmissionReview, with its patch decoded."""
    response: Document = orjson.loads(body)["response"]
    if "patch" in response:
        response["patch"] = orjson.loads(base64.b64decode(response["patch"]))
    return response


def injected(document: Document, by: Template = TEMPLATE) -> Document:
    """The pod after the patch; the same where there is none."""
    return applied(document, answered(request(document), by).get("patch", []))


def applied(document: Document, patch: list[Document]) -> Document:
    """The document after `add` and `replace` of RFC 6902, as strict as it: a missing parent or index is an error."""
    changed = copy.deepcopy(document)
    for operation in patch:
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~") for part in operation["path"].removeprefix("/").split("/")
        ]
        holder: Any = changed
        for part in parents:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        _set(holder, last, operation)
    return changed


def _set(holder: Any, key: str, operation: Document) -> None:
    is_addition = {"add": True, "replace": False}[operation["op"]]
    if isinstance(holder, dict):
        assert is_addition or key in holder, f"nothing to replace at {operation['path']}"
        holder[key] = operation["value"]
        return
    at = len(holder) if key == "-" else int(key)
    assert is_addition, "no element of a list is ever replaced"
    assert 0 <= at <= len(holder), f"no such place: {operation['path']}"
    holder.insert(at, operation["value"])
