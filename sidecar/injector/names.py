"""Every name that pods, volumes and people see of the injector."""

from __future__ import annotations

PREFIX = "remora.dev/"
LABEL = PREFIX + "inject"
"""On a namespace or a pod: ENABLED or DISABLED; the pod's word wins."""
DISABLED = "disabled"
INJECTED = PREFIX + "injected"
"""The annotation that the injector writes: its own version."""

CONTAINER = "remora"
VARIABLE = "REMORA_ADDRESS"
VOLUME_PREFIX = "remora-"
"""Names of volumes, and of the container's ports, begin so: a Service of the app never finds one by accident."""
CONFIG_VOLUME = VOLUME_PREFIX + "config"
SOCKET_VOLUME = VOLUME_PREFIX + "socket"
SECRET_VOLUME = VOLUME_PREFIX + "secret-"
"""With a number behind it: a Secret's own name may be longer than a volume's."""

CONFIG_FOLDER = "/etc/remora"
CONFIG_KEY = "remora.yaml"
SECRETS_FOLDER = "/var/run/secrets/remora"
SOCKET_FOLDER = "/run/remora"
SOCKET_ADDRESS = f"unix://{SOCKET_FOLDER}/remora.sock"

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""What kubectl takes where no container is named; else the first one."""
MIRROR = "kubernetes.io/config.mirror"
"""On the API server's image of a pod that a node runs from a file."""
MESH_EXCLUSION = "traffic.sidecar.istio.io/excludeInboundPorts"

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
MESH_PROXIES = frozenset({"istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane"})
MESH_CONTAINERS = MESH_PROXIES | {
    "istio-init",
    "istio-validation",
    "linkerd-init",
    "linkerd-network-validator",
    "kuma-init",
    "consul-connect-inject-init",
}
"""What meshes put into pods: their proxies and what prepares the network for these."""
