"""grpc.health.v1 for kubelets and load balancers: Check, Watch and List.

The process ("" and every service name) is SERVING while it is configured, listening and not draining. `model/<name>`
shows upstream state of declared models and aliases, and never decides readiness.
"""

from __future__ import annotations

import asyncio

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ..core.errors import CallError
from ..core.reference import resolve
from ..engine.engine import Engine
from .edge import Context
from .gate import Gate

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
MODEL_PREFIX = "model/"
POLL_S = 1.0


class StandardHealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the package has no types
    """`services`: the names this server offers."""

    def __init__(self, engine: Engine, gate: Gate, services: tuple[str, ...]) -> None:
        self._engine = engine
        self._gate = gate
        self._services = ("", *services)
        self._changed = asyncio.Event()

    def announce(self) -> None:
        """Tells watchers at once that the process's own state changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Context) -> health_pb2.HealthCheckResponse:
        """One answer; NOT_FOUND for a name this server does not know."""
        status = self._status(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return health_pb2.HealthCheckResponse(status=status)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> None:
        """The state, then each change: of the process at once, of a model within a second."""
        last: int | None = None
        while True:
            changed = self._changed
            status = self._status(request.service)
            if status is None:
                status = SERVICE_UNKNOWN
            if status != last:
                last = status
                await context.write(health_pb2.HealthCheckResponse(status=status))
            try:
                await asyncio.wait_for(changed.wait(), POLL_S)
            except TimeoutError:
                pass

    async def List(self, request: health_pb2.HealthListRequest, context: Context) -> health_pb2.HealthListResponse:
        """Every name and its state."""
        names = [*self._services, *self._model_names()]
        statuses = {name: self._status(name) for name in names}
        return health_pb2.HealthListResponse(
            statuses={
                name: health_pb2.HealthCheckResponse(status=status)
                for name, status in statuses.items()
                if status is not None
            }
        )

    def _model_names(self) -> list[str]:
        catalog = self._engine.catalog
        declared = [f"{p.name}/{model}" for p in catalog.providers.values() for model in p.models]
        return [f"{MODEL_PREFIX}{name}" for name in (*catalog.aliases, *declared)]

    def _status(self, name: str) -> health_pb2.HealthCheckResponse.ServingStatus.ValueType | None:
        if name in self._services:
            return NOT_SERVING if self._gate.is_draining else SERVING
        if not name.startswith(MODEL_PREFIX):
            return None
        reference = name.removeprefix(MODEL_PREFIX)
        try:
            entries = resolve(reference, self._engine.catalog)
        except CallError:
            return None
        return SERVING if any(self._engine.is_callable(entry) for entry in entries) else NOT_SERVING
