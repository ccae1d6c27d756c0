"""Puts the objects together: from settings to the engine and the server, and from other settings to the same, live."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

from .aside import Brief
from .config import secret
from .config import settings as settings_of
from .config.settings import Settings, State
from .core.budget import Budget
from .core.catalog import Catalog, Credential, Profile, Provider
from .core.evidence import BreakerSettings
from .core.policy import DEFAULT_FIRST_CONTENT_LIMIT_S
from .core.tuning import Tuning, rows_of
from .door.probe import ProbeListener
from .engine.clock import SystemClock
from .engine.engine import Engine
from .engine.keeper import Keeper
from .engine.reading import read
from .engine.reports import ReportStore
from .engine.services import Services
from .engine.state import HealthState
from .engine.state_file import StateFile, StateFileError
from .providers.anthropic import Anthropic
from .providers.openai import OpenAI
from .ready import StartError
from .regular_file import content
from .server.listening import GrpcServer, Tls
from .server.outgoing import packed_report
from .server.trace import Sampled
from .telemetry import line_writer, setup
from .telemetry.deferred import Deferred
from .telemetry.line_writer import LineWriter
from .telemetry.setup import TelemetryObserver
from .transport.credential import Vault
from .transport.http import HttpTransport
from .transport.secrecy import KnownSecrets

SIMULATOR = "simulator"
PROBE_MARGIN_S = 5.0
REREAD_LIMIT_S = 0.5
"""How long, at most, everything stands still while a refused key is read again: a mount may hang."""

Digest = Callable[[str], bytes | None]
"""Of a file's content as it was loaded; None if it is not known."""


@dataclass(slots=True)
class Sidecar:
    """What runs, and the settings it runs with now."""

    settings: Settings
    engine: Engine
    transport: HttpTransport
    redactor: KnownSecrets
    server: GrpcServer
    lines: LineWriter
    telemetry: TelemetryObserver
    observer: Deferred
    probe: ProbeListener
    keeper: Keeper | None = None

    def keep(self) -> int:
        """Before anybody asks: puts back the cooldowns of the state file, and keeps them there from now on: how many.

        Raises StartError where the file is another sidecar's, or cannot be written. Without one nothing is done.
        """
        path = self.settings.state.path
        if path is None:
            return 0
        services = self.engine.services
        keeper = Keeper(StateFile(path), services.health, services.clock, lambda: self.engine.services.vault.key_ids())
        try:
            restored = keeper.start(self.settings.cooldown)
        except StateFileError as error:
            raise StartError(str(error)) from None
        self.keeper = keeper
        return restored

    def adopt(self, settings: Settings, digest: Digest) -> None:
        """Everything new is done by these settings; calls under way go on by the old ones. All or nothing.

        Raises SecretError or StartError, with nothing changed, where a file that the settings name has become unusable
        since they were loaded. Settings that need a restart must be the same as before.
        """
        token, tls = token_of(settings), tls_of(settings)
        now, services = self.engine.services.clock.now(), self.engine.services
        vault = vault_of(settings, self.redactor)
        self.redactor.replace(secrets_of(settings, vault), now)
        same_retries = settings.retry_budget == self.settings.retry_budget
        same_hedges = settings.hedge_budget == self.settings.hedge_budget
        services = replace(
            services,
            vault=vault,
            retries=services.retries if same_retries else full(settings.retry_budget),
            hedges=services.hedges if same_hedges else full(settings.hedge_budget),
            timing=settings.clock,
            max_pending_bytes=settings.limits.stream_queue_bytes,
            tuning=tuning_of(settings),
            deadline=settings.deadline,
            stated_limit_s=settings.cooldown.stated_limit_s,
            resume_instruction=settings.resume_instruction,
        )
        services.health.tune(settings.cooldown, settings.retry.last_resort_interval_s)
        limits = settings.limits
        self.engine.adopt(
            settings.catalog,
            services,
            limits.max_concurrent_requests,
            limits.max_bytes_in_flight,
            breaker_settings(settings),
        )
        self.server.guard.token, self.server.tls = token, tls
        self.transport.trust(trusted(settings, digest))
        self.telemetry.use(self.redactor, settings.telemetry)
        self.settings = settings


def build(settings: Settings, digest: Digest = lambda path: None) -> Sidecar:
    """Everything that serves. Raises SecretError, and StartError where a TLS file cannot be read."""
    transport = HttpTransport()
    transport.trust(trusted(settings, digest))
    redactor = KnownSecrets(())
    engine = build_engine(settings, transport, redactor)
    lines = line_writer.to_stderr()
    telemetry = setup.build(settings.telemetry, os.environ, redactor, engine.is_declared, lambda: lines)
    lines.lost = telemetry.metrics.lines_dropped
    telemetry.read_from(lambda: read(engine))
    observer = Deferred(telemetry)
    engine.services = replace(engine.services, observer=observer, propagates=telemetry.is_propagating)
    engine.services.health.subscribe(observer.changed)
    server = build_server(settings, engine, telemetry.sampled)

    def exposition(accept: str) -> tuple[bytes, str]:
        observer.settle()
        return telemetry.metrics.text(accept)

    probe = ProbeListener(lambda: not server.gate.is_draining, exposition)
    return Sidecar(settings, engine, transport, redactor, server, lines, telemetry, observer, probe)


