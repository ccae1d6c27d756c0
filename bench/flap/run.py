"""One run: starts the three processes, lets providers come and go under load, waits for rest, and judges."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from .judging import Finding, findings
from .part import Part, Values
from .schedule import KEYS, PROVIDERS, key

WARM_CALLS = 200
START_LIMIT_S = 60.0
SAMPLE_S = 1.0
SHOWN = 1_000
"""Characters of a line of the log; the end says most."""
MORE_CALLERS = 1.25
"""Of the calls that Remora takes at once: callers pause now and then, and some are told that it is busy."""
KEPT_IDLE_S = 30.0
"""How long Remora keeps an idle connection; aiohttp looks as seldom."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`period_s`: about how long a provider does one thing. `recovery_s`: how long to wait for what rests afterwards.

    `keepalive_s`: how long Remora keeps idle connections; None: as long as it does. `most_mb`: by so much resident memory may
    have grown at the end; None: it is not judged.
    """

    concurrent: int = 1000
    seconds: float = 120.0
    period_s: float = 5.0
    tokens_per_s: float = 1.5
    first_content_s: float = 5.0
    max_wait_s: float = 10.0
    open_s: float = 3.0
    recovery_s: float = 130.0
    end_limit_s: float = 150.0
    keepalive_s: float | None = None
    seed: int = 1
    most_mb: float | None = None


SHORT = Plan(
    200, 7.0, 1.2, tokens_per_s=4.0, first_content_s=1.5, max_wait_s=2.0, open_s=1.0, recovery_s=1.5, keepalive_s=1.0
)
"""A few seconds; what rests longer is judged by its instants alone."""
SOAK = Plan(50, 1200.0, most_mb=10.0)
"""Twenty minutes of everything at once."""


@dataclass(slots=True)
class Record:
    """Everything that was counted. The names of values are the processes'."""

    plan: Plan
    before: Values
    most: Counter[str]
    callers: Values
    rested: Values
    returns: Values
    reached: Values
    state: Values
    idle: Values
    closed: Values
    upstream: Values
    log: list[str]
    memory: list[int]


