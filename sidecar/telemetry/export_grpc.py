"""OTLP over gRPC (OTLP specification, "OTLP/gRPC"), with bytes as messages."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from urllib.parse import urlsplit

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from .export import Answer, Fate
from .otlp_bytes import partial_success
from .plan import Certificates, Headers, Plan

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
DEFAULT_PORTS = {"http": 4317, "https": 4317}
_RETRYABLE = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""RESOURCE_EXHAUSTED too, but only with RetryInfo."""
_OPTIONS = (("grpc.enable_retries", 0), ("grpc.max_reconnect_backoff_ms", 5_000))


class GrpcSender:
    """Must be made on the loop that sends. Raises OSError where a certificate file cannot be read.

    `headers`: asked for each request, since they may change; None: always those of the plan.
    """

    def __init__(self, plan: Plan, headers: Callable[[], Headers] | None = None) -> None:
        self._headers = headers or (lambda: plan.headers)
        parts = urlsplit(plan.url)
        target = f"{parts.netloc.rpartition('@')[2]}"
        if parts.port is None:
            target = f"{target}:{DEFAULT_PORTS[parts.scheme]}"
        compression = grpc.Compression.Gzip if plan.is_gzip else None
        if parts.scheme == "https":
            secure = _tls(plan.certificates)
            self._channel = grpc.aio.secure_channel(target, secure, options=_OPTIONS, compression=compression)
        else:
            self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS, compression=compression)
        self._export = self._channel.unary_unary(METHOD, request_serializer=bytes, response_deserializer=bytes)

    async def send(self, body: bytes, limit_s: float) -> Answer:
        """See `Sender`."""
        metadata = tuple((name.lower(), value) for name, value in self._headers())
        try:
            answer = await self._export(body, timeout=limit_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return _failed(error)
        try:
            rejected, said = partial_success(answer)
        except ValueError:
            rejected, said = 0, ""
        return Answer(Fate.TAKEN, said, rejected=rejected)

    async def close(self) -> None:
        """See `Sender`."""
        await self._channel.close(None)


def _failed(error: grpc.aio.AioRpcError) -> Answer:
    code, retry_after_s = error.code(), _stated_s(error)
    said = f"the collector answered {code.name}"
    if code in _RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and retry_after_s is not None):
        return Answer(Fate.RETRY, said, retry_after_s)
    return Answer(Fate.REFUSED, said)


def _stated_s(error: grpc.aio.AioRpcError) -> float | None:
    """The seconds of google.rpc.RetryInfo in the status details."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin" or not isinstance(value, bytes):
            continue
        try:
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    return max(0.0, float(info.retry_delay.ToTimedelta().total_seconds()))
        except DecodeError:
            return None
    return None


def _tls(certificates: Certificates) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        _read(certificates.ca_file), _read(certificates.client_key), _read(certificates.client_cert)
    )


def _read(path: str | None) -> bytes | None:
    return pathlib.Path(path).read_bytes() if path is not None else None
