"""Every decision as a golden case: a review as it is received, and the response with its patch decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from sidecar.injector.reason import Reason
from sidecar.injector.template import Template
from tests.conftest import Golden
from tests.injector.making import (
    IPV6,
    ORDINARY,
    TEMPLATE,
    TOKEN_MOUNT,
    Document,
    annotated,
    answered,
    applied,
    container,
    pod,
    request,
)

FOLDER = Path(__file__).with_name("golden")
ISTIO_INIT = container("istio-init", volumeMounts=[])
ISTIO = container("istio-proxy", ports=[{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}])
NATIVE_ISTIO = ISTIO | {"restartPolicy": "Always"}
LINKERD = container("linkerd-proxy", ports=[{"containerPort": 4143}])
MIGRATION = container("migrate")
AMOUNTS = {"cpu": "1", "memory": "1Gi"}
KEPT = {"cpu": "500m", "memory": "256Mi"}


@dataclass(frozen=True)
class Case:
    """`reason`: None where the sidecar is injected."""

    review: Document
    reason: Reason | None = None
    template: Template = TEMPLATE


def labelled(value: str, document: Document) -> Document:
    """With the label that opts in or out."""
    metadata = document["metadata"]
    return document | {"metadata": metadata | {"labels": metadata["labels"] | {"remora.dev/inject": value}}}


def of(document: Document, reason: Reason | None = None, template: Template = TEMPLATE) -> Case:
    """Created in a namespace that opted in."""
    return Case(request(document), reason, template)


def _ready_made() -> Document:
    patch = answered(request(pod()))["patch"]
    return applied(pod(), patch)


ALL_ANNOTATIONS = {
    "config": "shop-models",
    "profile_secrets": "openai-main, anthropic.spare",
    "log_level": "debug",
    "cpu_request": "100m",
    "memory_request": "128Mi",
    "cpu_limit": "1",
    "memory_limit": "none",
    "grpc_port": "17650",
    "probe_port": "17652",
    "image": "registry.example/remora:0.2.0",
    "native": "false",
    "drain_seconds": "60",
    "order": "first",
}
BAD_ANNOTATIONS = {
    "config": "Not A Name",
    "profile_secrets": "../etc",
    "log_level": "loud",
    "cpu_request": "lots",
    "memory_limit": "-1Gi",
    "grpc_port": "80",
    "probe_port": "seventy",
    "unix_socket": "yes",
    "image": "no image at all",
    "native": "perhaps",
    "drain_seconds": "0",
    "order": "middle",
    "colour": "blue",
}
JOB = {"restartPolicy": "Never"}

CASES: dict[str, Callable[[], Case]] = {
    "deployment": lambda: of(pod()),
    "deployment-ordinary": lambda: of(pod(), template=ORDINARY),
    "stateful-set": lambda: of(pod("StatefulSet", hostname="shop-0")),
    "daemon-set": lambda: of(pod("DaemonSet")),
    "bare-pod": lambda: of(pod(None)),
    "pod-label-enabled": lambda: of(labelled("enabled", pod())),
    "job-native": lambda: of(pod("Job", **JOB)),
    "job-ordinary": lambda: of(pod("Job", **JOB), Reason.RUNS_TO_END, ORDINARY),
    "run-to-end-native": lambda: of(pod(None, restartPolicy="OnFailure")),
    "run-to-end-ordinary": lambda: of(pod(None, restartPolicy="OnFailure"), Reason.RUNS_TO_END, ORDINARY),
    "init-containers-last": lambda: of(pod(initContainers=[MIGRATION])),
    "init-containers-first": lambda: of(annotated(pod(initContainers=[MIGRATION]), order="first")),
    "host-network": lambda: of(pod(hostNetwork=True), Reason.HOST_NETWORK),
    "windows-by-system": lambda: of(pod(os={"name": "windows"}), Reason.WINDOWS),
    "windows-by-selector": lambda: of(pod(nodeSelector={"kubernetes.io/os": "windows"}), Reason.WINDOWS),
    "already-injected": lambda: of(_ready_made(), Reason.ALREADY_INJECTED),
    "already-in-the-template": lambda: of(pod(containers=[container(), container("remora")]), Reason.CONTAINER_TAKEN),
    "class-guaranteed": lambda: of(pod(containers=[container(resources={"limits": AMOUNTS})])),
    "class-guaranteed-is-kept": lambda: of(
        annotated(
            pod(containers=[container(resources={"limits": AMOUNTS, "requests": AMOUNTS})]),
            **{f"{name}-{kind}": value for name, value in KEPT.items() for kind in ("request", "limit")},
        )
    ),
    "socket-folder-is-a-device": lambda: of(
        annotated(
            pod(containers=[container(volumeDevices=[{"name": "disk", "devicePath": "/run/remora"}])]),
            **{"unix-socket": "true"},
        ),
        Reason.NAME_TAKEN,
    ),
    "label-disabled": lambda: of(labelled("disabled", pod()), Reason.OPTED_OUT),
    "own-namespace": lambda: Case(request(pod(), "remora-system"), Reason.OWN_NAMESPACE),
    "kube-system": lambda: Case(request(pod(), "kube-system"), Reason.SYSTEM_NAMESPACE),
    "mirror-pod": lambda: of(
        {**pod(None), "metadata": {"name": "shop", "annotations": {"kubernetes.io/config.mirror": "6f"}}},
        Reason.MIRROR_POD,
    ),
    "mesh-native": lambda: of(pod(initContainers=[ISTIO_INIT, NATIVE_ISTIO])),
    "mesh-native-first": lambda: of(
        annotated(pod(initContainers=[ISTIO_INIT, NATIVE_ISTIO, MIGRATION]), order="first")
    ),
    "mesh-ordinary": lambda: of(pod(initContainers=[ISTIO_INIT], containers=[container(), ISTIO])),
    "mesh-ordinary-first": lambda: of(annotated(pod(containers=[LINKERD, container()]), order="first")),
    "mesh-ordinary-job": lambda: of(pod("Job", containers=[container(), LINKERD], **JOB), Reason.RUNS_TO_END),
    "all-annotations": lambda: of(annotated(pod(), **ALL_ANNOTATIONS)),
    "bad-annotations": lambda: of(annotated(pod(), **BAD_ANNOTATIONS)),
    "annotations-at-odds": lambda: of(
        annotated(pod(), grpc_port="9000", probe_port="9000", memory_request="1Gi", memory_limit="512Mi")
    ),
    "unix-socket": lambda: of(
        annotated(
            pod(initContainers=[MIGRATION, NATIVE_ISTIO], containers=[container(), container("web")]),
            unix_socket="true",
        )
    ),
    "unix-socket-taken": lambda: of(
        annotated(
            pod(containers=[container(volumeMounts=[TOKEN_MOUNT | {"mountPath": "/run/remora/"}])]), unix_socket="true"
        ),
        Reason.NAME_TAKEN,
    ),
    "volume-taken": lambda: of(pod(volumes=[{"name": "remora-config", "emptyDir": {}}]), Reason.NAME_TAKEN),
    "port-taken": lambda: of(pod(containers=[container(ports=[{"containerPort": 7650}])]), Reason.PORT_TAKEN),
    "port-moved": lambda: of(
        annotated(pod(containers=[container(ports=[{"containerPort": 7650, "protocol": "TCP"}])]), grpc_port="7660")
    ),
    "probe-moved-on-ipv6": lambda: of(annotated(pod(), probe_port="7662"), template=IPV6),
    "address-set": lambda: of(
        pod(
            containers=[
                container(env=[{"name": "REMORA_ADDRESS", "value": "gateway:7650"}]),
                container("web", env=[{"name": "PORT", "value": "80"}]),
            ]
        )
    ),
    "short-grace": lambda: of(annotated(pod(terminationGracePeriodSeconds=5), drain_seconds="3")),
    "pod-resources": lambda: of(pod(resources={"limits": {"memory": "512Mi"}})),
    "nothing-optional": lambda: of(
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "shop"}, "spec": {"containers": [{"name": "app"}]}}
    ),
    "ephemeral-container": lambda: Case(
        request(pod(), operation="UPDATE", subResource="ephemeralcontainers"), Reason.SUBRESOURCE
    ),
    "update": lambda: Case(request(pod(), operation="UPDATE"), Reason.NOT_A_CREATION),
    "delete": lambda: Case(request(None, operation="DELETE", oldObject=pod()), Reason.NOT_A_CREATION),
    "not-a-pod": lambda: Case(
        request(pod(), kind={"group": "apps", "version": "v1", "kind": "Deployment"}), Reason.NOT_A_POD
    ),
    "no-containers": lambda: of(pod(containers=[]), Reason.NO_CONTAINERS),
    "broken-pod": lambda: of(pod(containers=["secret-word"]), Reason.INTERNAL_ERROR),
}


@pytest.mark.parametrize("name", CASES)
def test_the_response_is_the_recorded_one(name: str, golden: Golden) -> None:
    case = CASES[name]()
    told = {"review": case.review, "response": answered(case.review, case.template)}
    golden(FOLDER / f"{name}.json", orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")


@pytest.mark.parametrize("name", CASES)
def test_the_pod_is_allowed_and_patched_where_the_case_says_so(name: str) -> None:
    case = CASES[name]()
    response = answered(case.review, case.template)
    assert response["allowed"] is True
    assert ("patch" in response) is (case.reason is None)
    if case.reason is not None and case.reason.is_warned:
        assert response["warnings"] == [f"remora: not injected ({case.reason}): {case.reason.sentence}"]


def test_every_reason_has_a_case_and_every_file_too() -> None:
    assert {make().reason for make in CASES.values()} - {None} == set(Reason)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)
