"""HealthService: upstream state and reports over gRPC."""

from __future__ import annotations

from typing import NoReturn

import grpc

from ..core.errors import CallError, FieldError
from ..core.reasons import Reason
from ..engine.engine import Engine
from ..engine.watching import Watcher
from ..pb import health_pb2, health_pb2_grpc, report_pb2
from .chat import not_built
from .edge import Context, Labels, abort, trailers
from .health_message import change, credentials, snapshot
from .health_reset import UnknownScope, reset


class HealthServicer(health_pb2_grpc.HealthServiceServicer):
    """Answers while draining too: that is when people look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watchers: set[Watcher] = set()
        self._is_ending = False

    def end_watches(self) -> None:
        """Ends every watch with DRAINING: the process is about to end. One that begins later ends at once."""
        self._is_ending = True
        for watcher in self._watchers:
            watcher.close()

    async def Health(self, request: health_pb2.HealthRequest, context: Context) -> None:  # type: ignore[override]
        """A snapshot; with `watch`, then each change until the caller leaves or the process ends."""
        labels = Labels.of(context, "")
        if request.watch:
            await self._watch(context, labels)
        else:
            await context.write(snapshot(self._engine))
            context.set_trailing_metadata(tuple(trailers(labels, 0, None)))

    async def _watch(self, context: Context, labels: Labels) -> NoReturn:
        """Messages are made when they can be written: a slow caller gets the newest state of each key."""
        services = self._engine.services
        watcher = Watcher(services.health, lambda: credentials(self._engine), services.clock)
        self._watchers.add(watcher)
        if self._is_ending:
            watcher.close()
        try:
            while updates := await watcher.next():
                for update in updates:
                    await context.write(change(self._engine, update))
        finally:
            watcher.close()
            self._watchers.discard(watcher)
        await abort(context, CallError(Reason.DRAINING, "this sidecar is shutting down: the watch ends"), labels)

    async def ResetHealth(
        self, request: health_pb2.ResetHealthRequest, context: Context
    ) -> health_pb2.ResetHealthResponse:
        """Forgets what an operator names."""
        labels = Labels.of(context, "")
        try:
            response = reset(self._engine, request)
        except CallError as error:
            await abort(context, error, labels)
        except UnknownScope as error:
            await abort_not_found(context, str(error), labels)
        context.set_trailing_metadata(tuple(trailers(labels, 0, None)))
        return response

    async def GetReport(self, request: health_pb2.GetReportRequest, context: Context) -> health_pb2.GetReportResponse:
        """What happened to a call."""
        labels = Labels.of(context, "")
        if not request.request_id:
            field = FieldError("request_id", "is required")
            error = CallError(Reason.INVALID_INPUT, "request_id: is required", fields=(field,))
            await abort(context, error, labels)
        services = self._engine.services
        reports = services.reports.find(request.request_id, services.clock.now())
        if not reports:
            message = "no call of the last ten minutes had this request id, or none that was tried"
            await abort_not_found(context, message, labels)
        context.set_trailing_metadata(tuple(trailers(labels, 0, None)))
        return health_pb2.GetReportResponse(
            reports=[report_pb2.FailoverReport.FromString(report) for report in reports]
        )

    async def GetSpend(self, request: health_pb2.GetSpendRequest, context: Context) -> health_pb2.GetSpendResponse:
        """Not built yet."""
        await abort(context, not_built("HealthService.GetSpend"), Labels.of(context, ""))


async def abort_not_found(context: Context, message: str, labels: Labels) -> NoReturn:
    """NOT_FOUND for something that is no model: there is no reason for it among the call's own."""
    await context.abort(grpc.StatusCode.NOT_FOUND, message, tuple(trailers(labels, 0, None)))
