"""Who takes part in every demo: the provider simulator and the sidecar, started as anybody would start them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .process import Processes
from .scenery import Scenery, script, variables


def start_simulator(processes: Processes, sceneries: Sequence[Scenery]) -> dict[str, str]:
    """Starts the simulator; its listeners' addresses, host:port, the main one as `http`."""
    path = _written(processes.folder / "script.json", script(sceneries))
    ready = processes.start_remora("simulator", "simulate", "--script", path)
    return {"http": ready["http"][0], **ready["listeners"]}


def start_sidecar(processes: Processes, sceneries: Sequence[Scenery], configuration: Mapping[str, Any]) -> str:
    """Starts the sidecar, with the keys in its environment; its gRPC address."""
    path = _written(processes.folder / "remora.json", configuration)
    ready = processes.start_remora("sidecar", "serve", "--config", path, env={**os.environ, **variables(sceneries)})
    return str(ready["grpc"][0])


def _written(path: Path, content: Mapping[str, Any]) -> str:
    """A file of YAML, of which JSON is a part."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)