def build_engine(settings: Settings, transport: HttpTransport, redactor: KnownSecrets) -> Engine:
    """The engine and everything it shares between calls; nobody observes it yet."""
    vault = vault_of(settings, redactor)
    clock = SystemClock()
    generator = random.SystemRandom()
    redactor.replace(secrets_of(settings, vault), 0.0)
    services = Services(
        codecs={codec.protocol: codec for codec in (OpenAI(), Anthropic())},
        transport=transport,
        vault=vault,
        health=HealthState(settings.catalog, breaker_settings(settings), generator.random),
        retries=full(settings.retry_budget),
        hedges=full(settings.hedge_budget),
        reports=ReportStore(packed_report),
        redactor=redactor,
        clock=clock,
        rand=generator.random,
        timing=settings.clock,
        max_pending_bytes=settings.limits.stream_queue_bytes,
        tasks=set(),
        tuning=tuning_of(settings),
        deadline=settings.deadline,
        stated_limit_s=settings.cooldown.stated_limit_s,
        resume_instruction=settings.resume_instruction,
    )
    services.health.tune(settings.cooldown, settings.retry.last_resort_interval_s)
    limits = settings.limits
    return Engine(settings.catalog, services, limits.max_concurrent_requests, limits.max_bytes_in_flight)


def vault_of(settings: Settings, redactor: KnownSecrets) -> Vault:
    """The secrets of a configuration, read now. Raises SecretError."""

    def read(credential: Credential) -> str:
        return secret.read(credential, os.environ)

    def readable(credential: Credential) -> str | None:
        try:
            return read(credential)
        except secret.SecretError:
            return None  # whoever watches the files says so

    brief = Brief(REREAD_LIMIT_S)

    def read_again(credential: Credential) -> str | None:
        return brief.ask(credential.source, lambda: readable(credential))

    def learned(value: str) -> None:
        redactor.learn(value, asyncio.get_running_loop().time())

    return Vault(settings.catalog, read, read_again=read_again, learned=learned)


def secrets_of(settings: Settings, vault: Vault) -> tuple[str, ...]:
    """Every secret in force: a key file may have changed between the loading of the settings and the vault's reading."""
    return (*settings.secrets, *vault.secrets())


def tuning_of(settings: Settings) -> Tuning:
    """What holds for every walk."""
    return Tuning(settings.retry, rows_of(settings.dispositions))


def full(bucket: settings_of.Budget) -> Budget:
    """A full bucket of these numbers."""
    return Budget(bucket.capacity, bucket.per_request, bucket.per_s)


def breaker_settings(settings: Settings) -> BreakerSettings:
    """The breaker's numbers that follow from the clocks: how long a failure may take to show, and a probe's lease."""
    policy, clock = settings.catalog.policy, settings.clock
    first_content_s = policy.first_content_s or clock.first_content_base_s
    limit_s = max(policy.first_content_limit_s or DEFAULT_FIRST_CONTENT_LIMIT_S, first_content_s)
    lease_s = clock.connect_s + limit_s + PROBE_MARGIN_S
    return replace(settings.breaker, first_content_s=first_content_s, lease_s=lease_s)


def trusted(settings: Settings, digest: Digest) -> dict[str, bytes | None]:
    """The CA files of the providers with what they hold."""
    providers = settings.catalog.providers.values()
    return {provider.ca_file: digest(provider.ca_file) for provider in providers if provider.ca_file is not None}


def build_server(settings: Settings, engine: Engine, sampled: Sampled) -> GrpcServer:
    """The gRPC server. Raises SecretError, and StartError where a TLS file cannot be read."""
    listen = settings.listen
    addresses = tuple(str(address) for address in listen.grpc)
    token, mode = token_of(settings), listen.unix_mode
    return GrpcServer(engine, addresses, tls=tls_of(settings), token=token, unix_mode=mode, sampled=sampled)


def tls_of(settings: Settings) -> Tls | None:
    """The certificate to serve with. Raises StartError where a file cannot be read, or the key is another's."""
    files = settings.listen.tls
    if files is None:
        return None
    ca = files.client_ca
    tls = Tls(_read(files.cert), _read(files.key), _read(ca) if ca is not None else None)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.cert, files.key, password="")
    except OSError:  # SSLError is one
        raise StartError(f"{files.cert} and {files.key} are not a certificate and its key") from None
    return tls


def token_of(settings: Settings) -> str | None:
    """What callers must send; None asks for nothing. Raises SecretError."""
    token = settings.listen.token
    return secret.read(token, os.environ) if token is not None else None


def on_simulator(settings: Settings, base_url: str) -> Settings:
    """The settings with the simulator as the only provider. Nothing of it is kept: the file is of real credentials."""
    profile = Profile("main", Credential("none"))
    provider = Provider(SIMULATOR, "openai", base_url, (profile,))
    catalog = Catalog({SIMULATOR: provider}, default_model="ok", default_provider=SIMULATOR)
    return replace(settings, catalog=catalog, state=State())


def _read(path: str) -> bytes:
    try:
        return content(path)
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}") from None
