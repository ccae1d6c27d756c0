"""The way from the API server to Services, where there is no cluster network: what kube-proxy and the pod network do.

The API server resolves a webhook's Service to its cluster address and connects there, as in any cluster; only that the
connection goes through this socket (its egress selection "cluster"). Here the Service, its selector, its port and the
labels and port names of pods decide, as the API server has them, at which local process it arrives. So the chart's
MutatingWebhookConfiguration is used as it was installed, its certificate for SERVICE.NAMESPACE.svc included.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.cluster.api import Api, Document

CONNECT_S = 5.0
CHUNK_BYTES = 65536


@dataclass(frozen=True)
class Endpoint:
    """A stored pod that runs here. `ports`: the local port of each port of its containers."""

    pod: Document
    ports: dict[int, int]


class Network:
    """Listens on `path` until the end of the `with` block."""

    def __init__(self, path: Path, admin: Api) -> None:
        self.endpoints: tuple[Endpoint, ...] = ()
        """What can be reached."""
        self.reached: list[str] = []
        """The cluster addresses that were asked for, in order."""
        self._admin = admin
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._served: list[socket.socket] = []

    def __enter__(self) -> Network:
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reach()

    def reach(self, *endpoints: Endpoint) -> None:
        """From now on these. Connections to others end, as those of pods that are gone: callers keep idle ones for long."""
        self.endpoints = endpoints
        for one in self._served:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        """One connection: CONNECT, and then whatever flows."""
        with caller, suppress(OSError):
            address = _asked(caller)
            self.reached.append(address)
            port = self._local_port(address)
            if port is None:
                caller.sendall(b"HTTP/1.1 502 nobody serves there\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port), CONNECT_S) as served:
                served.settimeout(None)
                self._served.append(served)
                caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_flow, args=(served, caller), daemon=True)
                back.start()
                _flow(caller, served)
                back.join()

    def _local_port(self, address: str) -> int | None:
        host, _, port = address.rpartition(":")
        for service in self._admin.get("/api/v1/services")["items"]:
            if service["spec"].get("clusterIP") != host:
                continue
            wanted = next((one["targetPort"] for one in service["spec"]["ports"] if one["port"] == int(port)), None)
            return next((found for one in self.endpoints if (found := _reached(one, service, wanted))), None)
        return None


def _reached(endpoint: Endpoint, service: Document, wanted: int | str | None) -> int | None:
    """The local port where this pod takes what the Service sends it; None for a pod that is not the Service's."""
    metadata, spec = endpoint.pod["metadata"], endpoint.pod["spec"]
    selector = service["spec"]["selector"]
    if metadata["namespace"] != service["metadata"]["namespace"] or not selector.items() <= metadata["labels"].items():
        return None
    ports = [port for one in spec["containers"] for port in one.get("ports", [])]
    number = next(
        (port["containerPort"] for port in ports if wanted in (port.get("name"), port["containerPort"])), None
    )
    return endpoint.ports.get(number) if number is not None else None


def _asked(caller: socket.socket) -> str:
    """The address of a CONNECT. Raises OSError for anything else."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        read = caller.recv(1)
        if not read:
            raise OSError("no CONNECT")
        head += read
    method, address, _ = head.split(b" ", 2)
    if method != b"CONNECT":
        raise OSError("no CONNECT")
    return address.decode()


def _flow(source: socket.socket, target: socket.socket) -> None:
    """Until one of them ends; then the other is told."""
    with suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
