"""The providers' process: the simulator with a listener for each, gates, and the collector of spans.

It also judges: every request that came must have a span, every span that had an answer a request.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass

import uvloop
from aiohttp import web
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sidecar.simulator import Simulator, parse_script

from . import part
from .gate import Gate
from .schedule import GATED, PROVIDERS, Mood, Turn, script, turns

LOOK_S = 0.5
"""Well within what it takes to fill the simulator's journal, which keeps 10,000 requests."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A CLIENT span. `failure`: its `error.type`, or what else it says of its end; "" for an answer."""

    span_id: str
    has_status: bool
    failure: str


class Upstream:
    """All of it, on one loop. Times of requests are not kept, only that they came and with which span's id."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}
        self._exports: list[bytes] = []
        self._asked: list[str] = []
        self._moods: Counter[str] = Counter()
        self._nameless = 0
        self._seen = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, tokens_per_s: float) -> part.Values:
        """Serves; says where."""
        self._tokens_per_s = tokens_per_s
        self._simulator = Simulator(parse_script(script([], tokens_per_s)))
        await self._simulator.start()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/traces", self._export)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports = {name: int(self._simulator.address_of(name).rpartition(":")[2]) for name in PROVIDERS}
        for name in GATED:
            self._gates[name] = Gate(ports[name])
            await self._gates[name].open()
            ports[name] = self._gates[name].port
        self._keep(self._look())
        return {"ports": ports, "collector": runner.addresses[0][1]}

    async def flap(self, seconds: float, period_s: float, seed: int) -> part.Values:
        """Begins; after `seconds` everybody is healthy."""
        planned = turns(seconds, period_s, seed)
        self._simulator.replace_script(parse_script(script(planned, self._tokens_per_s)))
        for name in GATED:
            self._keep(self._swing(name, [turn for turn in planned if turn.provider == name]))
        return {"turns": len(planned)}

    async def judge(self) -> part.Values:
        """Requests against spans."""
        self._read()
        attempts = [attempt for body in self._exports for attempt in attempts_of(body)]
        made = {attempt.span_id for attempt in attempts}
        asked = set(self._asked)
        unasked = [attempt for attempt in attempts if attempt.span_id not in asked]
        return {
            "requests": self._seen,
            "spans": len(attempts),
            "spans twice": len(attempts) - len(made),
            "requests lost": self._seen - len(self._asked) - self._nameless,
            "requests without an id": self._nameless,
            "requests without a span": len(asked - made),
            "answered spans without a request": sum(attempt.has_status for attempt in unasked),
            "spans that never got to a provider": Counter(attempt.failure for attempt in unasked),
            "moods": self._moods,
        }

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _export(self, request: web.Request) -> web.Response:
        self._exports.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    async def _swing(self, name: str, planned: list[Turn]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for turn in planned:
            await asyncio.sleep(began + turn.after_s - loop.time())
            if turn.mood is Mood.REFUSED:
                self._gates[name].close()
            else:
                await self._gates[name].open()
        await asyncio.sleep(began + planned[-1].until_s - loop.time())
        await self._gates[name].open()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._read()

    def _read(self) -> None:
        """What the journal has that is new."""
        for entry in self._simulator.journal:
            if entry.seq <= self._seen:
                continue
            self._seen = entry.seq
            _, _, span_id = entry.headers.get("traceparent", "").partition("-")[2].partition("-")
            self._moods[entry.rule or Mood.HEALTHY] += 1
            if span_id:
                self._asked.append(span_id[:16])
            else:
                self._nameless += 1


def attempts_of(body: bytes) -> list[Attempt]:
    """The CLIENT spans of an ExportTraceServiceRequest."""
    request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    return [
        _attempt(span)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
        if span.kind == Span.SPAN_KIND_CLIENT
    ]


def _attempt(span: Span) -> Attempt:
    told = {pair.key: pair.value for pair in span.attributes}
    failure = next((told[key].string_value for key in ("error.type", "remora.reason") if key in told), "")
    return Attempt(span.span_id.hex(), "http.response.status_code" in told, failure)


async def main() -> None:
    """Until the parent has gone."""
    upstream = Upstream()
    await part.serve({"start": upstream.start, "flap": upstream.flap, "judge": upstream.judge})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
