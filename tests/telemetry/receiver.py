"""A collector in this process: takes OTLP over HTTP or gRPC, and shows what it was sent as plain values.

Used by the tests of exporting, and by whoever wants to see a process's spans: point `telemetry.endpoint` at `url`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from aiohttp import web
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

Export = trace_service_pb2.ExportTraceServiceRequest
METHOD = "opentelemetry.proto.collector.trace.v1.TraceService"


@dataclass(frozen=True)
class SeenEvent:
    """One event; `at`: epoch nanoseconds."""

    name: str
    at: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """One span. Ids in hexadecimal, `parent_id` "" for none; instants in epoch nanoseconds."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    started_at: int
    ended_at: int
    attributes: Mapping[str, Any]
    events: tuple[SeenEvent, ...]
    is_error: bool
    message: str
    state: str
    resource: Mapping[str, Any] = field(repr=False)


def value(told: AnyValue) -> Any:
    """The plain value."""
    kind = told.WhichOneof("value")
    if kind == "array_value":
        return [value(item) for item in told.array_value.values]
    return getattr(told, kind) if kind else None


def seen(request: Export) -> list[Seen]:
    """The spans of a request, in order."""
    return [
        _seen(span, {pair.key: value(pair.value) for pair in group.resource.attributes})
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _seen(span: ProtoSpan, resource: Mapping[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        kind=ProtoSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        started_at=span.start_time_unix_nano,
        ended_at=span.end_time_unix_nano,
        attributes={pair.key: value(pair.value) for pair in span.attributes},
        events=tuple(
            SeenEvent(event.name, event.time_unix_nano, {pair.key: value(pair.value) for pair in event.attributes})
            for event in span.events
        ),
        is_error=span.status.code == Status.STATUS_CODE_ERROR,
        message=span.status.message,
        state=span.trace_state,
        resource=resource,
    )


@dataclass
class Arrival:
    """One request as it came. `headers`: lower-case names (of gRPC, the metadata)."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    spans: list[Seen]


Respond = Callable[[Arrival], web.Response]
"""What an HTTP collector answers."""


def accepted(_: Arrival) -> web.Response:
    """All is well."""
    return web.Response(content_type="application/x-protobuf")


class Collector:
    """What arrived, and a way to wait for it."""

    def __init__(self) -> None:
        self.url = ""
        self.arrivals: list[Arrival] = []
        self._arrived = asyncio.Event()

    @property
    def spans(self) -> list[Seen]:
        """Every span that was sent, in order of arrival."""
        return [span for arrival in self.arrivals for span in arrival.spans]

    async def wait_for(self, number: int, limit_s: float = 10.0) -> list[Seen]:
        """At least so many spans. Raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while len(self.spans) < number:
                self._arrived.clear()
                await self._arrived.wait()
        return self.spans

    async def wait_for_arrivals(self, number: int, limit_s: float = 10.0) -> None:
        """At least so many requests, whatever was answered. Raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while len(self.arrivals) < number:
                self._arrived.clear()
                await self._arrived.wait()

    def note(self, arrival: Arrival) -> None:
        """Keeps a request."""
        self.arrivals.append(arrival)
        self._arrived.set()


class HttpCollector(Collector):
    """OTLP over HTTP on a free port of the loopback interface. `respond` may be replaced at any time."""

    def __init__(self, respond: Respond = accepted) -> None:
        super().__init__()
        self.respond = respond
        self.delay_s = 0.0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> HttpCollector:
        """Serves; `url` is what to configure."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): text for name, text in request.headers.items()}
        spans = seen(Export.FromString(body))  # aiohttp has undone the compression
        arrival = Arrival(request.path_qs, headers, body, spans)
        self.note(arrival)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return self.respond(arrival)


class GrpcCollector(Collector):
    """OTLP over gRPC on a free port of the loopback interface. `refusals`: statuses given before spans are taken."""

    def __init__(self, *refusals: tuple[grpc.StatusCode, bytes], rejected: int = 0) -> None:
        super().__init__()
        self._refusals = list(refusals)
        self._rejected = rejected
        self._server = grpc.aio.server()

    async def __aenter__(self) -> GrpcCollector:
        """Serves; `url` is what to configure."""
        handler = grpc.unary_unary_rpc_method_handler(
            self._take, request_deserializer=bytes, response_serializer=lambda message: message.SerializeToString()
        )
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(METHOD, {"Export": handler}),))
        self.url = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends."""
        await self._server.stop(None)

    async def _take(self, body: bytes, context: Any) -> trace_service_pb2.ExportTraceServiceResponse:
        metadata = {key: text for key, text in context.invocation_metadata() if isinstance(text, str)}
        if self._refusals:
            code, details = self._refusals.pop(0)
            self.note(Arrival("", metadata, body, []))
            trailing = (("grpc-status-details-bin", details),) if details else ()
            await context.abort(code, "not now", trailing)
        self.note(Arrival("", metadata, body, seen(Export.FromString(body))))
        answer = trace_service_pb2.ExportTraceServiceResponse()
        answer.partial_success.rejected_spans = self._rejected
        return answer
