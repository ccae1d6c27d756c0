"""The listening gRPC server: addresses, message limits, keepalive, TLS, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import pathlib
import socket
import stat
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc

from ..engine.engine import Engine
from ..pb import chat_pb2, chat_pb2_grpc, health_pb2
from ..pb import health_pb2_grpc as remora_health_pb2_grpc
from .chat import ChatServicer
from .gate import Gate
from .guard import Guard
from .health import HealthServicer
from .reflection import V1, V1_ALPHA, add_reflection
from .standard import StandardHealthServicer
from .trace import Sampled, unsampled

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
SERVICES = (
    chat_pb2.DESCRIPTOR.services_by_name["ChatService"].full_name,
    health_pb2.DESCRIPTOR.services_by_name["HealthService"].full_name,
)
STANDARD = ("grpc.health.v1.Health", V1, V1_ALPHA)
MAX_PENDING_RPCS = 100_000
"""New rpcs that may wait until the event loop takes them; each waits for milliseconds."""
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
    # What gRPC itself turns away while the loop is busy ends as a bare CANCELLED; Remora's own limit says BUSY and why.
    ("grpc.server.max_pending_requests", MAX_PENDING_RPCS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_RPCS),
)


class ListenError(Exception):
    """An address cannot be served; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM contents. With `client_ca`, callers must show a certificate it signed."""

    cert: bytes
    key: bytes
    client_ca: bytes | None

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """For grpc."""
        return grpc.ssl_server_certificate_configuration([(self.key, self.cert)], self.client_ca)


class GrpcServer:
    """`addresses`: "host:port" (port 0 picks one) or "unix:///path". `sampled`: whether a trace is recorded.

    `tls` may be replaced while it serves, but not come or go: new connections are greeted with what it is then.
    """

    def __init__(
        self,
        engine: Engine,
        addresses: tuple[str, ...],
        *,
        tls: Tls | None,
        token: str | None,
        unix_mode: int,
        sampled: Sampled = unsampled,
    ) -> None:
        self._engine = engine
        self._addresses = addresses
        self.tls = tls
        self._unix_mode = unix_mode
        self.gate = Gate()
        self._standard = StandardHealthServicer(engine, self.gate, (*SERVICES, *STANDARD))
        self._server = grpc.aio.server(options=OPTIONS)
        self.guard = Guard(token, engine.services.observer, engine.services.clock, sampled)
        self.guard.redacted = engine.services.redactor.redact
        self._health = HealthServicer(engine)
        registration = self.guard.registering(self._server)
        chat_pb2_grpc.add_ChatServiceServicer_to_server(ChatServicer(engine, self.gate), registration)
        remora_health_pb2_grpc.add_HealthServiceServicer_to_server(self._health, registration)
        health_pb2_grpc.add_HealthServicer_to_server(self._standard, registration)
        add_reflection(registration, (*SERVICES, *STANDARD))

    async def start(self) -> list[str]:
        """Serves; the addresses with their real ports. Raises ListenError."""
        bound = [self._bind(address) for address in self._addresses]
        await self._server.start()
        for address in self._addresses:
            if address.startswith("unix:"):
                os.chmod(_socket_path(address), self._unix_mode)
        return bound

    async def drain(self, delay_s: float, timeout_s: float) -> None:
        """Not ready at once; new calls for `delay_s` more; then running calls have `timeout_s`; then they end with
        DRAINING and their report."""
        self.gate.is_draining = True
        self._standard.announce()
        if delay_s > 0:
            await asyncio.sleep(delay_s)  # the one wait of the server: time for balancers to look away
        self.gate.is_closed = True
        await self._engine.idle(timeout_s)
        self._engine.interrupt_all()
        self._health.end_watches()
        await self._server.stop(1.0)

    def _credentials(self, given: Tls) -> grpc.ServerCredentials:
        """Of one address. gRPC asks at each handshake, on a thread of its own, whether there is something newer."""

        def newer() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            if self.tls is None or self.tls is given:
                return None
            given = self.tls
            return given.configuration()

        fetch: Any = newer  # its stub does not know that None means unchanged
        return grpc.dynamic_ssl_server_credentials(given.configuration(), fetch, given.client_ca is not None)

    def _bind(self, address: str) -> str:
        if address.startswith("unix:"):
            _clear_stale_socket(address)
        elif why := _hindrance(address):
            # Asked before gRPC tries, which would say it too, on stderr and in its own words.
            raise ListenError(f"cannot listen on {address}: {why}")
        try:
            if self.tls is not None and not address.startswith("unix:"):
                port = self._server.add_secure_port(address, self._credentials(self.tls))
            else:
                port = self._server.add_insecure_port(address)
        except RuntimeError:
            port = 0
        if port == 0:
            raise ListenError(f"cannot listen on {address}: {_why(address)}")
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"


def _socket_path(address: str) -> pathlib.Path:
    return pathlib.Path(address.removeprefix("unix:").removeprefix("//"))


def _clear_stale_socket(address: str) -> None:
    """Removes a socket nobody listens on any more. Anything else in its place is left and refused."""
    path = _socket_path(address)
    if not path.parent.is_dir():
        raise ListenError(f"cannot listen on {address}: the folder does not exist")
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise ListenError(f"cannot listen on {address}: there is a file that is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()
            return
    raise ListenError(f"cannot listen on {address}: another process listens there")


def _why(address: str) -> str:
    """What can be said of an address that gRPC did not bind."""
    if address.startswith("unix:"):
        folder = _socket_path(address).parent
        return "the folder does not exist" if not folder.is_dir() else "the socket cannot be made"
    return _hindrance(address) or "it cannot be bound"


def _hindrance(address: str) -> str:
    """What the system says to binding "host:port"; "" if nothing is in the way."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections of a sidecar that has ended linger on its port and are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            return error.strerror or str(error)
    return ""
