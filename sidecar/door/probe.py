"""The probe listener: `/healthz`, `/readyz` and `/metrics`, for a kubelet and a scraper; it exposes nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable

from aiohttp import web

Exposition = Callable[[str], tuple[bytes, str]]
"""The metrics in the form that an Accept header asks for, and their content type."""
STOP_LIMIT_S = 1.0
_UNIX = "unix://"


class ListenError(Exception):
    """An address cannot be served; the text names it and says why."""


class ProbeListener:
    """`is_ready`: configured, listening and not draining."""

    def __init__(self, is_ready: Callable[[], bool], metrics: Exposition) -> None:
        self._is_ready = is_ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> str:
        """Serves on "host:port" (port 0 picks one) or "unix:///path"; the address with its real port. Raises ListenError."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)  # aiohttp answers HEAD beside each GET
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._scrape)
        app.on_response_prepare.append(_unnamed)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_LIMIT_S)
        await runner.setup()
        host, _, port = address.rpartition(":")
        try:
            if address.startswith(_UNIX):
                await web.UnixSite(runner, address.removeprefix(_UNIX)).start()
            else:
                # Connections of a sidecar that has ended linger on its port and are no hindrance.
                await web.TCPSite(runner, host.strip("[]"), int(port), reuse_address=True).start()
        except OSError as error:
            await runner.cleanup()
            raise ListenError(f"cannot listen on {address}: {_why(error)}") from None
        self._runner = runner
        return address if address.startswith(_UNIX) else f"{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Closes the listener; harmless before `start` and when repeated."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        """The process lives and its loop turns; whether it can serve is for /readyz."""
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        if self._is_ready():
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "not ready"}, status=503)

    async def _scrape(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})


async def _unnamed(_: web.Request, response: web.StreamResponse) -> None:
    """What serves here, and its version, is nobody's business."""
    response.headers.popall("Server", None)


def _why(error: OSError) -> str:
    """The system's words; asyncio puts its own sentence around them for TCP."""
    return os.strerror(error.errno) if error.errno else str(error)
