"""The webhook as a process of its own: started, asked over TLS, and ended by its pid whatever happens."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import trustme

from tests.injector.making import TEMPLATE_FILE

PROGRAM = """
import asyncio, sys
from sidecar.injector import webhook
sys.exit(asyncio.run(webhook.serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], "debug",
                                   version="0.1.0", poll_s=0.05, drain_s=float(sys.argv[5]))))
"""
LIMIT_S = 20.0
HOST = "remora-injector.remora-system.svc"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")


class Injector:
    """Its template and certificates are files in `folder`, mounted as Kubernetes does it: behind a link."""

    def __init__(self, folder: Path, *, address: str = "127.0.0.1:0", drain_s: float = 0.1) -> None:
        self.template = folder / "template.yaml"
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        self.authority = trustme.CA()
        self._stderr = folder / "stderr.log"
        self._address = address
        self._drain_s = drain_s
        self._swaps = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.template.write_bytes(TEMPLATE_FILE.read_bytes())

    def __enter__(self) -> Injector:
        arguments = [str(self.template), str(self.certificates), self._address, "127.0.0.1:0", str(self._drain_s)]
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments], stderr=stderr, env=environment
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def certify(self, authority: trustme.CA | None = None) -> None:
        """Swaps in a new certificate, both files at once."""
        issued = (authority or self.authority).issue_cert(HOST)
        self.mount({"tls.crt": issued.cert_chain_pems[0].bytes(), "tls.key": issued.private_key_pem.bytes()})

    def mount(self, files: dict[str, bytes]) -> None:
        """A new version of the Secret's volume: a folder, and the link that leads to it replaced."""
        self._swaps += 1
        version = self.certificates / f"..{self._swaps}"
        version.mkdir()
        for name, data in files.items():
            (version / name).write_bytes(data)
            if not (self.certificates / name).is_symlink():
                (self.certificates / name).symlink_to(f"..data/{name}")
        (self.certificates / "..data_tmp").symlink_to(version.name)
        (self.certificates / "..data_tmp").rename(self.certificates / "..data")

    def rewrite(self, text: str) -> None:
        """A new version of the template, whole at once."""
        newer = self.template.with_name("newer.yaml")
        newer.write_text(text)
        newer.rename(self.template)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        return [orjson.loads(line) for line in self._stderr.read_bytes().splitlines()]

    def told(self, message: str, number: int = 1) -> dict[str, Any]:
        """Waits for the so-manieth line with this message."""
        found: list[dict[str, Any]] = []

        def is_told() -> bool:
            found[:] = [line for line in self.lines() if line["message"] == message]
            return len(found) >= number

        self.until(is_told)
        return found[number - 1]

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits until it holds; the log is in the failure."""
        limit = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < limit, self._stderr.read_text()
            time.sleep(0.02)

    def connect(self, authority: trustme.CA | None = None) -> http.client.HTTPSConnection:
        """A connection that trusts one authority, as an API server opens it: to the Service's name."""
        context = ssl.create_default_context()
        (authority or self.authority).configure_trust(context)
        address = self.told("serving")["address"]
        connection = _Named(HOST, context=context, timeout=LIMIT_S)
        connection.reached = ("127.0.0.1", int(address.rpartition(":")[2]))
        connection.connect()
        return connection

    def post(self, body: bytes, path: str = "/inject", **headers: str) -> tuple[int, bytes]:
        """Over a connection of its own."""
        connection = self.connect()
        try:
            return ask(connection, body, path, **headers)
        finally:
            connection.close()

    def probe(self, path: str) -> tuple[int, str]:
        """Of the plain port; only once it serves."""
        host, _, port = self.told("serving")["probe_address"].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def end(self) -> None:
        """Sends SIGTERM."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Waits for the end."""
        assert self._process is not None
        return self._process.wait(LIMIT_S)


class _Named(http.client.HTTPSConnection):
    """Reaches another address than its host's name stands for."""

    reached = ("", 0)

    def connect(self) -> None:
        context: ssl.SSLContext = vars(self)["_context"]
        self.sock = context.wrap_socket(socket.create_connection(self.reached, LIMIT_S), server_hostname=self.host)


def ask(
    connection: http.client.HTTPSConnection, body: bytes, path: str = "/inject", **headers: str
) -> tuple[int, bytes]:
    """One POST; a connection may be asked again."""
    connection.request("POST", path, body, {"Content-Type": "application/json"} | headers)
    response = connection.getresponse()
    return response.status, response.read()
