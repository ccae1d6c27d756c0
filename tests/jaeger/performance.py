"""Plays the stories through sidecars that export to Jaeger, and keeps what each caller was told."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remora_client.demo import scenery as scenes
from remora_client.demo.cast import start_simulator
from remora_client.demo.journal import Asked, Journal, Names
from remora_client.demo.narrator import Narrator
from remora_client.demo.process import Processes, running_in
from remora_client.demo.stage import QUESTION, Stage
from remora_client.demo.story import Story
from remora_client.demo.verdict import Check

from . import shop
from .server import Jaeger
from .witness import Told, Witness

HTTP, GRPC = "http/protobuf", "grpc"
_EXPORT_DELAY_MS = "500"


@dataclass(frozen=True, slots=True)
class Played:
    """A story that was played. asked: what the providers saw; ports: of its providers; protocol: of the export."""

    story: Story
    protocol: str
    told: tuple[Told, ...]
    asked: tuple[Asked, ...]
    ports: Mapping[str, int]

    def judge(self) -> Check:
        """Whether the reports tell of the requests that the providers saw: these, in this order, with these statuses."""
        attempts = [attempt for one in self.told for attempt in one.report.attempts if attempt.reason != "CONNECTION"]
        place = self.story.scenery.place
        reported = [
            (f"{place(attempt.target.provider)} {attempt.target.profile}", attempt.upstream_status)
            for attempt in sorted(attempts, key=lambda attempt: str(attempt.started_at))
        ]
        seen = [(asked.who, asked.status) for asked in self.asked]
        return Check(seen == reported, "the reports tell of the very requests the providers saw", f"{seen}; {reported}")


@dataclass(frozen=True, slots=True)
class Performance:
    """All that was played; `shop`: the ids of the traced caller's trace and span."""

    played: tuple[Played, ...]
    shop: tuple[str, str]


def perform(stories: Sequence[Story], jaeger: Jaeger, folder: Path) -> Performance:
    """Plays each story once, every second one through a sidecar that exports over gRPC.

    Those over HTTP begin their traces in the sidecar, those over gRPC have a traceparent of their caller's. When this
    returns, the sidecars have ended, and so have exported all that there was. ProcessError: one of them did not run.
    """
    with running_in(folder) as processes:
        addresses = start_simulator(processes, [one.scenery for one in stories])
        journal = Journal(addresses["http"])
        played: dict[str, Played] = {}
        halves = (HTTP, jaeger.otlp_http, stories[0::2]), (GRPC, jaeger.otlp_grpc, stories[1::2])
        sidecars = [_start(processes, addresses, *half) for half in halves]
        for (protocol, _, half), sidecar in zip(halves, sidecars, strict=True):
            with Witness(sidecar, traces=protocol == GRPC) as witness:
                for one in half:
                    played[one.scenery.story] = _play(one, protocol, witness, journal, addresses)
                    processes.check()
        healthy = stories[0].scenery.story
        traced = shop.calls(sidecars[0], jaeger.otlp_http, healthy, QUESTION)
    return Performance(tuple(played[one.scenery.story] for one in stories), traced)


def _start(
    processes: Processes, addresses: Mapping[str, str], protocol: str, endpoint: str, stories: Sequence[Story]
) -> str:
    """A sidecar for these stories; its gRPC address."""
    sceneries = [one.scenery for one in stories]
    name = f"sidecar-{protocol.partition('/')[0]}"
    config = processes.folder / f"{name}.json"
    config.write_text(json.dumps(scenes.configuration(sceneries, addresses)))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "REMORA_"))}
    traced = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_BSP_SCHEDULE_DELAY": _EXPORT_DELAY_MS,
    }
    env = {**kept, **traced, **scenes.variables(sceneries)}
    ready: Any = processes.start_remora(name, "serve", "--config", str(config), env=env)
    return str(ready["grpc"][0])


def _play(one: Story, protocol: str, witness: Witness, journal: Journal, addresses: Mapping[str, str]) -> Played:
    scenery = one.scenery
    stage = Stage(scenery, witness, journal, Narrator(io.StringIO()), addresses)
    one.play(stage)
    names: Names = scenes.names([scenery])
    evidence = stage.evidence(names)
    asked = tuple(seen for seen in evidence.asked if seen.who in {who for _, who in names.values()})
    ports = {scenery.provider(e): int(addresses[e.listener].rpartition(":")[2]) for e in scenery.endpoints}
    return Played(one, protocol, tuple(witness.told(scenery.story, evidence.heard)), asked, ports)
