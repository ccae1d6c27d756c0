"""The template: the sidecar's container and volumes as the chart renders them, and the defaults of every annotation."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from . import names, quantity

MIN_PORT, MAX_PORT = 1024, 65535
"""The sidecar runs as nobody in particular, and gets no port below."""
MAX_DRAIN_S = 3600
MAX_BYTES = 1024 * 1024
"""A ConfigMap holds no more."""


class TemplateError(Exception):
    """The template cannot be read or is not one; the text names each problem with its place, and no value."""


class Order(StrEnum):
    """Where in its list the sidecar goes."""

    FIRST = "first"
    LAST = "last"


def _ours(name: str) -> str:
    if not name.startswith(names.VOLUME_PREFIX):
        raise ValueError(f"must begin with {names.VOLUME_PREFIX}")
    return name


def _text(value: object) -> object:
    """YAML has `cpu: 1` as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _amount(text: str) -> str:
    quantity.parse(text)
    return text


def _field(path: str) -> str:
    if re.fullmatch(FIELD_PATH, path) is None:
        raise ValueError("no field of a pod that a variable may have")
    return path


OurName = Annotated[str, AfterValidator(_ours)]
Amounts = dict[str, Annotated[str, BeforeValidator(_text), AfterValidator(_amount)]]
Port = Annotated[int, Field(ge=MIN_PORT, le=MAX_PORT)]
_KEY = r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
FIELD_PATH = (
    r"(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['" + _KEY + r"'\]"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))"
)
"""What an environment variable may be of its pod; the API server refuses a pod that asks for anything else."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", alias_generator=to_camel)


class _OpenPart(_Part):
    """A part whose other fields are only handed on."""

    model_config = ConfigDict(extra="allow")


class ContainerPort(_OpenPart):
    """One port."""

    name: OurName
    container_port: Port


class FieldRef(_Part):
    """A field of the pod."""

    field_path: Annotated[str, AfterValidator(_field)]
    api_version: Literal["v1"] = "v1"


class ValueFrom(_Part):
    """Where a variable's value is: in the pod. Keys are mounted, and renewed; a variable is not."""

    field_ref: FieldRef


class Variable(_Part):
    """One variable of the environment."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    value: str | None = None
    value_from: ValueFrom | None = None

    @model_validator(mode="after")
    def _has_one_value(self) -> Variable:
        if self.value is not None and self.value_from is not None:
            raise ValueError("value and valueFrom exclude each other")
        return self


class Mount(_OpenPart):
    """One volume mount."""

    name: OurName
    mount_path: str


class Resources(_Part):
    """What the container reserves, and what it may take; quantities."""

    requests: Amounts = {}
    limits: Amounts = {}

    @model_validator(mode="after")
    def _is_within_limits(self) -> Resources:
        if not quantity.is_within(self.requests, self.limits):
            raise ValueError("a request is above its limit")
        return self


class Container(_Part):
    """A Kubernetes container. `restartPolicy` is missing: the injector sets it for a native sidecar."""

    name: Literal["remora"]
    image: str = Field(min_length=1)
    image_pull_policy: str | None = None
    command: list[str] | None = None
    args: list[str] = []
    working_dir: str | None = None
    ports: list[ContainerPort] = []
    env: list[Variable] = []
    resources: Resources = Resources()
    volume_mounts: list[Mount] = []
    startup_probe: dict[str, Any] | None = None
    liveness_probe: dict[str, Any] | None = None
    readiness_probe: dict[str, Any] | None = None
    lifecycle: dict[str, Any] | None = None
    security_context: dict[str, Any] | None = None
    termination_message_path: str | None = None
    termination_message_policy: str | None = None


class Volume(_OpenPart):
    """One volume."""

    name: OurName


class Template(BaseModel):
    """The whole file. `secrets`: what pods mount that name none. `drain_s`: how long calls may take to end after SIGTERM."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    container: Container
    volumes: list[Volume] = []
    native: bool = True
    order: Annotated[Order, Field(strict=False)] = Order.LAST
    namespace: str = Field(min_length=1)
    config_map: str = Field("remora", min_length=1)
    secrets: list[Annotated[str, Field(min_length=1)]] = []
    grpc_port: Port = 7650
    probe_port: Port = 7652
    drain_s: Annotated[int, Field(ge=1, le=MAX_DRAIN_S)] = 20

    @model_validator(mode="after")
    def _has_two_ports(self) -> Template:
        if self.grpc_port == self.probe_port:
            raise ValueError("grpc_port and probe_port must differ")
        return self

    @model_validator(mode="after")
    def _has_its_volumes(self) -> Template:
        """The API server refuses a pod whose mounts have no volume, or meet; then the injector would block pods."""
        volumes = [volume.name for volume in self.volumes]
        mounts = self.container.volume_mounts
        paths = [mount.mount_path.rstrip("/") for mount in mounts]
        if len(volumes) != len(set(volumes)) or len(paths) != len(set(paths)):
            raise ValueError("two volumes, or two mounts, are the same")
        if any(mount.name not in (*volumes, names.CONFIG_VOLUME) for mount in mounts):
            raise ValueError("a mount has no volume")
        if any(path.startswith((names.SOCKET_FOLDER, names.SECRETS_FOLDER)) for path in paths) or any(
            name == names.SOCKET_VOLUME or name.startswith(names.SECRET_VOLUME) for name in volumes
        ):
            raise ValueError("the socket and the Secrets are mounted by the injector")
        return self

    def container_document(self) -> dict[str, Any]:
        """The container as Kubernetes writes it, a copy of the caller's own."""
        return self.container.model_dump(by_alias=True, exclude_unset=True)

    def volume_documents(self) -> list[dict[str, Any]]:
        """The volumes as Kubernetes writes them, a copy of the caller's own."""
        return [volume.model_dump(by_alias=True, exclude_unset=True) for volume in self.volumes]


def parse(text: str) -> Template:
    """The template of a YAML text. Raises TemplateError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise TemplateError(f"no YAML{place}") from None
    try:
        return Template.model_validate(document)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise TemplateError("; ".join(problems)) from None


def read(path: Path) -> Template:
    """The template of a file of at most MAX_BYTES. Raises TemplateError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise TemplateError(f"larger than {MAX_BYTES} bytes")
        return parse(data.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
