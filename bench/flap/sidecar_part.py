"""Remora's process: the objects that `remora serve` puts together, over real gRPC and real HTTP, and what they hold."""

from __future__ import annotations

import asyncio
import os
import re
from typing import Any

import uvloop

from sidecar import composition
from sidecar.config import loading
from sidecar.core.breaker import BreakerState
from sidecar.core.catalog import Entry, Target
from sidecar.engine.warm_up import warm_up
from sidecar.telemetry import logs
from sidecar.transport import http

from . import holding, part

LOOK_S = 0.1
MOST_S = 130.0
"""Every hindrance that this run's failures can bring ends within this."""
DROPPED = re.compile(r"^remora_\w*dropped\w*(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


class Remora:
    """One sidecar."""

    async def start(self, config: str, roles: dict[str, str], keepalive_s: float | None) -> part.Values:
        """Serves. `roles`: ports and what is there. `keepalive_s`: how long idle connections are kept; None: as usual."""
        if keepalive_s is not None:
            http.KEEPALIVE_S = keepalive_s  # so that a short run sees the pool empty
        outcome = loading.outcome_of(config, os.environ)
        assert outcome.settings is not None, outcome.problems
        self._sidecar = composition.build(outcome.settings)
        logs.set_up(self._sidecar.redactor, "info", self._sidecar.lines)
        self._sidecar.telemetry.start()
        (address,) = await self._sidecar.server.start()
        self._roles = {int(port): role for port, role in roles.items()}
        self._roles[int(address.rpartition(":")[2])] = "callers"
        await warm_up(self._sidecar.transport, outcome.settings.catalog.providers.values(), 2.0)
        self._collected = holding.collected()
        return {"address": address}

    async def count(self) -> part.Values:
        """What is held now."""
        engine = self._sidecar.engine
        services = engine.services
        python_threads, all_threads = holding.threads()
        return {
            "calls": engine.calls_under_way,
            "bytes": engine.bytes_in_flight,
            "permits": services.health.open_tickets,
            "reservations": services.limiter.held,
            "slots": sum(services.limiter.under_way(target) for target in self._by_key().values()),
            "upstream tasks": len(services.tasks),
            "tasks": holding.tasks(),
            "sockets": holding.sockets(self._roles),
            "python threads": python_threads,
            "threads": all_threads,
            "files": holding.files(),
            "resident KB": holding.resident_kb(),
        }

    async def settle(self, limit_s: float, kept: bool, tasks: int) -> part.Values:
        """Waits until nothing is held for a call, and counts. `kept`: connections that are kept alive may stay, `tasks`:
        so many tasks; gRPC's own of a call ends some turns of the loop after it."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limit_s
        while True:
            found = await self.count()
            held = sum(found[name] for name in ("calls", "bytes", "permits", "reservations", "slots", "upstream tasks"))
            is_quiet = sum(found["tasks"].values()) <= tasks and (kept or not found["sockets"].get("upstream"))
            if (not held and is_quiet) or loop.time() >= ends_at:
                return found
            await asyncio.sleep(LOOK_S)

    async def returns(self, limit_s: float) -> part.Values:
        """Waits for targets to be callable again. `stuck`: what is in a target's way though nobody holds it, or for too
        long; `late`: what is to return after `limit_s` only."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limit_s
        while (resting := self._resting()) and loop.time() < ends_at:  # noqa: ASYNC110  # only the clock ends a rest
            await asyncio.sleep(LOOK_S)
        return {
            "targets": len(self._targets()),
            "waited_s": limit_s - max(0.0, ends_at - loop.time()),
            "callable": [_name(target) for target in self._targets() if target not in resting],
            "late": {_name(target): why for target, why in resting.items()},
            "stuck": self._stuck(),
        }

    async def state(self) -> part.Values:
        """Attempts and openings in all, the breakers that are not closed, and what only the garbage collector freed."""
        now = self._sidecar.engine.services.clock.now()
        states = dict(self._sidecar.engine.services.health.entries())
        return {
            "attempts": sum(state.attempts for state in states.values()),
            "openings": sum(state.breaker.openings for state in states.values()),
            "collected": holding.collected() - self._collected,
            "not closed": [
                "/".join(key) for key, state in states.items() if state.breaker.state(now) is not BreakerState.CLOSED
            ],
        }

    async def close(self) -> part.Values:
        """Ends as `remora serve` does, and counts what is left. `dropped`: spans and log lines that were lost."""
        sidecar = self._sidecar
        await sidecar.server.drain(0.0, 10.0)
        await sidecar.engine.close()
        sidecar.observer.settle()
        is_flushed = await sidecar.telemetry.flush(60.0)
        await sidecar.telemetry.stop()
        text, _ = sidecar.telemetry.metrics.text("")
        sidecar.lines.stop()
        await asyncio.sleep(LOOK_S)  # what is closed is gone with the loop's next turns
        found = {"flushed": is_flushed, "dropped": sum(float(number) for number in DROPPED.findall(text.decode()))}
        return found | {"tasks": holding.tasks(), "sockets": holding.sockets(self._roles)}

    def _targets(self) -> list[Target]:
        engine = self._sidecar.engine
        return [
            target
            for provider in engine.catalog.providers.values()
            for model in provider.models
            for target in engine.services.vault.targets_of(Entry(provider.name, model))
        ]

    def _by_key(self) -> dict[str, Target]:
        """One target of each credential."""
        return {target.key_id: target for target in self._targets()}

    def _resting(self) -> dict[Target, str]:
        health, now = self._sidecar.engine.services.health, self._sidecar.engine.services.clock.now()
        found = ((target, health.unavailable(target, now)) for target in self._targets())
        return {target: f"{held.message} ({held.reason})" for target, held in found if held is not None}

    def _stuck(self) -> dict[str, str]:
        """Asked without changing anything: by the instants themselves, nothing need be waited for."""
        services = self._sidecar.engine.services
        health, now = services.health, services.clock.now()
        found: dict[str, str] = {}
        for target in self._targets():
            breaker = health.entry(target).breaker
            cooldowns: list[Any] = [
                health.entry(target).cooldown,
                health.profile_cooldown(target.key_id),
                health.pair_cooldown(target.key_id, target.entry.model),
            ]
            if breaker.state(now) is BreakerState.HALF_OPEN and breaker.refusal(now) is not None:
                found[_name(target)] = "a probe is out that nobody makes"
            elif any(c is not None and now >= c.until and c.until_callable(now) is not None for c in cooldowns):
                found[_name(target)] = "one attempt is awaited that nobody makes"
            elif (held := health.unavailable(target, now + MOST_S)) is not None:
                found[_name(target)] = f"after {MOST_S:g} s still {held.message}"
        return found


def _name(target: Target) -> str:
    return f"{target.entry}@{target.profile}"


async def main() -> None:
    """Until the parent has gone."""
    remora = Remora()
    asked = ("start", "count", "settle", "returns", "state", "close")
    await part.serve({what: getattr(remora, what) for what in asked})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
