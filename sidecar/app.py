"""Starting and stopping: what is done in which order. What is made of settings is in `composition`.

Start: secrets → redaction and logs → health → engine → state file → telemetry → gRPC → probes → ready file → watching
the configuration. Stop: not ready → new calls refused → running calls end → gRPC → upstream connections → state file →
what telemetry still holds → probes.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable

from . import composition
from .composition import Sidecar, on_simulator
from .config.settings import Settings
from .config.source import Source
from .door.probe import ListenError
from .engine.warm_up import warm_up
from .live import Live
from .ready import ReadyFile, StartError
from .telemetry import logs

log = logging.getLogger("remora.app")
STATE_LIMIT_S = 2.0
"""How long the end waits for the state file; what is in it was written when it happened."""
GARBAGE_THRESHOLD = 2_000
"""Allocations without a release between two looks; Python's own is 700."""


async def serve(
    settings: Settings,
    ready: ReadyFile,
    log_level: str = "info",
    *,
    source: Source | None = None,
    transform: Callable[[Settings], Settings] = lambda settings: settings,
) -> int:
    """Serves until SIGTERM or SIGINT, then drains. Returns the exit code. Raises ListenError, SecretError, StartError.

    `settings`: what `transform` made of the first load of `source`, which is watched; None: nothing ever changes.
    """
    sidecar = composition.build(settings, source.digest if source is not None else lambda path: None)
    logs.set_up(sidecar.redactor, log_level, sidecar.lines)
    try:
        return await _serve(sidecar, ready, source, transform)
    finally:
        sidecar.lines.stop()


async def _serve(
    sidecar: Sidecar, ready: ReadyFile, source: Source | None, transform: Callable[[Settings], Settings]
) -> int:
    live = Live(sidecar, source, sidecar.engine.services.health.changes, transform) if source is not None else None
    stop = _signals(live)
    _keep(sidecar)
    sidecar.telemetry.start()
    bound = await sidecar.server.start()
    probed = await _probe(sidecar)
    ready.write(bound, probed)
    log.info("serving on %s", ", ".join([*bound, *(f"{address} (probe)" for address in probed or ())]))
    _spare_collector()
    watch = asyncio.create_task(live.run()) if live is not None else None
    warming = asyncio.create_task(_warm_up(sidecar))
    await stop.wait()
    log.info("draining")
    ready.withdraw()
    warming.cancel()
    if source is not None and watch is not None:
        source.close()
        watch.cancel()
    limits = sidecar.settings.limits
    await sidecar.server.drain(limits.drain_delay_s, limits.drain_timeout_s)
    await sidecar.engine.close()
    if sidecar.keeper is not None:
        await asyncio.to_thread(sidecar.keeper.close, STATE_LIMIT_S)
    sidecar.observer.settle()
    await sidecar.telemetry.stop()
    await sidecar.probe.stop()
    return 0


def _keep(sidecar: Sidecar) -> None:
    restored = sidecar.keep()
    if sidecar.keeper is not None:
        log.info("%d cooldowns of keys were put back from %s", restored, sidecar.keeper.path)


async def _warm_up(sidecar: Sidecar) -> None:
    settings = sidecar.settings
    await warm_up(sidecar.transport, settings.catalog.providers.values(), settings.limits.warm_up_s)


def _spare_collector() -> None:
    """What is there when serving begins stays: the garbage collector need not look at it again and again. A call leaves
    next to no cycles, so looking after more allocations than usual costs no memory, and a twentieth less CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)


async def _probe(sidecar: Sidecar) -> list[str] | None:
    """The address of the probe listener, now serving; None where none is configured. Raises StartError."""
    address = sidecar.settings.listen.probe
    if address is None:
        return None
    try:
        return [await sidecar.probe.start(str(address))]
    except ListenError as error:
        await sidecar.server.drain(0.0, 0.0)
        raise StartError(str(error)) from None


async def serve_simulator(
    settings: Settings,
    ready: ReadyFile,
    log_level: str = "info",
    *,
    source: Source | None = None,
    transform: Callable[[Settings], Settings] = lambda settings: settings,
) -> int:
    """The same on the built-in simulator: every model name is answered by it, and every answer is marked."""
    from .simulator import Simulator, default_script

    simulator = Simulator(default_script())
    await simulator.start()

    def replaced(settings: Settings) -> Settings:
        return on_simulator(transform(settings), simulator.base_url)

    try:
        return await serve(replaced(settings), ready, log_level, source=source, transform=replaced)
    finally:
        await simulator.stop()


def _signals(live: Live | None) -> asyncio.Event:
    """What SIGTERM and SIGINT set. SIGHUP loads the configuration again; without one it does nothing."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, live.hang_up if live is not None else lambda: None)
    return stop
