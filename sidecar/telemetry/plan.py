"""How spans are exported: from the configuration, else from OpenTelemetry's standard variables.

Sources: the specification's pages on the OTLP exporter and on SDK environment variables. Durations in variables are
milliseconds, as it says. OTEL_SDK_DISABLED and OTEL_TRACES_EXPORTER=none turn tracing off whatever is configured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

HTTP, GRPC = "http/protobuf", "grpc"
DEFAULT_TIMEOUT_S = 2.0
"""Below the specification's 10 s, so that a collector that hangs cannot hold a drain up."""
TRACES_PATH = "/v1/traces"
Headers = tuple[tuple[str, str], ...]
"""Names and values."""
_OTLP = "OTEL_EXPORTER_OTLP"
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.-]+").fullmatch


class Configured(Protocol):
    """The `telemetry` section of the configuration. None: not said there, so the environment is asked."""

    @property
    def endpoint(self) -> str | None:
        """The collector's URL."""
        ...

    @property
    def protocol(self) -> str | None:
        """`HTTP` or `GRPC`."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Sent to the collector; empty: not said."""
        ...

    @property
    def sample_ratio(self) -> float | None:
        """From 0 to 1, of traces that begin here."""
        ...

    @property
    def export_timeout_s(self) -> float | None:
        """For one request to the collector."""
        ...

    @property
    def capture_content(self) -> bool:
        """Whether prompts, answers and upstream messages are in spans."""
        ...

    @property
    def propagate_upstream(self) -> bool:
        """Whether providers are sent a `traceparent`."""
        ...

    @property
    def access_log(self) -> bool:
        """Whether each call leaves a line."""
        ...


@dataclass(frozen=True, slots=True)
class Batching:
    """Bounds of the queue and its batches, in spans; `limit_s`: for one batch with its retries."""

    delay_s: float = 5.0
    max_queue: int = 2048
    max_batch: int = 512
    limit_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of PEM files: whom to trust instead of the system's authorities, and what proves who we are."""

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where spans go. `url`: of HTTP the whole; of gRPC its host and port matter. `timeout_s`: for one request."""

    url: str
    protocol: str
    headers: Headers = field(default=(), repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S
    is_gzip: bool = False
    certificates: Certificates = Certificates()
    batching: Batching = Batching()


class Environment:
    """Reads the standard variables; what cannot be used is noted in `problems` and left out."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.problems: list[str] = []

    def text(self, *variables: str) -> str | None:
        """The first that is set and not empty."""
        return next((value for name in variables if (value := self._env.get(name, "").strip())), None)

    def otlp(self, name: str) -> str | None:
        """A variable of the exporter, its form for traces first."""
        return self.text(f"{_OTLP}_TRACES_{name}", f"{_OTLP}_{name}")

    def number(self, *variables: str, default: int) -> int:
        """A positive whole number."""
        text = self.text(*variables)
        if text is None:
            return default
        if text.isdecimal() and int(text) > 0:
            return int(text)
        self.problems.append(f"{variables[0]} is no positive whole number; {default} is used")
        return default

    def choice(self, what: str, text: str | None, known: Mapping[str, str], default: str) -> str:
        """What `known` has for a word; the default where it does not know it."""
        if text is None:
            return default
        found = known.get(text.lower())
        if found is None:
            self.problems.append(f"{what} is none of {', '.join(known)}; {default} is used")
        return found or default


def plan(settings: Configured, env: Mapping[str, str]) -> tuple[Plan | None, list[str]]:
    """The plan, None where nothing is to be exported; and a sentence for each variable that cannot be used."""
    found = Environment(env)
    if (found.text("OTEL_SDK_DISABLED") or "").lower() == "true":
        return None, []
    known = {"otlp": "otlp", "none": "none"}
    if found.choice("OTEL_TRACES_EXPORTER", found.text("OTEL_TRACES_EXPORTER"), known, "otlp") == "none":
        return None, []
    protocols = {HTTP: HTTP, GRPC: GRPC}
    protocol = settings.protocol or found.choice("OTEL_EXPORTER_OTLP_PROTOCOL", found.otlp("PROTOCOL"), protocols, HTTP)
    url = _url(settings, found, protocol)
    if url is None:
        return None, found.problems
    milliseconds = found.number(f"{_OTLP}_TRACES_TIMEOUT", f"{_OTLP}_TIMEOUT", default=round(DEFAULT_TIMEOUT_S * 1000))
    compressions = {"gzip": "gzip", "none": "none"}
    compression = found.choice("OTEL_EXPORTER_OTLP_COMPRESSION", found.otlp("COMPRESSION"), compressions, "none")
    certificates = Certificates(found.otlp("CERTIFICATE"), found.otlp("CLIENT_CERTIFICATE"), found.otlp("CLIENT_KEY"))
    return Plan(
        url=url,
        protocol=protocol,
        headers=settings.headers or tuple(_headers(found)),
        timeout_s=settings.export_timeout_s or milliseconds / 1000,
        is_gzip=compression == "gzip",
        certificates=certificates,
        batching=_batching(found),
    ), found.problems


def _url(settings: Configured, found: Environment, protocol: str) -> str | None:
    """Only the general variable, and the configuration, get the path appended; the one for traces is taken as it is."""
    base = settings.endpoint
    if base is None and (whole := found.text(f"{_OTLP}_TRACES_ENDPOINT")) is not None:
        return _checked(whole, found, protocol)
    base = _checked(base or found.text(f"{_OTLP}_ENDPOINT"), found, protocol)
    if base is None or protocol == GRPC:
        return base
    parts = urlsplit(base)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(TRACES_PATH) else path + TRACES_PATH))


def _checked(url: str | None, found: Environment, protocol: str) -> str | None:
    """The endpoint with a scheme. gRPC allows "host:port" alone, which is TLS unless OTEL_EXPORTER_OTLP_INSECURE."""
    if url is None:
        return None
    if "://" not in url and protocol == GRPC:
        is_insecure = (found.otlp("INSECURE") or "").lower() == "true"
        url = f"{'http' if is_insecure else 'https'}://{url}"
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        found.problems.append("the OTLP endpoint is no http or https URL; nothing is exported")
        return None
    return url


def pairs(text: str | None) -> Iterator[tuple[str, str]]:
    """`name=value,name=value`, values percent-encoded, as W3C Baggage writes them."""
    for pair in (text or "").split(","):
        name, equals, value = pair.partition("=")
        if equals and name.strip():
            yield name.strip(), unquote(value.strip())


def _headers(found: Environment) -> Iterator[tuple[str, str]]:
    """Those that can be sent; the values are secrets, so only the variable is named."""
    for name, value in pairs(found.otlp("HEADERS")):
        if _HEADER_NAME(name) and value.isascii() and value.isprintable():
            yield name, value
        else:
            found.problems.append("OTEL_EXPORTER_OTLP_HEADERS has a header that cannot be sent; it is left out")


def _batching(found: Environment) -> Batching:
    queue = found.number("OTEL_BSP_MAX_QUEUE_SIZE", default=2048)
    return Batching(
        delay_s=found.number("OTEL_BSP_SCHEDULE_DELAY", default=5000) / 1000,
        max_queue=queue,
        max_batch=min(queue, found.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", default=512)),
        limit_s=found.number("OTEL_BSP_EXPORT_TIMEOUT", default=30_000) / 1000,
    )
