"""Nothing abandoned goes on: the sidecar sees the end of every call that its caller turned away from."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from remora_client import AsyncClient, Cancelled, Client, DeadlineExceeded, TextDelta
from remora_client._pb import chat_pb2 as pb
from remora_client._pb import health_pb2
from remora_client.testing import FakeSidecar

SOON_S = 10.0


def endless(request: Any, context: grpc.ServicerContext) -> Iterator[pb.ChatResponse]:
    """An answer that goes on for as long as somebody listens."""
    while context.is_active():
        yield pb.ChatResponse(text_delta=pb.TextDelta(text="x"))
        time.sleep(0.01)


def silent(request: Any, context: grpc.ServicerContext) -> Iterator[pb.ChatResponse]:
    """An answer whose first content never comes."""
    while context.is_active():
        time.sleep(0.01)
    yield pb.ChatResponse()


@pytest.fixture(autouse=True)
def _endless(sidecar: FakeSidecar) -> None:
    sidecar.script = endless


def assert_ended(sidecar: FakeSidecar) -> None:
    assert sidecar.calls[-1].ended.wait(SOON_S), "the sidecar still runs the call"


async def assert_ended_async(sidecar: FakeSidecar) -> None:
    assert await asyncio.to_thread(sidecar.calls[-1].ended.wait, SOON_S), "the sidecar still runs the call"


async def seen(sidecar: FakeSidecar) -> None:
    """Returns once a call has come in."""
    while not sidecar.calls:  # noqa: ASYNC110 - the sidecar's threads have no asyncio event to set
        await asyncio.sleep(0.01)


def test_breaking_out_of_the_loop_cancels(sidecar: FakeSidecar, remora: Client) -> None:
    stream = remora.chat("smart", "Hi")
    for _ in stream:
        break
    assert_ended(sidecar)


def test_an_exception_in_the_loop_body_cancels(sidecar: FakeSidecar, remora: Client) -> None:
    def fail() -> None:
        for _ in remora.chat("smart", "Hi"):
            raise KeyError

    with pytest.raises(KeyError) as kept:
        fail()
    assert_ended(sidecar)
    assert kept.tb is not None


def test_closing_cancels_and_reading_on_says_so(sidecar: FakeSidecar, remora: Client) -> None:
    stream = remora.chat("smart", "Hi")
    with stream:
        next(iter(stream))
        stream.close()
        assert_ended(sidecar)
        with pytest.raises(Cancelled):
            list(stream)


def test_closing_from_another_thread_ends_a_read_that_waits(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.script = silent
    stream = remora.chat("smart", "Hi")
    timer = threading.Timer(0.1, stream.close)
    timer.start()
    with pytest.raises(Cancelled):
        list(stream)
    timer.join()
    assert_ended(sidecar)


def test_leaving_the_with_block_cancels_and_leaving_a_loop_inside_does_not(
    sidecar: FakeSidecar, remora: Client
) -> None:
    with remora.chat("smart", "Hi") as stream:
        for _ in stream:
            break
        assert not sidecar.calls[-1].ended.wait(0.1)
        assert isinstance(next(iter(stream)), TextDelta)
    assert_ended(sidecar)


def test_closing_or_leaving_the_text_generator_cancels(sidecar: FakeSidecar, remora: Client) -> None:
    pieces = remora.chat("smart", "Hi").text()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert_ended(sidecar)
    for _ in remora.chat("smart", "Hi").text():
        break
    assert_ended(sidecar)


def test_forgetting_a_stream_cancels(sidecar: FakeSidecar, remora: Client) -> None:
    stream = remora.chat("smart", "Hi")
    cycle: list[Any] = [stream]
    cycle.append(cycle)
    del stream, cycle
    gc.collect()
    time.sleep(0.05)
    assert all(call.ended.wait(SOON_S) for call in sidecar.calls)


def test_forgetting_a_client_disconnects(sidecar: FakeSidecar) -> None:
    remora = Client(sidecar.address)
    sidecar.replies["Health"] = endless_health
    stream = remora.watch_health()
    next(iter(stream))
    del stream, remora
    gc.collect()
    assert_ended(sidecar)


def test_an_interrupt_in_the_middle_of_a_read_cancels(
    sidecar: FakeSidecar, remora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = remora.chat("smart", "Hi")
    next(iter(stream.__enter__()))

    def interrupted(message: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stream, "_convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    assert_ended(sidecar)


@pytest.mark.parametrize(
    "call", [lambda c: list(c.chat("m", "Hi", timeout_s=1.0)), lambda c: c.complete("m", "Hi", timeout_s=1.0)]
)
def test_the_deadline_ends_a_call_on_both_sides(
    sidecar: FakeSidecar, remora: Client, call: Callable[[Client], object]
) -> None:
    sidecar.script = silent
    before = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        call(remora)
    assert time.monotonic() - before < 60  # a bound, not a measure: nothing else ends the call for 300 s
    assert_ended(sidecar)


async def test_breaking_out_of_the_loop_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    stream = aremora.chat("smart", "Hi")
    async for _ in stream:
        break
    await assert_ended_async(sidecar)


async def test_an_exception_in_the_loop_body_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    async def fail() -> None:
        async for _ in aremora.chat("smart", "Hi"):
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    await assert_ended_async(sidecar)


async def test_closing_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    async with aremora.chat("smart", "Hi") as stream:
        async for _ in stream:
            break
        stream.close()
        await assert_ended_async(sidecar)
        with pytest.raises(Cancelled):
            async for _ in stream:
                pass


async def test_closing_ends_a_read_that_waits_in_another_task(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.script = silent
    stream = aremora.chat("smart", "Hi")
    reader = asyncio.create_task(stream.finish())
    await asyncio.sleep(0.1)
    stream.close()
    with pytest.raises(Cancelled):
        await reader


async def test_leaving_the_with_block_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    async with aremora.chat("smart", "Hi") as stream:
        async for _ in stream:
            break
        assert not sidecar.calls[-1].ended.is_set()
    await assert_ended_async(sidecar)


async def test_leaving_the_text_generator_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    async for _ in aremora.chat("smart", "Hi").text():
        break
    await assert_ended_async(sidecar)


@pytest.mark.parametrize("kind", ["chat", "complete"])
async def test_cancelling_the_task_cancels_the_call(sidecar: FakeSidecar, aremora: AsyncClient, kind: str) -> None:
    sidecar.script = silent
    work = aremora.chat("smart", "Hi").finish() if kind == "chat" else aremora.complete("smart", "Hi")
    task = asyncio.create_task(work)
    await seen(sidecar)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await assert_ended_async(sidecar)


async def test_forgetting_a_stream_cancels_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    stream = aremora.chat("smart", "Hi")
    await stream.__aenter__()
    await seen(sidecar)
    del stream
    gc.collect()
    await assert_ended_async(sidecar)


async def test_a_stream_that_was_never_read_costs_nothing(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    aremora.chat("smart", "Hi")
    await aremora.chat("smart", "Hi").__aexit__(None, None, None)
    assert sidecar.calls == []


async def test_the_deadline_ends_a_call_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.script = silent
    with pytest.raises(DeadlineExceeded):
        await aremora.chat("smart", "Hi", timeout_s=0.2).finish()
    with pytest.raises(DeadlineExceeded):
        await aremora.complete("smart", "Hi", timeout_s=0.2)


def endless_health(request: Any, context: grpc.ServicerContext) -> Iterator[health_pb2.HealthResponse]:
    """A watch in which nothing ever changes."""
    yield health_pb2.HealthResponse(snapshot=True)
    while context.is_active():
        time.sleep(0.01)
