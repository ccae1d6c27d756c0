"""The patch: pods in every shape, injected once and once more; nothing of theirs is lost, moved or blocked."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.injector import names, patch
from sidecar.injector.template import Template
from tests.injector.making import ORDINARY, TEMPLATE, Document, annotated, answered, applied, injected, pod, request

NAMES = ["app", "web", "istio-init", "istio-proxy", "linkerd-proxy", "migrate", "cache"]
VARIABLES = st.lists(
    st.sampled_from(["PORT", "REMORA_ADDRESS", "HOME"]).map(lambda name: {"name": name, "value": "x"}),
    unique_by=lambda one: one["name"],
)
MOUNTS = st.lists(
    st.sampled_from(["/tmp", "/data", "/run/remora"]).map(lambda path: {"name": "data", "mountPath": path}),
    unique_by=lambda one: one["mountPath"],
)
PORTS = st.lists(st.sampled_from([80, 8080, 7652]).map(lambda port: {"containerPort": port}), max_size=2)


@st.composite
def containers(draw: st.DrawFn, least: int = 0) -> list[Document]:
    """Of different names, with optional parts missing, empty or null."""
    made = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=least, max_size=4)):
        one: Document = {"name": name, "image": "x"}
        for key, values in (("env", VARIABLES), ("volumeMounts", MOUNTS), ("ports", PORTS)):
            if draw(st.booleans()):
                one[key] = draw(st.none() | values)
        made.append(one)
    return made


@st.composite
def pods(draw: st.DrawFn) -> Document:
    """Of every shape that a decision looks at, with annotations good and bad."""
    spec: Document = {"containers": draw(containers(least=1))}
    taken = {one["name"] for one in spec["containers"]}
    if draw(st.booleans()):
        starting = [one for one in draw(containers()) if one["name"] not in taken]
        spec["initContainers"] = [
            one | ({"restartPolicy": "Always"} if draw(st.booleans()) else {}) for one in starting
        ]
    optional: dict[str, st.SearchStrategy[Any]] = {
        "volumes": st.none() | st.just([{"name": "data", "emptyDir": {}}]),
        "terminationGracePeriodSeconds": st.none() | st.integers(0, 100),
        "restartPolicy": st.sampled_from(["Always", "Never", "OnFailure"]),
        "hostNetwork": st.booleans(),
        "resources": st.just({"requests": {"cpu": "1"}}),
    }
    for key, values in optional.items():
        if draw(st.integers(0, 3)) == 0:
            spec[key] = draw(values)
    metadata: Document = {"name": "shop"}
    if draw(st.booleans()):
        metadata["annotations"] = draw(
            st.dictionaries(
                st.sampled_from(["remora.dev/order", "remora.dev/native", "remora.dev/unix-socket", "a/b~c", "x"]),
                st.sampled_from(["first", "last", "true", "false", "odd"]),
            )
        )
    return {"metadata": metadata, "spec": spec}


BOTH = st.sampled_from([TEMPLATE, ORDINARY])


@given(pods(), BOTH)
def test_injecting_twice_is_injecting_once(document: Document, template: Template) -> None:
    once = injected(document, template)
    response = answered(request(once), template)
    if once != document:
        assert "patch" not in response
        assert "warnings" not in response


@given(pods(), BOTH)
def test_all_that_was_there_is_still_there_in_its_order(document: Document, template: Template) -> None:
    before, after = document["spec"], injected(document, template)["spec"]
    for key in ("containers", "initContainers"):
        kept = [one for one in after.get(key) or [] if one["name"] != names.CONTAINER]
        assert [stripped(one) for one in kept] == [stripped(one) for one in before.get(key) or []]
    assert (after.get("volumes") or [])[: len(before.get("volumes") or [])] == (before.get("volumes") or [])
    untouched = set(before) - {"containers", "initContainers", "volumes", "terminationGracePeriodSeconds"}
    assert all(after[key] == before[key] for key in untouched)


def stripped(container: Document) -> Document:
    """Without what the injector may add: a variable and a mount, behind all the others."""
    kept = copy.deepcopy(container)
    for key, ours in (
        ("env", {"name": names.VARIABLE}),
        ("volumeMounts", {"name": names.SOCKET_VOLUME}),
    ):
        given_last = (kept.get(key) or [{}])[-1]
        if ours.items() <= given_last.items() and given_last.get("value", "") != "x":
            kept[key].pop()
        kept[key] = kept.get(key) or []
    return kept


@given(pods(), BOTH)
def test_the_injected_pod_has_nothing_twice_and_every_mount_has_its_volume(
    document: Document, template: Template
) -> None:
    after = injected(document, template)
    if after == document:
        return
    spec = after["spec"]
    everything = [*spec["containers"], *(spec.get("initContainers") or [])]
    volumes = [volume["name"] for volume in spec["volumes"]]
    assert len({one["name"] for one in everything}) == len(everything)
    assert len(set(volumes)) == len(volumes)
    for one in everything:
        variables = [variable["name"] for variable in one.get("env") or []]
        mounts = one.get("volumeMounts") or []
        assert len(set(variables)) == len(variables)
        assert len({mount["mountPath"] for mount in mounts}) == len(mounts)
        assert all(mount["name"] in volumes for mount in mounts if mount["name"].startswith(names.VOLUME_PREFIX))


@given(pods(), BOTH)
def test_the_sidecar_is_after_the_mesh_and_ends_before_the_pod(document: Document, template: Template) -> None:
    after = injected(document, template)
    if after == document:
        return
    spec = after["spec"]
    siblings = next(
        spec[key]
        for key in ("containers", "initContainers")
        if any(one["name"] == names.CONTAINER for one in spec.get(key) or [])
    )
    order = [one["name"] for one in siblings]
    assert not names.MESH_CONTAINERS & set(order[order.index(names.CONTAINER) :])
    grace = spec.get("terminationGracePeriodSeconds")
    assert (30 if grace is None else grace) >= template.drain_s + patch.GRACE_S


@pytest.mark.parametrize(
    ("parts", "written"), [(("spec", "containers", 0), "/spec/containers/0"), (("a/b", "c~d", "~1"), "/a~1b/c~0d/~01")]
)
def test_a_pointer_escapes_as_the_rfc_says(parts: tuple[str | int, ...], written: str) -> None:
    assert patch.pointer(*parts) == written


def test_the_mark_of_an_older_injection_without_its_container_is_replaced() -> None:
    document = annotated(pod(), injected="0.0.1")
    after = injected(document)
    assert after["metadata"]["annotations"] == {names.INJECTED: "0.1.0"}
    assert applied(document, answered(request(document))["patch"]) == after


def test_a_pod_without_metadata_gets_some() -> None:
    document = {"spec": {"containers": [{"name": "app"}]}}
    assert injected(document)["metadata"] == {"annotations": {names.INJECTED: "0.1.0"}}


def test_the_template_is_the_same_after_any_pod() -> None:
    before = TEMPLATE.model_dump()
    injected(annotated(pod(), grpc_port="9000", probe_port="9001", profile_secrets="a", unix_socket="true", image="b"))
    assert TEMPLATE.model_dump() == before


def test_an_operators_own_address_stays_unless_the_pod_names_a_port() -> None:
    arguments = ["serve", "--listen-grpc", "[::1]:7650"]
    container = TEMPLATE.container.model_copy(update={"args": arguments})
    template = TEMPLATE.model_copy(update={"container": container})
    plain = injected(pod(), template)["spec"]["initContainers"][0]
    moved = injected(annotated(pod(), grpc_port="9000", log_level="debug"), template)["spec"]["initContainers"][0]
    assert plain["args"] == arguments
    assert moved["args"] == ["serve", "--listen-grpc", "127.0.0.1:9000", "--log-level", "debug"]


@pytest.mark.parametrize(("room", "is_marked"), [(0, False), (-1, False), (1, True)])
def test_annotations_that_leave_no_room_for_the_mark_get_none_and_the_pod_is_injected(
    room: int, is_marked: bool
) -> None:
    mark = len("remora.dev/injected") + len(injected(pod())["metadata"]["annotations"]["remora.dev/injected"])
    filler = "x" * (patch.MAX_ANNOTATION_BYTES - mark - len("note") + 1 - room)
    document = pod()
    document["metadata"] = document["metadata"] | {"annotations": {"note": filler}}
    patched = injected(document)
    assert ("remora.dev/injected" in patched["metadata"]["annotations"]) is is_marked
    assert patched["metadata"]["annotations"]["note"] == filler
    assert any(one["name"] == "remora" for one in patched["spec"]["initContainers"])
