"""The JSON Patch (RFC 6902) that puts the sidecar into a pod; pure.

It only adds. One thing is more than that: a grace period too short for the drain is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import names
from .annotation import Options
from .container import Rendered
from .decision import Place, callers
from .pod import Document, Pod
from .template import Order

GRACE_S = 5
"""What a pod needs beyond the sidecar's drain, to end in peace."""
DEFAULT_GRACE_S = 30
"""Kubernetes' own, where a pod says nothing."""
MAX_ANNOTATION_BYTES = 256 * 1024
"""Of all annotations of an object, names and values together."""
Operation = dict[str, Any]


def operations(pod: Pod, found: Place, rendered: Rendered, options: Options, version: str) -> list[Operation]:
    """In an order in which each index is the one that the pod has when its turn comes."""
    made = _environments(pod, found, options)
    made += _appended("/spec/volumes", pod.spec.get("volumes"), rendered.volumes)
    made.append(_inserted(pod, found, rendered.container))
    if raised := raised_grace_s(pod, options):
        made.append(_set("/spec/terminationGracePeriodSeconds", pod.spec, "terminationGracePeriodSeconds", raised))
    return made + _annotated(pod, found, options, version)


def raised_grace_s(pod: Pod, options: Options) -> int | None:
    """What the pod's grace period must be raised to; None where it is long enough."""
    needed = options.drain_s + GRACE_S
    given = pod.spec.get("terminationGracePeriodSeconds")
    return needed if (DEFAULT_GRACE_S if given is None else given) < needed else None


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _environments(pod: Pod, found: Place, options: Options) -> list[Operation]:
    running, initiated = callers(pod, found)
    made: list[Operation] = []
    for key, containers, indices in (
        ("containers", pod.containers, running),
        ("initContainers", pod.init_containers, initiated),
    ):
        for at in indices:
            made += _environment(pointer("spec", key, at), containers[at], options)
    return made


def _environment(path: str, container: Document, options: Options) -> list[Operation]:
    """The address, unless the container has one, and the way to a socket."""
    made: list[Operation] = []
    given = container.get("env")
    if all(variable["name"] != names.VARIABLE for variable in given or []):
        made += _appended(f"{path}/env", given, [{"name": names.VARIABLE, "value": options.address}])
    if options.has_socket:
        mount = {"name": names.SOCKET_VOLUME, "mountPath": names.SOCKET_FOLDER, "readOnly": True}
        made += _appended(f"{path}/volumeMounts", container.get("volumeMounts"), [mount])
    return made


def _inserted(pod: Pod, found: Place, container: Document) -> Operation:
    key = "initContainers" if found.is_native else "containers"
    if not pod.spec.get(key):
        return _add(pointer("spec", key), [container])
    return _add(pointer("spec", key, found.index), container)


def _annotated(pod: Pod, found: Place, options: Options, version: str) -> list[Operation]:
    added = {names.INJECTED: version}
    # An ordinary sidecar in front must not become what `kubectl logs` and `kubectl exec` take.
    if not found.is_native and options.order is Order.FIRST and names.DEFAULT_CONTAINER not in pod.annotations:
        app = callers(pod, found)[0] or [0]
        added[names.DEFAULT_CONTAINER] = pod.containers[app[0]]["name"]
    if _size(pod.annotations | added) > MAX_ANNOTATION_BYTES:
        return []  # the API server would refuse the pod
    if not pod.metadata:
        return [_add("/metadata", {"annotations": added})]
    if not pod.annotations:
        return [_add("/metadata/annotations", added)]
    return [_set(pointer("metadata", "annotations", name), pod.annotations, name, added[name]) for name in added]


def _size(annotations: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in annotations.items())


def _appended(path: str, given: list[Any] | None, added: list[Any]) -> list[Operation]:
    """To a list that may be missing."""
    if not given:
        return [_add(path, added)]
    return [_add(f"{path}/-", one) for one in added]


def _set(path: str, holder: Document, key: str, value: Any) -> Operation:
    return {"op": "replace" if key in holder else "add", "path": path, "value": value}


def _add(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}
