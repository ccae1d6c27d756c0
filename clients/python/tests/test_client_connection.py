"""The connection: where the sidecar is looked for, how long, and what goes with each call."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry import baggage, context, trace
from remora_client import AsyncClient, Client, RequestTooLarge, SidecarLost, SidecarUnreachable, image, user
from remora_client._pb import chat_pb2 as pb
from remora_client.connection import wait_connected
from remora_client.testing import FakeSidecar, completed, scripted

MIB = 1024 * 1024


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_the_address_comes_from_the_argument_else_the_environment_else_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Client() as client:
        assert client.address == "127.0.0.1:7650"
    monkeypatch.setenv("REMORA_ADDRESS", "unix:///tmp/remora.sock")
    with Client() as client, Client("localhost:1") as other:
        assert (client.address, other.address) == ("unix:///tmp/remora.sock", "localhost:1")


@pytest.mark.parametrize(
    "address", ["localhost", "http://localhost", "http://localhost:7650", "localhost:0", "localhost:65536", ":7650"]
)
def test_an_address_that_cannot_be_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="host:port or unix"):
        Client(address)


async def test_a_client_of_another_event_loop_says_so(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.answers("hello")
    assert (await aremora.complete("smart", "Hi")).text == "hello"
    with pytest.raises(RuntimeError, match="another event loop"):
        await asyncio.to_thread(lambda: asyncio.run(aremora.complete("smart", "Hi")))
    assert (await aremora.complete("smart", "Hi")).text == "hello"


@pytest.mark.parametrize("limit", [0, -1, math.nan, "3"])
def test_a_limit_that_cannot_be_is_refused(limit: Any, remora: Client) -> None:
    with pytest.raises(ValueError, match="over 0"):
        Client(timeout_s=limit)
    with pytest.raises(ValueError, match="over 0"):
        remora.chat("smart", "Hi", timeout_s=limit)


def test_a_unix_socket_works(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/s.sock"
    with FakeSidecar(address) as sidecar, Client(address) as client:
        sidecar.answers("over a socket")
        assert client.complete("smart", "Hi").text == "over a socket"
        assert asyncio.run(complete_once(address)) == "over a socket"


async def complete_once(address: str, **options: Any) -> str:
    async with AsyncClient(address, **options) as client:
        return (await client.complete("smart", "Hi")).text


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_a_call_waits_for_a_sidecar_that_is_just_starting(kind: str) -> None:
    address = free_address()
    started: list[FakeSidecar] = []

    def start() -> None:
        time.sleep(0.5)
        started.append(FakeSidecar(address))
        started[0].answers("here")

    thread = threading.Thread(target=start)
    thread.start()
    try:
        if kind == "threads":
            with Client(address) as client:
                assert client.complete("smart", "Hi").text == "here"
        else:
            assert asyncio.run(complete_once(address)) == "here"
        assert len(started[0].calls) == 1
    finally:
        thread.join()
        started[0].close()


def test_a_sidecar_that_stays_away_is_named_after_the_connect_timeout() -> None:
    address = free_address()
    before = time.monotonic()
    with Client(address, connect_timeout_s=0.3) as client, pytest.raises(SidecarUnreachable, match=address):
        client.chat("smart", "Hi")
    with pytest.raises(SidecarUnreachable, match=address):
        asyncio.run(complete_once(address, connect_timeout_s=0.3))
    assert time.monotonic() - before < 5  # what one call waits that was told of no limit


def test_a_restarted_sidecar_is_found_again() -> None:
    address = free_address()
    with Client(address) as client:
        for number in range(2):
            with FakeSidecar(address) as sidecar:
                sidecar.answers(str(number))
                assert client.complete("smart", "Hi").text == str(number)
            time.sleep(0.1)


def test_a_sidecar_that_dies_in_the_middle_is_an_error_that_says_the_call_may_have_run(sidecar: FakeSidecar) -> None:
    def script(request: Any, context: Any) -> Iterator[pb.ChatResponse]:
        yield pb.ChatResponse(text_delta=pb.TextDelta(text="half"))
        while context.is_active():
            time.sleep(0.01)

    sidecar.script = script
    with Client(sidecar.address) as client, client.chat("smart", "Hi") as stream:
        next(iter(stream))
        sidecar.close()
        with pytest.raises(SidecarLost, match="may have run"):
            list(stream)
        assert stream.text_so_far == "half"


def test_a_closed_client_says_so(sidecar: FakeSidecar) -> None:
    client = Client(sidecar.address)
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.chat("smart", "Hi")


def test_big_messages_pass_both_ways(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.answers("y" * (20 * MIB))
    with remora.chat("smart", user("what is it?", image(b"\x89PNG" + bytes(28 * MIB)))) as stream:
        assert sum(map(len, stream.text())) == 20 * MIB


def test_a_request_over_the_limit_is_refused_with_its_size_before_it_is_sent(
    sidecar: FakeSidecar, remora: Client, aremora: AsyncClient
) -> None:
    prompt = user(image(b"\x89PNG" + bytes(33 * MIB)))
    for client in (remora, aremora):
        with pytest.raises(RequestTooLarge, match=r"34,60\d,\d{3} bytes, 1,0\d\d,\d{3} over the limit of 33,554,432"):
            client.chat("smart", prompt)
    assert sidecar.calls == []


def test_a_slow_reader_gets_everything_in_order(sidecar: FakeSidecar, remora: Client) -> None:
    pieces = [f"{number} ".ljust(2048, ".") for number in range(1500)]
    sidecar.script = scripted(*pieces)
    read: list[str] = []
    for piece in remora.chat("smart", "Hi").text():
        read.append(piece)
        if len(read) % 150 == 0:
            time.sleep(0.02)
    assert read == pieces


def test_many_threads_share_a_client(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.script = lambda request, context: [pb.ChatResponse(completed=completed(request.messages[0].parts[0].text))]
    texts: dict[int, str] = {}

    def ask(number: int) -> None:
        texts[number] = remora.complete("smart", f"call {number}").text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {number: f"call {number}" for number in range(16)}


def test_each_call_says_who_calls_and_until_when(sidecar: FakeSidecar) -> None:
    with Client(sidecar.address, token="t0ken", timeout_s=60) as client:
        client.complete("smart", "Hi")
        client.complete("smart", "Hi", timeout_s=7)
        client.complete("smart", "Hi", timeout_s=math.inf)
        assert "t0ken" not in repr(vars(client))
    first, second, third = sidecar.calls
    assert first.metadata["authorization"] == "Bearer t0ken"
    assert first.metadata["user-agent"].startswith("remora-client-python/0.1.0 ")
    assert 30 < (first.time_remaining_s or 0) < 60.5
    assert 0 < (second.time_remaining_s or 0) < 7.5
    assert third.time_remaining_s is None or third.time_remaining_s > 10**6


def test_the_token_may_come_from_the_environment(sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMORA_TOKEN", "of the environment")
    assert asyncio.run(complete_once(sidecar.address)) == ""
    assert sidecar.calls[0].metadata["authorization"] == "Bearer of the environment"


def test_a_proxy_of_the_environment_has_no_say(sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("grpc_proxy", "http://127.0.0.1:9")
    with Client(sidecar.address, connect_timeout_s=1) as client:
        client.complete("smart", "Hi")


def test_without_an_active_span_no_trace_context_is_sent(sidecar: FakeSidecar, remora: Client) -> None:
    remora.complete("smart", "Hi")
    assert not {"traceparent", "tracestate", "baggage"} & sidecar.calls[0].metadata.keys()


async def test_the_active_spans_context_is_sent(sidecar: FakeSidecar, remora: Client, aremora: AsyncClient) -> None:
    state = trace.TraceState([("vendor", "1")])
    span = trace.NonRecordingSpan(trace.SpanContext(0xAB, 0xCD, False, trace.TraceFlags(1), state))
    token = context.attach(baggage.set_baggage("tenant", "blue", trace.set_span_in_context(span)))
    try:
        await asyncio.to_thread(remora.complete, "smart", "Hi")
        await aremora.chat("smart", "Hi").finish()
    finally:
        context.detach(token)
    for call in sidecar.calls:
        assert call.metadata["traceparent"] == f"00-{0xAB:032x}-{0xCD:016x}-01"
        assert call.metadata["tracestate"] == "vendor=1"
        assert call.metadata["baggage"] == "tenant=blue"


def test_a_given_traceparent_wins(sidecar: FakeSidecar, remora: Client) -> None:
    remora.complete("smart", "Hi", traceparent="00-1-2-01")
    assert sidecar.calls[0].metadata["traceparent"] == "00-1-2-01"


class PublicChannel:
    """A channel of which only the public side can be seen."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.subscribe = channel.subscribe
        self.unsubscribe = channel.unsubscribe


def test_without_a_way_to_ask_for_the_state_the_public_watch_is_used(sidecar: FakeSidecar) -> None:
    def waits(address: str, limit_s: float) -> None:
        with grpc.insecure_channel(address) as channel:
            seen: Any = PublicChannel(channel)
            wait_connected(seen, limit_s, lambda: SidecarUnreachable("away"))
            time.sleep(0.3)  # the watch's own thread looks for its end every 0.2 s

    waits(sidecar.address, 5)
    with pytest.raises(SidecarUnreachable):
        waits(free_address(), 0.2)


def test_closing_never_waits_for_ever_for_a_call_that_an_interrupt_left_half_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = threading.Event()
    client = Client()
    client._channel.close()
    monkeypatch.setattr(client._channel, "close", never.wait)
    monkeypatch.setattr("remora_client.client.CLOSE_S", 0.01)
    client.close()
    assert not never.is_set()
    never.set()
