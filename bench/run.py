"""`make bench`: one run, floor and Remora side by side; median of five; PASS or FAIL for each figure; exit 1 on a miss.

Ratios, since machines differ and are noisy. Only loopback, bounded in calls and time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

from .load import Subject, cost_ms, resident_mb

ROUNDS = 5
CALLS = {"unary": 1500, "burst": 700, "paced": 300}
RATIO = {"unary": 2.0, "burst": 2.0, "paced": 1.6}
IDLE_MB = 75.0
GROWTH_MB = 10.0
GROWTH_CALLS = 10_000
START_S = 1.5
PAGE = pathlib.Path(__file__).parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and its bound."""

    name: str
    value: float
    bound: float
    unit: str
    note: str = ""

    @property
    def passes(self) -> bool:
        """Whether it is within its bound."""
        return self.value <= self.bound

    @property
    def verdict(self) -> str:
        """PASS or FAIL."""
        return "PASS" if self.passes else "FAIL"

    def line(self) -> str:
        """As printed."""
        return (
            f"{self.verdict}  {self.name}: {self.value:.2f}{self.unit} (at most {self.bound:g}{self.unit}){self.note}"
        )


@contextlib.contextmanager
def process(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block."""
    running = subprocess.Popen(
        [sys.executable, "-m", *command], env={**os.environ, **(env or {})}, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def appears(path: pathlib.Path, limit_s: float = 20.0) -> str:
    """The content of a ready file once it is there."""
    ends_at = time.monotonic() + limit_s
    while time.monotonic() < ends_at:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.005)
    raise SystemExit(f"{path.name} did not appear within {limit_s:.0f} s")


def measure(folder: pathlib.Path) -> list[Figure]:
    """Every figure."""
    with process("bench.upstream", str(folder / "upstream")), process("bench.collector", str(folder / "collector")):
        port = appears(folder / "upstream")
        collector = f"http://127.0.0.1:{appears(folder / 'collector')}"
        config = folder / "remora.yaml"
        config.write_text(
            'listen: {grpc: ["127.0.0.1:0"]}\ndefault_provider: up\nproviders:\n'
            f'  up: {{protocol: openai, base_url: "http://127.0.0.1:{port}/v1", api_key: env:BENCH_KEY}}\n'
            f'telemetry: {{endpoint: "{collector}"}}\n'
        )
        ready = folder / "remora.json"
        serve = ("sidecar.cli", "serve", "--config", str(config), "--ready-file", str(ready))
        with process("bench.floor", port, str(folder / "floor")) as floor:
            began = time.monotonic()
            with process(*serve, env={"BENCH_KEY": "sk-bench-0123456789"}) as remora:
                address = json.loads(appears(ready))["grpc"][0]
                start_s = time.monotonic() - began
                subjects = (
                    Subject(floor.pid, appears(folder / "floor")),
                    Subject(remora.pid, address),
                )
                return [Figure("serving after exec", start_s, START_S, " s"), *asyncio.run(figures(*subjects))]


async def figures(floor: Subject, remora: Subject) -> list[Figure]:
    """Memory at rest and after many calls, before anything else has filled what is kept; then the three ratios."""
    await asyncio.sleep(1.0)
    idle = resident_mb(remora.pid)
    await cost_ms(remora, "unary", GROWTH_CALLS)
    grown = resident_mb(remora.pid) - idle
    found = [
        Figure("resident, idle", idle, IDLE_MB, " MB"),
        Figure(f"resident, grown from idle in {GROWTH_CALLS:,} calls", grown, GROWTH_MB, " MB"),
    ]
    for kind, count in CALLS.items():
        for subject in (floor, remora):
            await cost_ms(subject, kind, 100)
        pairs = [(await cost_ms(floor, kind, count), await cost_ms(remora, kind, count)) for _ in range(ROUNDS)]
        ratio = statistics.median(ours / base for base, ours in pairs)
        base, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
        found.append(Figure(f"CPU, {kind}", ratio, RATIO[kind], "×", f"  {ours:.2f} ms a call, floor {base:.2f} ms"))
    return found


def page(found: list[Figure]) -> str:
    """docs/benchmarks.md."""
    rows = "".join(
        f"| {f.name} | {f.value:.2f}{f.unit} | {f.bound:g}{f.unit} | {f.verdict} | {f.note.strip()} |\n" for f in found
    )
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"""# Benchmarks

Made by `make bench`: the real server process against a fixed floor (`bench/floor.py`: a bare grpc.aio handler and a bare
aiohttp post of the same bytes, uvloop, keep-alive, orjson), both in one run on loopback, median of {ROUNDS}.
Ratios travel between machines; milliseconds and megabytes are this one's ({machine}).
Tracing is on: every span of every call is exported to a collector; metrics are counted, and each call leaves its line in
the access log. The floor has none of these.

| figure | measured | at most | verdict | |
|---|---|---|---|---|
{rows}"""


def main() -> int:
    """Measures, prints, writes the page."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure(pathlib.Path(folder))
    for figure in found:
        print(figure.line())
    PAGE.write_text(page(found))
    return 0 if all(figure.passes for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
