"""A pod's annotations: what they configure, and a warning for each that cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import names, quantity
from .template import MAX_DRAIN_S, MAX_PORT, MIN_PORT, Order, Template

MAX_SECRETS = 16
LOG_LEVELS = ("debug", "info", "warning", "error")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""Kubernetes' DNS subdomain, but for the rule that no dots meet; such a name is of nothing that exists."""
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_IMAGE = re.compile(rf"(?a:(?:{_HOST}(?::[0-9]+)?/)?{_PATH}(?:/{_PATH})*(?::\w[\w.-]{{0,127}})?(?:@{_DIGEST})?)")
"""The grammar of github.com/distribution/reference, by which the kubelet refuses an image's name."""
MAX_IMAGE_CHARACTERS = 512
Amounts = Mapping[str, Mapping[str, str]]
"""Quantities by "requests" or "limits", then by "cpu" or "memory"."""


@dataclass(frozen=True)
class Options:
    """What a pod gets, with the template's defaults. `log_level`, `image`: None leaves what the container has."""

    config_map: str
    grpc_port: int
    probe_port: int
    drain_s: int
    is_native: bool
    order: Order
    resources: Amounts
    secrets: tuple[str, ...] = ()
    log_level: str | None = None
    image: str | None = None
    has_socket: bool = False

    @property
    def address(self) -> str:
        """Where the app finds the sidecar."""
        return names.SOCKET_ADDRESS if self.has_socket else f"127.0.0.1:{self.grpc_port}"


@dataclass(frozen=True)
class Reading:
    """Options, and the warnings, each a sentence without an annotation's value."""

    options: Options
    warnings: tuple[str, ...] = field(default=())


def defaults(template: Template) -> Options:
    """What a pod without annotations gets."""
    return Options(
        config_map=template.config_map,
        secrets=tuple(template.secrets),
        grpc_port=template.grpc_port,
        probe_port=template.probe_port,
        drain_s=template.drain_s,
        is_native=template.native,
        order=template.order,
        resources={"requests": template.container.resources.requests, "limits": template.container.resources.limits},
    )


def read(annotations: Mapping[str, str], template: Template) -> Reading:
    """Every annotation that is ours; one that is unknown or has a bad value leaves the default and gives a warning."""
    changes: dict[str, Any] = {}
    amounts: dict[str, str] = {}
    warnings = []
    for name in sorted(name for name in annotations if name.startswith(names.PREFIX) and name != names.INJECTED):
        key = name.removeprefix(names.PREFIX)
        try:
            if key in _AMOUNTS:
                amounts[key] = _amount(key, annotations[name].strip())
            elif key in _SETTINGS:
                changes[_SETTINGS[key][0]] = _SETTINGS[key][1](annotations[name].strip())
            else:
                warnings.append(f"annotation {name} is unknown, and was ignored")
        except ValueError as error:
            warnings.append(f"annotation {name}: {error}; the default is used")
    return _consistent(replace(defaults(template), **changes), amounts, template, warnings)


def _consistent(options: Options, amounts: Mapping[str, str], template: Template, warnings: list[str]) -> Reading:
    """What is well formed alone may still not go together; the API server would refuse such a pod."""
    if options.grpc_port == options.probe_port:
        options = replace(options, grpc_port=template.grpc_port, probe_port=template.probe_port)
        warnings.append("grpc-port and probe-port must differ; the defaults are used")
    merged = _merged(options.resources, amounts)
    if quantity.is_within(merged["requests"], merged["limits"]):
        return Reading(replace(options, resources=merged), tuple(warnings))
    warnings.append("a request is above its limit; the default resources are used")
    return Reading(options, tuple(warnings))


def _merged(base: Amounts, amounts: Mapping[str, str]) -> Amounts:
    merged = {section: dict(base[section]) for section in base}
    for key, value in amounts.items():
        section, resource = _AMOUNTS[key]
        if value == _NONE:
            merged[section].pop(resource, None)
        else:
            merged[section][resource] = value
    return merged


def _amount(key: str, text: str) -> str:
    is_limit = _AMOUNTS[key][0] == "limits"
    if is_limit and text == _NONE:
        return text
    try:
        quantity.parse(text)
    except ValueError:
        raise ValueError("must be a quantity above 0" + (" or none" if is_limit else "")) from None
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("must be the name of an object")
    return text


def _names(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip() for one in text.split(",")))
    if len(found) > MAX_SECRETS or not all(_NAME.fullmatch(one) for one in found):
        raise ValueError(f"must be up to {MAX_SECRETS} names with commas between")
    return found


def _image(text: str) -> str:
    if len(text) > MAX_IMAGE_CHARACTERS or not _IMAGE.fullmatch(text):
        raise ValueError("must be an image's reference")
    return text


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return text


def _is_true(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _order(text: str) -> Order:
    try:
        return Order(text)
    except ValueError:
        raise ValueError("must be last or first") from None


def _within(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,5}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return number


_NONE = "none"
_AMOUNTS = {
    "cpu-request": ("requests", "cpu"),
    "memory-request": ("requests", "memory"),
    "cpu-limit": ("limits", "cpu"),
    "memory-limit": ("limits", "memory"),
}
_SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "config": ("config_map", _name),
    "profile-secrets": ("secrets", _names),
    "log-level": ("log_level", _log_level),
    "grpc-port": ("grpc_port", _within(MIN_PORT, MAX_PORT)),
    "probe-port": ("probe_port", _within(MIN_PORT, MAX_PORT)),
    "unix-socket": ("has_socket", _is_true),
    "image": ("image", _image),
    "native": ("is_native", _is_true),
    "drain-seconds": ("drain_s", _within(1, MAX_DRAIN_S)),
    "order": ("order", _order),
}
KNOWN = frozenset(names.PREFIX + key for key in (*_SETTINGS, *_AMOUNTS))
"""Every annotation that configures."""
