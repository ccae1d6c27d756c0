"""A small API server over HTTPS: objects by path, versions, conflicts, a token that must be shown, and a journal."""

from __future__ import annotations

import copy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import trustme
from aiohttp import web

from sidecar.injector.renewal import Cluster

TOKEN = "hunter2-token"
Document = dict[str, Any]


@dataclass
class ApiServer:
    """`before`: called with each request's method and path, before it is answered, and may change the objects."""

    objects: dict[str, Document] = field(default_factory=dict)
    journal: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda method, path: None
    refused: dict[tuple[str, str], web.Response] = field(default_factory=dict)
    cluster: Cluster = Cluster("")
    _version: int = 100

    def put(self, path: str, document: Document) -> None:
        """Stores one, as a new version."""
        self._version += 1
        stored = copy.deepcopy(document)
        stored.setdefault("metadata", {})["resourceVersion"] = str(self._version)
        self.objects[path] = stored

    def writes(self) -> list[tuple[str, str]]:
        """The journal without what was only read."""
        return [(method, path) for method, path in self.journal if method != "GET"]

    async def answer(self, request: web.Request) -> web.Response:
        """Get, create and update, as an API server does them."""
        method, path = request.method, request.path
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"kind": "Status"}, status=401)
        self.journal.append((method, path))
        self.before(method, path)
        if (method, path) in self.refused:
            return self.refused[method, path]
        body = orjson.loads(await request.read()) if method != "GET" else {}
        if method == "POST":
            path = f"{path}/{body['metadata']['name']}"
            if path in self.objects:
                return web.json_response({"kind": "Status", "reason": "AlreadyExists"}, status=409)
        elif path not in self.objects:
            return web.json_response({"kind": "Status", "reason": "NotFound"}, status=404)
        elif method == "PUT" and not self._is_newest(path, body):
            return web.json_response({"kind": "Status", "reason": "Conflict"}, status=409)
        if method != "GET":
            self.put(path, body)
        return web.json_response(self.objects[path], status=201 if method == "POST" else 200)

    def _is_newest(self, path: str, body: Document) -> bool:
        newest: bool = body["metadata"]["resourceVersion"] == self.objects[path]["metadata"]["resourceVersion"]
        return newest


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[ApiServer]:
    """An API server, with a service account's files in `folder`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    (folder / "token").write_text(TOKEN + "\n")
    server = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    server.cluster = Cluster(f"https://127.0.0.1:{runner.addresses[0][1]}", folder / "token", folder / "ca.crt")
    try:
        yield server
    finally:
        await runner.cleanup()
