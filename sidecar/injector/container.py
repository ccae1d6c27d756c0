"""The sidecar's container and volumes for one pod: the template, with what the pod's options say; pure."""

from __future__ import annotations

from dataclasses import dataclass

from . import names
from .annotation import Options
from .pod import Document
from .template import Template

_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@dataclass(frozen=True)
class Rendered:
    """As Kubernetes writes them; of the caller's own."""

    container: Document
    volumes: list[Document]


def render(template: Template, options: Options, is_native: bool, has_resources: bool = True) -> Rendered:
    """`has_resources`: False leaves requests and limits out."""
    container = template.container_document()
    if options.image is not None:
        container["image"] = options.image
    container["args"] = _arguments(container.get("args", []), template, options)
    _move_ports(container, {template.grpc_port: options.grpc_port, template.probe_port: options.probe_port})
    container["resources"] = {name: dict(found) for name, found in options.resources.items() if found}
    if not has_resources:
        container["resources"] = {}
    if is_native:
        container["restartPolicy"] = "Always"
    volumes = template.volume_documents()
    _mount_config(container, volumes, options.config_map)
    for number, secret in enumerate(options.secrets, 1):
        volumes.append({"name": f"{names.SECRET_VOLUME}{number}", "secret": {"secretName": secret}})
        _mount(container, f"{names.SECRET_VOLUME}{number}", f"{names.SECRETS_FOLDER}/{secret}")
    if options.has_socket:
        volumes.append({"name": names.SOCKET_VOLUME, "emptyDir": {}})
        _mount(container, names.SOCKET_VOLUME, names.SOCKET_FOLDER, read_only=False)
    return Rendered(container, volumes)


def _arguments(arguments: list[str], template: Template, options: Options) -> list[str]:
    """Only what differs from the template's own defaults is replaced: the rest is the operator's."""
    if options.has_socket or options.grpc_port != template.grpc_port:
        arguments = _with_flag(arguments, "--listen-grpc", options.address)
    if options.probe_port != template.probe_port:
        arguments = _with_flag(arguments, "--listen-probe", f"{_probe_host(arguments)}:{options.probe_port}")
    if options.log_level is not None:
        arguments = _with_flag(arguments, "--log-level", options.log_level)
    if options.drain_s != template.drain_s:
        arguments = _with_flag(arguments, "--drain-s", str(options.drain_s))
    return arguments


def _probe_host(arguments: list[str]) -> str:
    """Where the template listens for probes: where pods have IPv6 alone, no address of IPv4 is reached."""
    given = arguments[arguments.index("--listen-probe") + 1] if "--listen-probe" in arguments[:-1] else ""
    return given.rpartition(":")[0] or "0.0.0.0"


def _with_flag(arguments: list[str], flag: str, value: str) -> list[str]:
    """With the value behind the flag, or with both at the end where the flag is not there."""
    if flag not in arguments:
        return [*arguments, flag, value]
    at = arguments.index(flag)
    return [*arguments[: at + 1], value, *arguments[at + 2 :]]


def _move_ports(container: Document, moved: dict[int, int]) -> None:
    """Ports and probes by number; a probe that names its port follows by itself."""
    for port in container.get("ports", []):
        port["containerPort"] = moved.get(port["containerPort"], port["containerPort"])
    for probe in filter(None, map(container.get, _PROBES)):
        for action in ("httpGet", "grpc", "tcpSocket"):
            if action in probe and isinstance(probe[action].get("port"), int):
                probe[action]["port"] = moved.get(probe[action]["port"], probe[action]["port"])


def _mount_config(container: Document, volumes: list[Document], config_map: str) -> None:
    """The template may have the volume and its mount already; then only the ConfigMap's name is set."""
    volume = next((volume for volume in volumes if volume["name"] == names.CONFIG_VOLUME), None)
    if volume is None:
        items = [{"key": names.CONFIG_KEY, "path": names.CONFIG_KEY}]
        volumes.append({"name": names.CONFIG_VOLUME, "configMap": {"name": config_map, "items": items}})
    elif "configMap" in volume:
        volume["configMap"]["name"] = config_map
    if all(mount["name"] != names.CONFIG_VOLUME for mount in container.get("volumeMounts", [])):
        _mount(container, names.CONFIG_VOLUME, names.CONFIG_FOLDER)


def _mount(container: Document, volume: str, path: str, *, read_only: bool = True) -> None:
    """Whole folders: what is mounted from a subPath is never updated."""
    mount = {"name": volume, "mountPath": path} | ({"readOnly": True} if read_only else {})
    container.setdefault("volumeMounts", []).append(mount)
