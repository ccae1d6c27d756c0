"""Around every rpc: the caller's token, and nothing from inside reaching a caller."""

from __future__ import annotations

import asyncio
import hmac
import inspect
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc

from ..core.errors import CallError
from ..core.reasons import Reason
from .edge import Context, Labels, abort, metadata_value

log = logging.getLogger("remora.server")
OPEN_TO_ALL = ("/grpc.health.v1.",)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class EdgeInterceptor(grpc.aio.ServerInterceptor):
    """`token`: what callers must send as `authorization: Bearer …`; None asks for nothing. Health needs none."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The method's handler, wrapped once."""
        method = handler_call_details.method
        wrapped = self._handlers.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return handler
            wrapped = self._handlers[method] = self._wrap(handler, method)
        return wrapped

    def _wrap(self, handler: Any, method: str) -> Handler:
        needs_token = self._token is not None and not method.startswith(OPEN_TO_ALL)
        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

        async def guarded(request: Any, context: Context) -> Any:
            if needs_token:
                await self._authenticate(request, context)
            try:
                if inspect.isasyncgenfunction(inner):
                    async for response in inner(request, context):
                        await context.write(response)
                    return None
                return await inner(request, context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # the edge: whatever it is, its text must not leave
                await _internal(request, context, method, error)

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
        matches = hmac.compare_digest(value.strip().encode(), (self._token or "").encode())
        if scheme.lower() != "bearer" or not matches:
            error = CallError(Reason.CALLER_UNAUTHENTICATED, "send the sidecar's token as authorization: Bearer …")
            await abort(context, error, _labels(request, context))


def _labels(request: Any, context: Context) -> Labels:
    """The call's labels; a stream of requests has no id of its own."""
    request_id = getattr(request, "request_id", "")
    return Labels.of(context, request_id if isinstance(request_id, str) else "")


async def _internal(request: Any, context: Context, method: str, error: Exception) -> None:
    error_id, labels = secrets.token_hex(8), _labels(request, context)
    extra = {"error_id": error_id, "request_id": labels.request_id, "trace_id": labels.trace_id}
    log.error("unexpected error in %s", method, exc_info=error, extra=extra)
    told = CallError(
        Reason.INTERNAL, f"unexpected error; its id in the log is {error_id}", metadata={"error_id": error_id}
    )
    await abort(context, told, labels)
