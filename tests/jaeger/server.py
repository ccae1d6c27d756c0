"""Jaeger as a process: found, started in memory on loopback ports that are free, and asked whether it is ready."""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from remora_client.demo.process import ProcessError, Processes

BUILT = Path(__file__).parents[2] / ".tools/jaeger"
"""Where scripts/jaeger.sh builds it."""
READY_LIMIT_S = 30.0
_HTTP_LIMIT_S = 5.0
_POLL_S = 0.05
_STARTS = 3
_QUIET = {"SPAN_STORAGE_TYPE": "memory", "OTEL_TRACES_SAMPLER": "always_off"}
"""Jaeger traces itself, and would export that to a port of ours that somebody else may hold."""
_LISTENERS = (
    *("collector.otlp.http", "collector.otlp.grpc", "query.http-server", "query.grpc-server", "admin.http"),
    *("collector.http-server", "collector.grpc-server"),
)

# Loopback only: a proxy from the environment has no say.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Jaeger:
    """A running one: where OTLP goes over HTTP and over gRPC, and where its query API and its page are."""

    otlp_http: str
    otlp_grpc: str
    query: str


def find() -> str | None:
    """The program: $JAEGER, else an all-in-one on the PATH, else what was built; None: there is none. Builds nothing."""
    if named := os.environ.get("JAEGER"):
        return named
    return shutil.which("jaeger-all-in-one") or (str(BUILT) if BUILT.exists() else None)


def start(processes: Processes, program: str) -> Jaeger:
    """Starts it and waits until it serves. ProcessError: it does not, three times over."""
    for left in reversed(range(_STARTS)):
        try:
            return _start(processes, program, f"jaeger-{_STARTS - left}")
        except ProcessError:
            if not left:
                raise
    raise AssertionError("unreachable")


def _start(processes: Processes, program: str, name: str) -> Jaeger:
    at = dict(zip(_LISTENERS, free_addresses(len(_LISTENERS)), strict=True))
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | _QUIET
    process = processes.start(name, [program, *(f"--{flag}.host-port={at[flag]}" for flag in _LISTENERS)], env)
    give_up_at = time.monotonic() + READY_LIMIT_S
    while not _is_up(f"http://{at['admin.http']}/"):
        process.check()
        if time.monotonic() > give_up_at:
            raise ProcessError(f"jaeger did not serve within {READY_LIMIT_S:g} s")
        time.sleep(_POLL_S)
    http, grpc, query = (f"http://{at[flag]}" for flag in _LISTENERS[:3])
    return Jaeger(http, grpc, query)


def free_addresses(count: int) -> list[str]:
    """Loopback addresses nobody listens on, each another one, as host:port."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def _is_up(url: str) -> bool:
    try:
        with OPENER.open(url, timeout=_HTTP_LIMIT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
