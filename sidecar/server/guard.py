"""Around every rpc: its scope, the caller's token, what observers are told, and nothing from inside reaching a caller.

Handlers are wrapped as they are registered: an interceptor of grpc.aio would cost every call a coroutine more.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import inspect
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import grpc

from ..core.errors import CallError
from ..core.observation import Observer, Operation, Rpc
from ..core.reasons import Reason
from ..engine.clock import Clock
from ..engine.embed import EmbedCall
from ..engine.failover import Call
from ..engine.identifier import new_span_id
from .edge import SCOPE, Context, Labels, Scope, abort, metadata_value
from .trace import Sampled

log = logging.getLogger("remora.server")
OPEN_TO_ALL = ("/grpc.health.v1.",)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Guard:
    """`token`: what callers must send as `authorization: Bearer …`; None asks for nothing. Health needs none.

    `redacted` takes secrets out of what a caller's headers would carry on.
    """

    def __init__(self, token: str | None, observer: Observer, clock: Clock, sampled: Sampled) -> None:
        self.token = token
        self.redacted: Callable[[str], str] = lambda text: text
        self._observer = observer
        self._clock = clock
        self._sampled = sampled

    def registering(self, server: grpc.aio.Server) -> Any:
        """What generated code registers servicers with, so that their handlers are guarded."""
        return _Registration(server, self)

    def wrap(self, handler: Any, method: str) -> Handler:
        """The handler of `method` ("/package.Service/Method"), guarded."""
        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        generates = inspect.isasyncgenfunction(inner)

        async def guarded(request: Any, context: Context) -> Any:
            scope = Scope(self._sampled, self.redacted)
            SCOPE.set(scope)
            began_at, began_wall = self._clock.now(), self._clock.wall()
            self._observer.rpc_started(service, name)
            try:
                if self.token is not None and not method.startswith(OPEN_TO_ALL):
                    await self._authenticate(request, context)
                if not generates:
                    return await inner(request, context)
                async for response in inner(request, context):
                    await context.write(response)
                return None
            except asyncio.CancelledError:
                left_s = context.time_remaining()
                scope.code = "DEADLINE_EXCEEDED" if left_s is not None and left_s <= 0.0 else "CANCELLED"
                raise
            except grpc.aio.AbortError as error:
                # grpc keeps it with the call and raises it again once we return: with what it refers to, each call that
                # fails would be a cycle of some hundred objects, and wait for the collector.
                scope.code = scope.code or _code_of(context)
                error.__traceback__ = error.__context__ = None
                return None
            except grpc.aio.InternalError:  # nothing can be sent: the caller left while the answer was on its way
                scope.code, scope.reason = "CANCELLED", None
                with contextlib.suppress(grpc.aio.InternalError, grpc.aio.UsageError):
                    await context.abort(grpc.StatusCode.CANCELLED, "the caller has left")
                raise asyncio.CancelledError from None
            except Exception as error:  # the edge: whatever it is, its text must not leave
                await _internal(request, context, method, error)
            finally:
                labels = scope.labels or _labels(request, context)
                rpc = Rpc(
                    service=service,
                    method=name,
                    code=scope.code or "OK",
                    reason=scope.reason,
                    request_id=labels.request_id,
                    trace=labels.trace,
                    started_at=began_wall,
                    duration_s=self._clock.now() - began_at,
                    peer=context.peer(),
                    operation=_operation(scope.call, labels, is_streamed=name == "Chat"),
                    requested_model=_text(request, "model"),
                )
                self._observer.rpc_ended(rpc)
                scope.call = None  # its attempts' tasks run in a context that holds the scope: a cycle for every call

        service, _, name = method.lstrip("/").partition("/")
        factory = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        return factory(guarded, handler.request_deserializer, handler.response_serializer)

    async def _authenticate(self, request: Any, context: Context) -> None:
        sent = metadata_value(context.invocation_metadata(), "authorization") or ""
        scheme, _, value = sent.partition(" ")
        matches = hmac.compare_digest(value.strip().encode(), (self.token or "").encode())
        if scheme.lower() != "bearer" or not matches:
            error = CallError(Reason.CALLER_UNAUTHENTICATED, "send the sidecar's token as authorization: Bearer …")
            await abort(context, error, _labels(request, context))


class _Registration:
    """Stands in for the server while servicers are added to it."""

    def __init__(self, server: grpc.aio.Server, guard: Guard) -> None:
        self._server = server
        self._guard = guard

    def add_generic_rpc_handlers(self, handlers: Iterable[Any]) -> None:
        """Registers them, guarded."""
        self._server.add_generic_rpc_handlers(tuple(_Guarded(handler, self._guard) for handler in handlers))

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """The same methods once more, for servers that look them up by name; grpc.aio does not."""


class _Guarded(grpc.GenericRpcHandler):
    """Finds a method's handler, wrapped once."""

    def __init__(self, inner: Any, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard
        self._handlers: dict[str, Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The guarded handler; None for methods of other services."""
        method = handler_call_details.method
        wrapped = self._handlers.get(method)
        if wrapped is None:
            handler = self._inner.service(handler_call_details)
            if handler is None:
                return None
            wrapped = self._handlers[method] = self._guard.wrap(handler, method)
        return wrapped


def _operation(call: Call | EmbedCall | None, labels: Labels, *, is_streamed: bool) -> Operation | None:
    """What the engine did for an rpc; None where it made no call."""
    if call is None or call.report is None:
        return None
    span_id = new_span_id() if labels.trace.is_sampled else ""
    return Operation(call.request, call.report, call.completed, is_streamed, span_id)


def _code_of(context: Context) -> str:
    """The status an rpc was aborted with."""
    code: Any = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else "UNKNOWN"


def _labels(request: Any, context: Context) -> Labels:
    """The call's labels."""
    return Labels.of(context, _text(request, "request_id"))


def _text(request: Any, name: str) -> str:
    """A text field of a request; "" where it has none, as a stream of requests."""
    value = getattr(request, name, "")
    return value if isinstance(value, str) else ""


async def _internal(request: Any, context: Context, method: str, error: Exception) -> None:
    error_id, labels = secrets.token_hex(8), _labels(request, context)
    extra = {"error_id": error_id, "request_id": labels.request_id, "trace_id": labels.trace_id}
    log.error("unexpected error in %s", method, exc_info=error, extra=extra)
    told = CallError(
        Reason.INTERNAL, f"unexpected error; its id in the log is {error_id}", metadata={"error_id": error_id}
    )
    await abort(context, told, labels)
