"""Everything the composition root builds from: frozen values with the defaults of this version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.catalog import Catalog, Credential
from ..core.continuation import DEFAULT_INSTRUCTION
from ..core.deadline import DeadlineSettings
from ..core.evidence import BreakerSettings
from ..core.reasons import Reason
from ..core.timing import Timing
from ..core.tuning import CooldownSettings, Disposition, RetrySettings
from .address import Address


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files. With `client_ca`, callers must show a certificate it signed."""

    cert: str
    key: str
    client_ca: str | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to serve. `token`: what callers must send. `unix_mode`: permission bits of unix sockets."""

    grpc: tuple[Address, ...] = (Address("127.0.0.1", 7650),)
    http: Address | None = None
    probe: Address | None = None
    tls: Tls | None = None
    insecure: bool = False
    token: Credential | None = None
    unix_mode: int = 0o660


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket that starts full with `capacity` and is filled by requests and by time."""

    capacity: float
    per_request: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What this process takes on, and how it ends."""

    max_concurrent_requests: int = 1000
    max_bytes_in_flight: int = 268_435_456
    stream_queue_bytes: int = 262_144
    drain_delay_s: float = 0.0
    drain_timeout_s: float = 20.0
    warm_up_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where traces go, and what is logged. None: OpenTelemetry's variables are asked; without an endpoint, no traces."""

    endpoint: str | None = None
    protocol: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sample_ratio: float | None = None
    export_timeout_s: float | None = None
    capture_content: bool = False
    propagate_upstream: bool = False
    access_log: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """Where what outlives the process is kept. `path`: of a file; None: nothing is."""

    path: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `secrets`: every configured secret value, for redaction; never shown."""

    catalog: Catalog
    listen: Listen = Listen()
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    cooldown: CooldownSettings = CooldownSettings()
    retry: RetrySettings = RetrySettings()
    dispositions: Mapping[Reason, Disposition] = field(default_factory=dict)
    retry_budget: Budget = Budget(10.0, 0.2, 0.2)
    hedge_budget: Budget = Budget(3.0, 0.05, 1 / 60)
    deadline: DeadlineSettings = DeadlineSettings()
    clock: Timing = Timing()
    limits: Limits = Limits()
    resume_instruction: str = DEFAULT_INSTRUCTION
    telemetry: Telemetry = Telemetry()
    state: State = State()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    source: str = ""