def run(plan: Plan) -> tuple[Record, list[Finding]]:
    """What was counted, and what follows. Raises PartError where a process fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with ExitStack() as stack:
            upstream, sidecar, callers = (
                stack.enter_context(Part(f"bench.flap.{module}", folder / f"{module}.log", environment()))
                for module in ("upstream", "sidecar_part", "callers")
            )
            _start(plan, folder, upstream, sidecar, callers)
            record = _flap(plan, upstream, sidecar, callers)
            record.log = _unexpected(sidecar.log)
            return record, findings(record)


def _start(plan: Plan, folder: pathlib.Path, upstream: Part, sidecar: Part, callers: Part) -> None:
    served = upstream.ask("start", START_LIMIT_S, tokens_per_s=plan.tokens_per_s)
    config = folder / "remora.json"
    config.write_text(json.dumps(configuration(plan, served["ports"], served["collector"])))
    roles = dict.fromkeys(map(str, served["ports"].values()), "upstream") | {str(served["collector"]): "collector"}
    serving = sidecar.ask("start", START_LIMIT_S, config=str(config), roles=roles, keepalive_s=plan.keepalive_s)
    callers.ask(
        "start", START_LIMIT_S, address=serving["address"], number=int(plan.concurrent * MORE_CALLERS), seed=plan.seed
    )


def _flap(plan: Plan, upstream: Part, sidecar: Part, callers: Part) -> Record:
    # What is made at the first calls, threads above all, is there when the first count is taken.
    callers.ask("warm", START_LIMIT_S, number=WARM_CALLS)
    before = sidecar.ask("settle", START_LIMIT_S, limit_s=0.5, kept=True, tasks=0)
    tasks = sum(before["tasks"].values())
    upstream.ask("flap", seconds=plan.seconds, period_s=plan.period_s, seed=plan.seed)
    callers.ask("begin")
    memory: list[int] = []
    most = _watch(plan.seconds, sidecar, memory)
    ended = callers.ask("finish", plan.end_limit_s + 10.0, limit_s=plan.end_limit_s)
    rested = sidecar.ask("settle", START_LIMIT_S, limit_s=15.0, kept=True, tasks=tasks)
    returns = sidecar.ask("returns", plan.recovery_s + 10.0, limit_s=plan.recovery_s)
    reached = callers.ask("reach", START_LIMIT_S + 10.0 * len(returns["callable"]), targets=returns["callable"])
    state = sidecar.ask("state")
    idle_s = 2.0 * (plan.keepalive_s or KEPT_IDLE_S) + 10.0
    idle = sidecar.ask("settle", idle_s + 10.0, limit_s=idle_s, kept=False, tasks=tasks)
    closed = sidecar.ask("close", 100.0)
    judged = upstream.ask("judge", START_LIMIT_S)
    return Record(plan, before, most, ended, rested, returns, reached, state, idle, closed, judged, [], memory)


def _watch(seconds: float, sidecar: Part, memory: list[int]) -> Counter[str]:
    """The most that was held at once, asked each second until the time is over; `memory` gets what was resident."""
    most: Counter[str] = Counter()
    ends_at = time.monotonic() + seconds
    while (left_s := ends_at - time.monotonic()) > 0.0:
        time.sleep(min(SAMPLE_S, left_s))
        counted = sidecar.ask("count")
        memory.append(counted["resident KB"])
        for name, value in counted.items():
            number = sum(value.values()) if isinstance(value, dict) else value
            most[name] = max(most[name], number)
    return most


def keys() -> dict[str, str]:
    """The environment that the configuration names keys from."""
    return {f"FLAP_{name.upper()}_{number}": key(name, number) for name in PROVIDERS for number in (1, 2)}


def configuration(plan: Plan, ports: dict[str, int], collector: int) -> dict[str, Any]:
    """Four providers behind one alias, one in another wire format, with every kind of limit and two keys here and there."""
    providers: dict[str, Any] = {}
    for name in PROVIDERS:
        profiles: list[dict[str, Any]] = [
            {"name": f"k{number}", "api_key": f"env:FLAP_{name.upper()}_{number}"}
            for number in range(1, KEYS[name] + 1)
        ]
        url = f"http://127.0.0.1:{ports[name]}" + ("" if name == "d" else "/v1")
        protocol = "anthropic" if name == "d" else "openai"
        models = {"ok": {"max_output_tokens": 100}, "burst": {"max_output_tokens": 100}}
        providers[name] = {"protocol": protocol, "base_url": url, "profiles": profiles, "models": models}
    providers["b"]["strategy"] = "round_robin"
    providers["b"]["profiles"][0]["max_concurrency"] = max(5, plan.concurrent // 10)
    providers["b"]["profiles"][1]["rpm"] = plan.concurrent * 10
    providers["c"]["profiles"][0]["max_concurrency"] = max(5, plan.concurrent // 4)
    providers["d"]["strategy"] = "least_busy"
    return {
        "listen": {"grpc": ["127.0.0.1:0"]},
        "providers": providers,
        "aliases": {
            "any": {"targets": [f"{name}/ok" for name in PROVIDERS]},
            "any-quick": {"targets": [f"{name}/burst" for name in PROVIDERS]},
        },
        "fallbacks": ["a/ok", "c/ok"],
        "policy": {
            "first_content_s": plan.first_content_s,
            "max_wait_s": plan.max_wait_s,
            "max_concurrent_requests": plan.concurrent,
            "breaker": {"open_s": plan.open_s, "open_max_s": 4.0 * plan.open_s},
        },
        "telemetry": {"endpoint": f"http://127.0.0.1:{collector}", "propagate_upstream": True},
    }


def environment() -> dict[str, str]:
    """Of every process: Remora's keys, and room for every span of a burst, so that none is lost to its queue."""
    return {**os.environ, **keys(), "OTEL_BSP_MAX_QUEUE_SIZE": "100000", "OTEL_BSP_SCHEDULE_DELAY": "500"}


def _unexpected(log: pathlib.Path) -> list[str]:
    """Lines that say that something went wrong inside: errors without a provider's reason, and whatever is not JSON."""
    found = []
    with log.open() as lines:
        for line in lines:
            is_ours = line.startswith("{")
            if not is_ours or ('"level":"error"' in line and "reason" not in json.loads(line)):
                found.append(line.rstrip()[-SHOWN:])
    return found
