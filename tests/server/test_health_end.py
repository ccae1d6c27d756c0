"""How a watch ends when the process does."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from sidecar.pb import health_pb2
from sidecar.server.edge import SCOPE, Scope
from sidecar.server.health import HealthServicer
from sidecar.server.trace import unsampled

from ..engine.rig import Rig, provider


class Aborted(Exception):
    """What gRPC raises in a handler that aborts."""


class PlayedContext:
    """A caller who reads everything at once."""

    def __init__(self) -> None:
        self.written: list[health_pb2.HealthResponse] = []
        self.has_written = asyncio.Event()
        self.code: grpc.StatusCode | None = None
        self.trailers: dict[str, Any] = {}

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    async def write(self, message: health_pb2.HealthResponse) -> None:
        self.written.append(message)
        self.has_written.set()

    def set_trailing_metadata(self, trailers: tuple[tuple[str, Any], ...]) -> None:
        self.trailers = dict(trailers)

    async def abort(self, code: grpc.StatusCode, details: str, trailers: tuple[tuple[str, Any], ...]) -> None:
        self.code, self.trailers = code, dict(trailers)
        raise Aborted(details)


def watching(servicer: HealthServicer, context: Any) -> asyncio.Task[None]:
    SCOPE.set(Scope(unsampled))
    return asyncio.create_task(servicer.Health(health_pb2.HealthRequest(watch=True), context))


async def test_every_watch_ends_with_draining_and_no_advice_against_coming_back() -> None:
    servicer = HealthServicer(Rig({}, (provider("a"),)).engine)
    contexts = [PlayedContext() for _ in range(3)]
    tasks = [watching(servicer, context) for context in contexts]
    for context in contexts:
        await asyncio.wait_for(context.has_written.wait(), 5)
    servicer.end_watches()
    for task, context in zip(tasks, contexts, strict=True):
        with pytest.raises(Aborted, match="shutting down"):
            await asyncio.wait_for(task, 5)
        assert context.code is grpc.StatusCode.UNAVAILABLE
        assert [message.snapshot for message in context.written] == [True]
        assert "grpc-retry-pushback-ms" not in context.trailers


async def test_a_watch_that_begins_after_that_ends_at_once() -> None:
    servicer = HealthServicer(Rig({}, (provider("a"),)).engine)
    servicer.end_watches()
    with pytest.raises(Aborted):
        await asyncio.wait_for(watching(servicer, PlayedContext()), 5)


async def test_a_refused_configuration_is_told_to_watchers_and_in_later_snapshots() -> None:
    engine = Rig({}, (provider("a"),)).engine
    servicer, context = HealthServicer(engine), PlayedContext()
    task = watching(servicer, context)
    await asyncio.wait_for(context.has_written.wait(), 5)
    context.has_written.clear()
    engine.services.health.changes.refused("remora.yaml:3:1: nonsense: not a known setting")
    await asyncio.wait_for(context.has_written.wait(), 5)
    told = context.written[-1]
    assert (told.snapshot, told.cause) == (False, "remora.yaml:3:1: nonsense: not a known setting")
    assert (told.configuration_problem, list(told.entries)) == (told.cause, [])
    seen: Any = PlayedContext()
    await servicer.Health(health_pb2.HealthRequest(), seen)
    assert seen.written[0].configuration_problem == told.cause
    task.cancel()
