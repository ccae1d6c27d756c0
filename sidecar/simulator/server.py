"""The simulator: listeners, routes, the admin paths, the life of connections. All HTTP is aiohttp's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary, WeakSet

import orjson
from aiohttp import web

from . import pacing
from .chat import Chat, request_id_of
from .exchange import Exchange
from .journal import Entry, Journal, headers_of, key_of
from .listener import Listener, bind
from .script import Playbook, Script
from .script_reader import ScriptError, parse_script
from .wire import BadRequestError, Page, Wire
from .wire_anthropic import AnthropicWire
from .wire_openai import OpenAIWire
from .wire_openai_embed import OpenAIEmbedWire

_OPENAI, _EMBED, _ANTHROPIC = OpenAIWire(), OpenAIEmbedWire(), AnthropicWire()
_WIRES: dict[str, Wire] = {
    "/v1/chat/completions": _OPENAI,
    "/chat/completions": _OPENAI,
    "/v1/embeddings": _EMBED,
    "/embeddings": _EMBED,
    "/v1/messages": _ANTHROPIC,
    "/messages": _ANTHROPIC,
}
_MODEL_PATHS = ("/v1/models", "/models")
_MAX_BODY_BYTES = 64 * 1024 * 1024
# Seconds that a stop waits for connections, after their requests were cancelled.
_STOP_S = 1.0

_Answered = Callable[[Exchange], Awaitable[web.StreamResponse]]


class Simulator:
    """A scripted provider over real HTTP, for one event loop. Port 0 picks a free port."""

    def __init__(self, script: Script, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host, self._port = host, port
        self._playbook = Playbook(script)
        self._journal = Journal()
        self._listeners: dict[str, Listener] = {}
        self._names: dict[int, str] = {}
        self._runner: web.AppRunner | None = None
        self._running: set[asyncio.Task[object]] = set()
        self._connections: WeakKeyDictionary[asyncio.Transport, int] = WeakKeyDictionary()
        self._connections_seen = 0
        self._stale: WeakSet[asyncio.Transport] = WeakSet()
        self._started_at = self._script_at = pacing.monotonic_s()
        self._is_stopping = False

    @property
    def base_url(self) -> str:
        """The base URL for OpenAI callers, as `http://127.0.0.1:43127/v1`."""
        return self.url_of("http")

    @property
    def journal(self) -> list[Entry]:
        """The requests received, oldest first; entries of running requests still change."""
        return self._journal.entries

    @property
    def origin(self) -> str:
        """The base URL for callers that put `/v1` in front of their paths, as `http://127.0.0.1:43127`."""
        return f"http://{self.address_of('http')}"

    def address_of(self, listener: str) -> str:
        """Return a listener's address, as `127.0.0.1:43127`; the main one is `http`. KeyError: no such listener."""
        return self._listeners[listener].address

    def url_of(self, listener: str) -> str:
        """Return the base URL at a listener of the script (also where nothing answers). KeyError: no such listener."""
        return f"http://{self.address_of(listener)}/v1"

    def addresses(self) -> dict[str, str]:
        """Return the addresses of the script's extra listeners by name."""
        return {name: listener.address for name, listener in self._listeners.items() if name != "http"}

    def replace_script(self, script: Script) -> None:
        """Run another script from its beginning. Raise ScriptError if it names other listeners than are there."""
        has = {name: listener.kind for name, listener in self._listeners.items() if name != "http"}
        if script.listeners and script.listeners != has:
            raise ScriptError(["listeners: cannot change while the simulator runs; leave them out to keep them"])
        self._playbook = Playbook(script)
        self._script_at = pacing.monotonic_s()

    async def start(self) -> None:
        """Listen and serve. Raise OSError naming the address if a port is taken."""
        self._started_at = self._script_at = pacing.monotonic_s()
        try:
            self._bind_all()
            await self._serve()
        except BaseException:  # cancellation too: ports that were bound must be given back
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every request and connection, close every port; what is stopped twice stays stopped."""
        self._is_stopping = True
        for task in self._running:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        for listener in self._listeners.values():
            listener.close()

    def _bind_all(self) -> None:
        wanted = {"http": "open", **self._playbook.script.listeners}
        for name, kind in wanted.items():
            listener = bind(name, kind, self._host, self._port if name == "http" else 0)
            self._listeners[name] = listener
            self._names[listener.sock.getsockname()[1]] = name

    async def _serve(self) -> None:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_get("/__health", self._health)
        app.router.add_get("/__journal", self._get_journal)
        app.router.add_delete("/__journal", self._clear_journal)
        app.router.add_put("/__script", self._put_script)
        for path in _WIRES:
            app.router.add_post(path, self._chat)
        for path in _MODEL_PATHS:
            app.router.add_get(path, self._models)
        app.router.add_route("*", "/{path:.*}", self._unknown)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=_STOP_S, access_log=None)
        self._runner = runner
        await runner.setup()
        for listener in self._listeners.values():
            if listener.kind == "open":
                await web.SockSite(runner, listener.sock, backlog=2048).start()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        async def answered(exchange: Exchange) -> web.StreamResponse:
            wire = _WIRES[request.path]
            exchange.entry.protocol = wire.name
            body = await request.read()
            exchange.entry.body_bytes = len(body)
            chat = Chat(exchange, wire, self._playbook)
            response, action = await chat.respond(body, pacing.monotonic_s() - self._script_at)
            self._treat_connection(request, is_stale=action.stale, is_closed=action.close_after_response)
            return response

        return await self._journaled(request, answered)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        async def answered(exchange: Exchange) -> web.StreamResponse:
            wire, script = _wire_of(request), self._playbook.script
            request_id = request_id_of(exchange.entry)
            try:
                wire.check_headers(request.headers)
            except BadRequestError as bad:
                return await exchange.send_page(wire.refusal(bad, request_id), {})
            if script.keys is not None and exchange.entry.key not in script.keys:
                return await exchange.send_page(wire.error(401, None, "", request_id), {})
            page = Page(200, wire.models(script.models), {"Content-Type": "application/json"})
            return await exchange.send_page(page, {})

        return await self._journaled(request, answered)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        async def answered(exchange: Exchange) -> web.StreamResponse:
            bad = BadRequestError(f"Invalid URL ({request.method} {request.path})", status=404)
            return await exchange.send_page(_wire_of(request).refusal(bad, request_id_of(exchange.entry)), {})

        return await self._journaled(request, answered)

    async def _journaled(self, request: web.Request, answered: _Answered) -> web.StreamResponse:
        exchange = Exchange(request, self._entry(request), self._elapsed_s)
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if request.transport in self._stale:
                await exchange.break_off("stale", by_reset=False)
            return await answered(exchange)
        except asyncio.CancelledError:
            exchange.end("stopped" if self._is_stopping else "caller_hung_up")
            raise
        except ConnectionError:
            exchange.end("caller_hung_up")
            await pacing.wait_for_hang_up()
            raise
        except web.HTTPException as page:
            exchange.entry.status = page.status
            exchange.end("completed")
            raise
        finally:
            exchange.end("failed")
            self._running.discard(task)

    def _entry(self, request: web.Request) -> Entry:
        return self._journal.add(
            received_time=pacing.wall_s(),
            received_s=self._elapsed_s(),
            listener=self._listener_of(request),
            connection=self._connection_of(request),
            method=request.method,
            path=request.path,
            headers=headers_of(request.headers),
            key=key_of(request.headers),
        )

    def _elapsed_s(self) -> float:
        return pacing.monotonic_s() - self._started_at

    def _listener_of(self, request: web.Request) -> str:
        name = request.transport.get_extra_info("sockname") if request.transport is not None else None
        return self._names.get(name[1], "http") if name else "http"

    def _connection_of(self, request: web.Request) -> int:
        if request.transport is None:
            return 0
        if request.transport not in self._connections:
            self._connections_seen += 1
            self._connections[request.transport] = self._connections_seen
        return self._connections[request.transport]

    def _treat_connection(self, request: web.Request, *, is_stale: bool, is_closed: bool) -> None:
        if request.transport is None:
            return
        if is_stale:
            self._stale.add(request.transport)
        if is_closed:
            request.transport.close()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "running": len(self._running), "uptime_s": self._elapsed_s()})

    async def _get_journal(self, _request: web.Request) -> web.Response:
        entries = [entry.to_json() for entry in self._journal.entries]
        return web.Response(body=orjson.dumps({"entries": entries}), content_type="application/json")

    async def _clear_journal(self, _request: web.Request) -> web.Response:
        self._journal.clear()
        return web.json_response({"entries": []})

    async def _put_script(self, request: web.Request) -> web.Response:
        try:
            self.replace_script(parse_script((await request.read()).decode("utf-8", "replace")))
        except ScriptError as error:
            return web.json_response({"problems": error.problems}, status=400)
        return web.json_response({"problems": []})


def _wire_of(request: web.Request) -> Wire:
    return _ANTHROPIC if "anthropic-version" in request.headers else _OPENAI
