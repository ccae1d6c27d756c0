"""Whether a pod gets the sidecar, and at which place; pure.

What would have the API server refuse the pod, or keep the app from running, is a reason not to inject: the injector
never blocks a pod. The checks are in the order in which they matter to whoever reads the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import names, quantity
from .annotation import Options
from .pod import GUARANTEED, Document, Pod, is_mesh, is_native, taken_paths
from .reason import Reason
from .template import Order, Template


@dataclass(frozen=True)
class Request:
    """What the API server asks about. `kind`: with its group in front, such as "Job.batch"; a pod's is "Pod"."""

    kind: str
    operation: str
    subresource: str
    namespace: str
    pod: Pod


@dataclass(frozen=True)
class Place:
    """`index`: in `spec.initContainers` for a native sidecar, else in `spec.containers`.

    `initiated`: the indices of init containers that can call the sidecar. `notes`: sentences for who creates the pod.
    """

    is_native: bool
    index: int
    initiated: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def hindrance(request: Request, own_namespace: str) -> Reason | None:
    """Why this request is not one for an injection, whatever the pod's annotations say."""
    if request.subresource:
        return Reason.SUBRESOURCE
    if request.kind != "Pod":
        return Reason.NOT_A_POD
    if request.operation != "CREATE":
        return Reason.NOT_A_CREATION
    if request.namespace in names.SYSTEM_NAMESPACES:
        return Reason.SYSTEM_NAMESPACE
    if request.namespace == own_namespace:
        return Reason.OWN_NAMESPACE
    return next((reason for reason, holds in _HINDRANCES if holds(request.pod)), None)


_HINDRANCES: tuple[tuple[Reason, Callable[[Pod], bool]], ...] = (
    (Reason.NO_CONTAINERS, lambda pod: not pod.containers),
    (Reason.OPTED_OUT, lambda pod: pod.labels.get(names.LABEL) == names.DISABLED),
    (Reason.ALREADY_INJECTED, lambda pod: pod.has_container and names.INJECTED in pod.annotations),
    (Reason.CONTAINER_TAKEN, lambda pod: pod.has_container),
    (Reason.MIRROR_POD, lambda pod: names.MIRROR in pod.annotations),
    (Reason.HOST_NETWORK, lambda pod: pod.spec.get("hostNetwork") is True),
    (Reason.WINDOWS, lambda pod: pod.is_windows),
)


def place(pod: Pod, options: Options, template: Template) -> Place | Reason:
    """Where the sidecar goes, or why it does not."""
    # Before its proxy runs, a mesh's rules drop what comes into the pod: a native sidecar would wait for its startup
    # probe, the proxy for the sidecar, and the pod for ever.
    native = options.is_native and not pod.has_ordinary_mesh
    if pod.runs_to_end and not native:
        return Reason.RUNS_TO_END
    if pod.ports() & _ports(options):
        return Reason.PORT_TAKEN
    siblings = pod.init_containers if native else pod.containers
    index = _index(siblings, options.order)
    found = Place(native, index, _initiated(pod, native, index), _notes(pod, options, native))
    return Reason.NAME_TAKEN if _is_name_taken(pod, options, template, found) else found


def callers(pod: Pod, found: Place) -> tuple[list[int], list[int]]:
    """The indices of the containers, and of the init containers, that get the address: the app's, not a mesh's."""
    return [at for at, one in enumerate(pod.containers) if not is_mesh(one)], list(found.initiated)


def _ports(options: Options) -> set[int]:
    return {options.probe_port} if options.has_socket else {options.grpc_port, options.probe_port}


def _index(siblings: list[Document], order: Order) -> int:
    if order is Order.LAST:
        return len(siblings)
    return max((at + 1 for at, one in enumerate(siblings) if is_mesh(one)), default=0)


def _initiated(pod: Pod, native: bool, index: int) -> tuple[int, ...]:
    """Init containers that start after the sidecar, and sidecars of the app, which run beside it."""
    return tuple(
        at
        for at, one in enumerate(pod.init_containers)
        if not is_mesh(one) and (is_native(one) or (native and at >= index))
    )


def _is_name_taken(pod: Pod, options: Options, template: Template, found: Place) -> bool:
    ours = {volume.name for volume in template.volumes} | {names.CONFIG_VOLUME, names.SOCKET_VOLUME}
    for volume in pod.volumes:
        if volume["name"] in ours or volume["name"].startswith(names.SECRET_VOLUME):
            return True
    if not options.has_socket:
        return False
    running, initiated = callers(pod, found)
    asking = [pod.containers[at] for at in running] + [pod.init_containers[at] for at in initiated]
    return any(names.SOCKET_FOLDER in taken_paths(one) for one in asking)


def _is_guaranteed(resources: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a container with these keeps its pod's class of service; a missing request is the limit."""
    limits = resources.get("limits", {})
    requests = {**limits, **resources.get("requests", {})}
    return all(name in limits and quantity.parse(requests[name]) == quantity.parse(limits[name]) for name in GUARANTEED)


def _notes(pod: Pod, options: Options, native: bool) -> tuple[str, ...]:
    notes = []
    if options.is_native and not native:
        notes.append("an ordinary sidecar was injected, as the mesh's is one")
    excluded = [port.strip() for port in pod.annotations.get(names.MESH_EXCLUSION, "").split(",")]
    if pod.has_istio and str(options.probe_port) not in excluded:
        notes.append(f"under strict mTLS {names.MESH_EXCLUSION} must have {options.probe_port}, for probes")
    if pod.has_own_resources:
        notes.append("the sidecar got no resources of its own, as the pod as a whole has some")
    elif pod.is_guaranteed and not _is_guaranteed(options.resources):
        notes.append("the pod is Burstable, not Guaranteed: the sidecar's requests and limits differ")
    return tuple(notes)
