"""The composition root: settings to objects to servers, and the order of starting and stopping.

Start: secrets → redaction and logs → health → engine → gRPC → ready file.
Stop: not ready → new calls refused → running calls end → gRPC → upstream connections.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pathlib
import random
import signal
from dataclasses import replace

from .config import secret
from .config.settings import Settings
from .core.budget import Budget
from .core.catalog import Catalog, Credential, Profile, Provider
from .core.evidence import BreakerSettings
from .core.policy import DEFAULT_FIRST_CONTENT_LIMIT_S
from .core.redaction import Redactor
from .engine.clock import SystemClock
from .engine.engine import Engine
from .engine.reports import ReportStore
from .engine.services import Services
from .engine.state import HealthState
from .providers.openai import OpenAI
from .ready import ReadyFile, StartError
from .server.listening import GrpcServer, Tls
from .telemetry import logs
from .transport.credential import Vault
from .transport.http import HttpTransport

log = logging.getLogger("remora.app")
SIMULATOR = "simulator"
PROBE_MARGIN_S = 5.0


async def serve(settings: Settings, ready_file: str | None, log_level: str = "info") -> int:
    """Serves until SIGTERM or SIGINT, then drains. Returns the exit code. Raises ListenError, StartError."""
    ready = ReadyFile(ready_file)
    engine = build_engine(settings)
    logs.set_up(engine.services.redactor, log_level)
    server = build_server(settings, engine)
    stop = _stop_signal()
    bound = await server.start()
    ready.write(bound)
    log.info("serving on %s", ", ".join(bound))
    await stop.wait()
    log.info("draining")
    ready.withdraw()
    await server.drain(settings.limits.drain_delay_s, settings.limits.drain_timeout_s)
    await engine.close()
    return 0


async def serve_simulator(settings: Settings, ready_file: str | None, log_level: str = "info") -> int:
    """The same on the built-in simulator: every model name is answered by it, and every answer is marked."""
    from .simulator import Simulator, default_script

    simulator = Simulator(default_script())
    await simulator.start()
    try:
        return await serve(on_simulator(settings, simulator.base_url), ready_file, log_level)
    finally:
        await simulator.stop()


def on_simulator(settings: Settings, base_url: str) -> Settings:
    """The settings with the simulator as the only provider."""
    profile = Profile("main", Credential("none"))
    provider = Provider(SIMULATOR, "openai", base_url, (profile,))
    return replace(settings, catalog=Catalog({SIMULATOR: provider}, default_model="ok", default_provider=SIMULATOR))


def build_engine(settings: Settings) -> Engine:
    """The engine and everything it shares between calls."""
    vault = Vault(settings.catalog, lambda credential: secret.read(credential, os.environ))
    retries = settings.retry_budget
    generator = random.SystemRandom()
    services = Services(
        codecs={codec.protocol: codec for codec in (OpenAI(),)},
        transport=HttpTransport(),
        vault=vault,
        health=HealthState(settings.catalog, breaker_settings(settings), generator.random),
        retries=Budget(retries.capacity, retries.per_request, retries.per_s),
        reports=ReportStore(),
        redactor=Redactor((*settings.secrets, *vault.secrets())),
        clock=SystemClock(),
        rand=generator.random,
        timing=settings.clock,
        max_pending_bytes=settings.limits.stream_queue_bytes,
        tasks=set(),
    )
    limits = settings.limits
    return Engine(settings.catalog, services, limits.max_concurrent_requests, limits.max_bytes_in_flight)


def breaker_settings(settings: Settings) -> BreakerSettings:
    """The breaker's numbers that follow from the clocks: how long a failure may take to show, and a probe's lease."""
    policy, clock = settings.catalog.policy, settings.clock
    first_content_s = policy.first_content_s or clock.first_content_base_s
    limit_s = max(policy.first_content_limit_s or DEFAULT_FIRST_CONTENT_LIMIT_S, first_content_s)
    lease_s = clock.connect_s + limit_s + PROBE_MARGIN_S
    return replace(settings.breaker, first_content_s=first_content_s, lease_s=lease_s)


def build_server(settings: Settings, engine: Engine) -> GrpcServer:
    """The gRPC server. Raises StartError where a TLS file cannot be read."""
    listen = settings.listen
    token = secret.read(listen.token, os.environ) if listen.token is not None else None
    tls = None
    if listen.tls is not None:
        ca = listen.tls.client_ca
        tls = Tls(_read(listen.tls.cert), _read(listen.tls.key), _read(ca) if ca is not None else None)
    addresses = tuple(str(address) for address in listen.grpc)
    return GrpcServer(engine, addresses, tls=tls, token=token, unix_mode=listen.unix_mode)


def _read(path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}") from None


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
