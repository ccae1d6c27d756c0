"""The webhook: POST /inject over TLS; /healthz, /readyz and /metrics on a plain port of their own.

Start: template → probes → certificate, which is waited for → TLS → ready. Stop: not ready → connections are asked to go
elsewhere → the listener closes → probes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import time
from pathlib import Path

from aiohttp import web

from . import logs, metrics, review, template
from .metrics import Metrics
from .review import NotAReviewError, Reviewed
from .serving import Serving
from .template import Template, TemplateError
from .watching import Change, Watched

MAX_BODY_BYTES = 8 * 1024 * 1024
BODY_LIMIT_S = 5.0
"""How long a body may take to arrive; the API server waits for three seconds, for everything."""
POLL_S = 2.0
DRAIN_S = 3.0
"""How long new connections are taken after SIGTERM: until then other nodes may still choose this pod."""
STOP_LIMIT_S = 2.0
_TEMPLATE, _CERTIFICATE = "template", "certificate"


class Webhook:
    """The injector as one object; `run` is its life."""

    def __init__(self, template_path: Path, certificate_folder: Path, version: str) -> None:
        self._version = version
        self._metrics = Metrics(version)
        self._template: Watched[Template] = Watched(
            (template_path,), lambda: template.read(template_path), (TemplateError,)
        )
        self._serving = Serving(certificate_folder)
        self._is_ready = False
        self._is_draining = False

    async def run(self, addresses: tuple[str, str], stop: asyncio.Event, poll_s: float, drain_s: float) -> int:
        """Serves until `stop`; the exit code. `addresses`: the webhook's and the probes', "host:port"."""
        if self._look(_TEMPLATE, self._template) is not Change.APPLIED:
            return 1
        runners = [self._runner(self._probes()), self._runner(self._webhook())]
        try:
            probed = await _listen(runners[0], addresses[1], None)
            await self._certified(stop, poll_s)
            if not stop.is_set():
                await self._serve(runners[1], (addresses[0], probed), stop, poll_s)
                await self._drain(drain_s)
        except _ListenError as error:
            logs.tell("error", str(error))
            return 1
        finally:
            for runner in reversed(runners):
                await runner.cleanup()
        logs.tell("info", "stopped")
        return 0

    async def inject(self, request: web.Request) -> web.Response:
        """Answers one review; 400, 408 or 413 for what cannot be answered: the API server then follows the failurePolicy."""
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                body = await request.read()
            began_at = time.monotonic()
            assert self._template.value is not None
            reviewed = review.answer(body, self._template.value, self._version)
        except NotAReviewError as error:
            return self._refused(metrics.MALFORMED, web.HTTPBadRequest.status_code, str(error))
        except web.HTTPRequestEntityTooLarge as error:
            return self._refused(metrics.TOO_LARGE, error.status_code, f"more than {MAX_BODY_BYTES} bytes")
        except TimeoutError:
            return self._refused(metrics.TOO_SLOW, web.HTTPRequestTimeout.status_code, "the body did not arrive")
        self._tell(reviewed, time.monotonic() - began_at)
        return web.Response(body=reviewed.body, content_type="application/json")

    async def _certified(self, stop: asyncio.Event, poll_s: float) -> None:
        """Waits for a certificate: who makes it may start later than this pod."""
        while self._look(_CERTIFICATE, self._serving.files) is not Change.APPLIED and not stop.is_set():
            await _wait(stop, poll_s)

    async def _serve(
        self, runner: web.AppRunner, addresses: tuple[str, str], stop: asyncio.Event, poll_s: float
    ) -> None:
        bound = await _listen(runner, addresses[0], self._serving.listening())
        self._is_ready = True
        logs.tell("info", "serving", address=bound, probe_address=addresses[1])
        while not await _wait(stop, poll_s):
            self._look(_TEMPLATE, self._template)
            self._look(_CERTIFICATE, self._serving.files)

    async def _drain(self, drain_s: float) -> None:
        self._is_ready, self._is_draining = False, True
        logs.tell("info", "draining")
        await asyncio.sleep(drain_s)

    def _look(self, file: str, watched: Watched[Template] | Watched[ssl.SSLContext]) -> Change | None:
        change = watched.look()
        if change is None:
            return None
        self._metrics.reloaded(file, change)
        if change is Change.REFUSED:
            kept = "the old one is kept" if watched.value is not None else "there is none yet"
            logs.tell("error", f"the {file} cannot be used; {kept}", problem=_problem(watched.problem))
        else:
            self._metrics.certificate_ends(self._serving.ends_at_s)
            logs.tell("info", f"the {file} was read")
        return change

    def _runner(self, app: web.Application) -> web.AppRunner:
        app.on_response_prepare.append(self._before_response)
        return web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_LIMIT_S)

    def _webhook(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/inject", self.inject)
        return app

    def _probes(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._scrape)
        return app

    def _refused(self, cause: str, status: int, text: str) -> web.Response:
        self._metrics.refused(cause)
        logs.tell("warning", "a request was refused", cause=cause, problem=text)
        return web.json_response({"error": text}, status=status)

    def _tell(self, reviewed: Reviewed, duration_s: float) -> None:
        self._metrics.answered(reviewed.outcome, reviewed.reason, duration_s)
        fields: dict[str, str | int | float | bool] = {
            "namespace": reviewed.subject.namespace,
            "name": reviewed.subject.name,
            "uid": reviewed.subject.uid,
            "outcome": reviewed.outcome,
            "duration_s": round(duration_s, 6),
        }
        if reviewed.reason is None:
            fields |= {"native": reviewed.is_native}
        else:
            fields |= {"reason": reviewed.reason}
        if reviewed.warnings:
            fields |= {"warnings": "; ".join(reviewed.warnings)}
        if reviewed.fault:
            fields |= {"fault": reviewed.fault}
        logs.tell("error" if reviewed.fault else "info", "a pod was reviewed", **fields)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        status = "ready" if self._is_ready else "not ready"
        return web.json_response({"status": status}, status=200 if self._is_ready else 503)

    async def _scrape(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics.text(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _before_response(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)
        if self._is_draining:
            response.force_close()
            response.headers["Connection"] = "close"  # aiohttp wrote this header before


async def serve(
    template_path: str,
    certificate_folder: str,
    address: str = "0.0.0.0:8443",
    probe_address: str = "0.0.0.0:8080",
    log_level: str = "info",
    *,
    version: str,
    poll_s: float = POLL_S,
    drain_s: float = DRAIN_S,
) -> int:
    """Serves until SIGTERM or SIGINT; the exit code: 1 where there is no template or an address cannot be had.

    `certificate_folder` has CERTIFICATE and KEY. `version`: written on the pods. `poll_s`: between two looks at the
    files. `drain_s`: how long connections are still taken after the signal.
    """
    logs.set_up(log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    webhook = Webhook(Path(template_path), Path(certificate_folder), version)
    return await webhook.run((address, probe_address), stop, poll_s, drain_s)


class _ListenError(Exception):
    """An address cannot be had; the text names it and says why."""


async def _listen(runner: web.AppRunner, address: str, tls: ssl.SSLContext | None) -> str:
    """The address with its real port."""
    await runner.setup()
    host, _, port = address.rpartition(":")
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port), ssl_context=tls, reuse_address=True).start()
    except ValueError:
        raise _ListenError(f"cannot listen on {address}: it is not host:port") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise _ListenError(f"cannot listen on {address}: {why}") from None
    return f"{host}:{runner.addresses[0][1]}"


async def _wait(stop: asyncio.Event, limit_s: float) -> bool:
    """Whether it stopped within the limit."""
    try:
        async with asyncio.timeout(limit_s):
            return await stop.wait()
    except TimeoutError:
        return False


def _problem(error: Exception | None) -> str:
    """Without an OSError's path, and without whatever OpenSSL was given."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS"
    return (isinstance(error, OSError) and error.strerror) or str(error)
