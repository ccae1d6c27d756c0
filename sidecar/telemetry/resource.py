"""What the spans come from: OpenTelemetry's resource, with the service's name and version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.resources import Resource

from .otlp_bytes import Value
from .plan import pairs

SERVICE_NAME = "remora"


def resource(env: Mapping[str, str], version: str) -> dict[str, Value]:
    """OTEL_SERVICE_NAME wins over OTEL_RESOURCE_ATTRIBUTES, and both over `remora`; the SDK adds its own."""
    told = {"service.name": SERVICE_NAME, "service.version": version}
    told |= dict(pairs(env.get("OTEL_RESOURCE_ATTRIBUTES")))
    if name := env.get("OTEL_SERVICE_NAME", "").strip():
        told["service.name"] = name
    return {key: _value(value) for key, value in Resource.create(told).attributes.items()}


def _value(value: object) -> Value:
    if isinstance(value, (str, bool, int, float)):
        return value
    return tuple(str(item) for item in value) if isinstance(value, Sequence) else str(value)
