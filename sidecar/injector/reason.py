"""Why a pod was left as it is: one closed list, told in a warning, a metric and a line of log."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a review."""

    INJECTED = "injected"
    SKIPPED = "skipped"
    """A pod that stays without the sidecar, by a rule."""
    UNCHANGED = "unchanged"
    """Nothing to inject into, or nothing left to do."""
    FAILED = "failed"
    """A fault of the injector's; the pod is admitted as it is."""


class Reason(StrEnum):
    """Every reason for not injecting."""

    ALREADY_INJECTED = "ALREADY_INJECTED"
    CONTAINER_TAKEN = "CONTAINER_TAKEN"
    HOST_NETWORK = "HOST_NETWORK"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    MIRROR_POD = "MIRROR_POD"
    NAME_TAKEN = "NAME_TAKEN"
    NOT_A_CREATION = "NOT_A_CREATION"
    NOT_A_POD = "NOT_A_POD"
    NO_CONTAINERS = "NO_CONTAINERS"
    OPTED_OUT = "OPTED_OUT"
    OWN_NAMESPACE = "OWN_NAMESPACE"
    PORT_TAKEN = "PORT_TAKEN"
    RUNS_TO_END = "RUNS_TO_END"
    SUBRESOURCE = "SUBRESOURCE"
    SYSTEM_NAMESPACE = "SYSTEM_NAMESPACE"
    WINDOWS = "WINDOWS"

    @property
    def outcome(self) -> Outcome:
        """What a review with this reason counts as."""
        return _TABLE[self][0]

    @property
    def sentence(self) -> str:
        """For people, at most 80 characters."""
        return _TABLE[self][1]

    @property
    def is_warned(self) -> bool:
        """Whether who creates the pod is told: not where the pod has what it asked for, since a webhook that runs
        after ours makes the API server ask again, and nothing is amiss then."""
        return self is not Reason.ALREADY_INJECTED


_SKIPPED, _UNCHANGED = Outcome.SKIPPED, Outcome.UNCHANGED
_TABLE = {
    Reason.ALREADY_INJECTED: (_UNCHANGED, "the pod has the sidecar, and the injector's annotation"),
    Reason.CONTAINER_TAKEN: (_SKIPPED, "a container is called remora, and the injector did not put it there"),
    Reason.HOST_NETWORK: (_SKIPPED, "a pod on the node's network shares its ports with the whole node"),
    Reason.INTERNAL_ERROR: (Outcome.FAILED, "an error inside the injector, which its log has"),
    Reason.MIRROR_POD: (_SKIPPED, "a node runs the pod from a file; the API server only shows it"),
    Reason.NAME_TAKEN: (_SKIPPED, "the pod uses a volume's name or a path that the sidecar needs"),
    Reason.NOT_A_CREATION: (_UNCHANGED, "containers are injected when a pod is created, at no other time"),
    Reason.NOT_A_POD: (_UNCHANGED, "only pods are injected"),
    Reason.NO_CONTAINERS: (_UNCHANGED, "the pod has no containers"),
    Reason.OPTED_OUT: (_SKIPPED, "the pod has the label remora.dev/inject: disabled"),
    Reason.OWN_NAMESPACE: (_SKIPPED, "the injector's own namespace is never injected"),
    Reason.PORT_TAKEN: (_SKIPPED, "a container of the pod has a port that the sidecar would listen on"),
    Reason.RUNS_TO_END: (_SKIPPED, "an ordinary sidecar would keep a pod from ending; this needs a native one"),
    Reason.SUBRESOURCE: (_UNCHANGED, "a change of a pod's subresource, such as an ephemeral container"),
    Reason.SYSTEM_NAMESPACE: (_SKIPPED, "namespaces of Kubernetes itself are never injected"),
    Reason.WINDOWS: (_SKIPPED, "the pod runs on Windows, and the sidecar does not"),
}
