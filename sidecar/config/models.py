"""The whole configuration file, as its sections fit together."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from .listen import Listen
from .policy import GlobalPolicy, Switches
from .provider import BaseUrl, HeaderName, HeaderValue, Price, Provider
from .section import Hidden, Name, RatioOrZero, Reference, Seconds, Section, Text


class PoolMode(StrEnum):
    """What a pool orders its candidates by."""

    AUTO = "auto"
    QUALITY = "quality"
    LATENCY = "latency"
    COST = "cost"


class SpendAction(StrEnum):
    """What happens at a spend limit."""

    REJECT = "reject"
    FALLBACK = "fallback"
    WARN = "warn"


class Alias(Section):
    """A name for several targets in order."""

    targets: Annotated[list[Reference], Field(min_length=1)]
    fallbacks: list[Reference] = Field(default_factory=list)
    isolated: bool = False
    interchangeable: bool = False
    policy: Switches = Switches()


class Pool(Section):
    """A name for candidates that are ordered at each request."""

    candidates: Annotated[list[Reference], Field(min_length=1)]
    mode: Annotated[PoolMode, Field(strict=False)] = PoolMode.AUTO


class SpendLimit(Section):
    """At most so many dollars in a window."""

    name: Name
    usd: Annotated[float, Field(gt=0, le=1_000_000_000, allow_inf_nan=False)]
    window_s: Annotated[float, Field(gt=0, le=31_622_400, allow_inf_nan=False)]
    action: Annotated[SpendAction, Field(strict=False)] = SpendAction.REJECT


class Spend(Section):
    """Limits, and prices by `provider/model-id` where a model has none of its own."""

    limits: list[SpendLimit] = Field(default_factory=list)
    prices: dict[Reference, Price] = Field(default_factory=dict)


class State(Section):
    """Where health is kept: in memory when empty, in a file (`path`), or in Valkey (`url`)."""

    path: Text | None = None
    url: Hidden = None

    @model_validator(mode="before")
    @classmethod
    def _memory(cls, data: Any) -> Any:
        return {} if data == "memory" else data


class OtlpProtocol(StrEnum):
    """What a collector is spoken to with."""

    HTTP = "http/protobuf"
    GRPC = "grpc"


class Telemetry(Section):
    """Traces over OTLP, and the access log. What is left out is taken from OpenTelemetry's variables."""

    endpoint: BaseUrl | None = None
    protocol: Annotated[OtlpProtocol, Field(strict=False)] | None = None
    headers: Annotated[dict[HeaderName, HeaderValue], Field(repr=False)] = Field(default_factory=dict)
    sample_ratio: RatioOrZero | None = None
    export_timeout_s: Seconds | None = None
    capture_content: bool = False
    propagate_upstream: bool = False
    access_log: bool = True


class File(Section):
    """A Remora configuration."""

    listen: Listen = Listen()
    default_model: Reference | None = None
    default_provider: Name | None = None
    providers: Annotated[dict[Name, Provider], Field(min_length=1)]
    aliases: dict[Name, Alias] = Field(default_factory=dict)
    pools: dict[Name, Pool] = Field(default_factory=dict)
    fallbacks: list[Reference] = Field(default_factory=list)
    policy: GlobalPolicy = GlobalPolicy()
    spend: Spend = Spend()
    state: State = State()
    telemetry: Telemetry = Telemetry()
