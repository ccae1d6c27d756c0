"""Everything the composition root builds from: frozen values with the defaults of this version."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.catalog import Catalog, Credential
from ..core.evidence import BreakerSettings
from ..core.timing import Timing
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
class Cooldown:
    """How long a key or model rests after a refusal that says nothing about how long."""

    credential_s: float = 60.0
    credential_limit_s: float = 3600.0
    credential_limit_step: int = 3
    billing_s: float = 3600.0
    billing_limit_s: float = 86_400.0
    rate_s: float = 5.0
    rate_limit_s: float = 300.0
    stated_limit_s: float = 86_400.0
    decay_s: float = 86_400.0
    trial_from_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Retry:
    """How often one request asks where, and how it waits between."""

    same_target: int = 1
    same_target_last: int = 2
    backoff_s: float = 0.5
    backoff_limit_s: float = 10.0
    short_wait_s: float = 3.0
    attempts_per_entry: int = 3
    attempts_per_entry_credential: int = 5
    attempts_reserved: int = 2
    max_waits: int = 2
    wait_spread_s: float = 1.0
    last_resort_interval_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket that starts full with `capacity` and is filled by requests and by time."""

    capacity: float
    per_request: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is made of the caller's deadline, and what holds without one."""

    margin_s: float = 0.25
    margin_ratio: float = 0.05
    no_deadline_first_content_s: float = 300.0
    no_deadline_total_s: float = 1800.0
    min_attempt_s: float = 0.5
    split_entries: int = 2
    split_blame_s: float = 2.0


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
class Settings:
    """The whole configuration. `secrets`: every configured secret value, for redaction; never shown."""

    catalog: Catalog
    listen: Listen = Listen()
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    cooldown: Cooldown = Cooldown()
    retry: Retry = Retry()
    retry_budget: Budget = Budget(10.0, 0.2, 0.2)
    hedge_budget: Budget = Budget(3.0, 0.05, 1 / 60)
    deadline: Deadline = Deadline()
    clock: Timing = Timing()
    limits: Limits = Limits()
    telemetry: Telemetry = Telemetry()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    source: str = ""
