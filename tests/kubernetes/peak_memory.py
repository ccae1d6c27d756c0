"""Measures the sidecar's peak memory with large requests at once; what the chart's memory limit is made of.

As `.venv/bin/python -m tests.kubernetes.peak_memory [CALLS ...]`, with how many at once in each run.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import yaml

from tests.cluster.child import Child
from tests.kubernetes.rendering import CHART
from tests.server.conversation import question, user
from tests.server.outcome import chat
from tests.server.process import Sidecar, command

REQUEST_BYTES = 8_000_000
MODEL = "slow-headers-2s"
"""Long enough for all of them to be under way together."""
CONFIG = """
listen: {{grpc: ["127.0.0.1:0"], probe: "127.0.0.1:0"}}
providers:
  p: {{protocol: openai, base_url: "{url}", api_key: env:KEY, models: {{{model}: {{context_window: 100000000}}}}}}
"""


def peak_bytes(calls: int, limit: int, folder: Path) -> tuple[int, list[str]]:
    """VmHWM of a sidecar that was sent so many requests at once, and how each of them ended."""
    ready = folder / "simulator.json"
    with Child(command("simulate", "--ready-file", str(ready)), folder / "simulator.log") as simulator:
        simulator.until(ready.exists, 20.0, "it serves")
        config = CONFIG.format(model=MODEL, url=_url(orjson.loads(ready.read_bytes())))
        with Sidecar(folder, config, "--max-bytes-in-flight", str(limit), KEY="k") as sidecar:
            request = question(f"p/{MODEL}", user("word " * (REQUEST_BYTES // 5)))
            stubs = [sidecar.chat for _ in range(calls)]
            with ThreadPoolExecutor(max(1, calls)) as pool:
                ended = list(pool.map(lambda stub: chat(stub, request).code.name, stubs))
            return _peak(sidecar.process.pid), ended


def _url(told: dict[str, Any]) -> str:
    return f"http://{told['http'][0]}/v1"


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def main(counts: list[int]) -> None:
    """Prints one line for each number of calls."""
    limit = yaml.safe_load((CHART / "values.yaml").read_text())["sidecar"]["maxBytesInFlight"]
    for calls in counts:
        with tempfile.TemporaryDirectory() as folder:
            peak, ended = peak_bytes(calls, limit, Path(folder))
        print(f"{calls} x {REQUEST_BYTES} bytes: {peak / 2**20:.0f} MiB at most; {', '.join(sorted(ended))}")


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [0, 1, 4, 8])
