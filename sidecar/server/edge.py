"""Where errors leave and deadlines enter: the scope and labels of a call, trailers, and the translation of a CallError."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import grpc

from .. import __version__
from ..core.catalog import Target
from ..core.errors import CallError
from ..core.reasons import TABLE, Reason
from ..core.trace import Trace
from ..core.value import value_type
from ..engine.embed import EmbedCall
from ..engine.failover import Call
from ..engine.identifier import new_request_id
from .status import GRPC_CODES, pushback, status_of
from .trace import Metadata, Sampled, trace_of

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Trailers = Sequence[tuple[str, str | bytes]]


@dataclass(slots=True)
class Scope:
    """One rpc under way: what its servicer leaves for the guard. `code`, `reason`: how it ended, if not well."""

    sampled: Sampled
    redacted: Callable[[str], str] = lambda text: text
    labels: Labels | None = None
    call: Call | EmbedCall | None = None
    code: str | None = None
    reason: Reason | None = None


@value_type
class Labels:
    """What names a call. The request id is safe for a header: anything else is replaced by a generated one."""

    request_id: str
    trace: Trace

    @classmethod
    def of(cls, context: Context, request_id: str) -> Labels:
        """From the caller's request id ("" for none) and its `traceparent`; the same all through one rpc."""
        scope = SCOPE.get()
        if scope.labels is None:
            safe = request_id if request_id.isascii() and request_id.isprintable() and len(request_id) <= 128 else ""
            trace = trace_of(context.invocation_metadata(), scope.sampled)
            if trace.state and scope.redacted(trace.state) != trace.state:
                trace = replace(trace, state="")  # it would travel on in spans, and to providers
            scope.labels = cls(safe or new_request_id(), trace)
        return scope.labels

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.trace.trace_id


SCOPE: ContextVar[Scope] = ContextVar("scope")
"""Of the rpc under way: gRPC runs each in a task, and so in a context, of its own. The guard sets it."""


def metadata_value(metadata: Metadata | None, name: str) -> str | None:
    """The first text value of a metadata key."""
    for key, value in metadata or ():
        if key == name and isinstance(value, str):
            return value
    return None


def trailers(labels: Labels, attempts: int, target: Target | None) -> list[tuple[str, str | bytes]]:
    """Trailing metadata of every call; model and provider of what answered, or of what was tried last."""
    return [
        ("remora-model", _header(target.entry.model) if target is not None else ""),
        ("remora-provider", _header(target.entry.provider) if target is not None else ""),
        ("remora-attempts", str(attempts)),
        ("remora-request-id", labels.request_id),
        ("remora-trace-id", labels.trace_id),
        ("remora-version", __version__),
    ]


def _header(value: str) -> str:
    """A value that metadata can carry: printable ASCII."""
    if len(value) <= 256 and value.isascii() and value.isprintable():
        return value
    return "".join(char if " " <= char <= "~" else "?" for char in value[:256])


async def abort(context: Context, error: CallError, labels: Labels) -> NoReturn:
    """Ends the rpc with the error's status, details, trailers and pushback."""
    status = status_of(error, labels.request_id, labels.trace_id)
    attempts = error.report.attempts if error.report is not None else ()
    trailing = trailers(labels, len(attempts), attempts[-1].target if attempts else None)
    trailing.append(("grpc-status-details-bin", status.SerializeToString()))
    pushed = pushback(error)
    if pushed is not None:
        trailing.append(("grpc-retry-pushback-ms", pushed))
    code = TABLE[error.reason].code
    scope = SCOPE.get()
    scope.code, scope.reason = code.value, error.reason
    await context.abort(GRPC_CODES[code], status.message, tuple(trailing))
