"""Both ways to a collector, over real sockets."""

from __future__ import annotations

import asyncio
import pathlib
import socket
import ssl
from collections.abc import AsyncIterator

import grpc
import pytest
import trustme
from aiohttp import web
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from sidecar.telemetry.export import Answer, Fate
from sidecar.telemetry.export_grpc import GrpcSender
from sidecar.telemetry.export_http import HttpSender
from sidecar.telemetry.otlp_bytes import Envelope
from sidecar.telemetry.plan import GRPC, HTTP, Certificates, Plan

from .receiver import Arrival, GrpcCollector, HttpCollector
from .test_export import spans

BODY = Envelope({"service.name": "remora"}, "remora", "0").request(spans(2))
SECRET = "planted-header-value"
HEADERS = (("authorization", SECRET), ("X-Scope", "team"))


@pytest.fixture
async def http() -> AsyncIterator[HttpCollector]:
    """A collector."""
    async with HttpCollector() as collector:
        yield collector


async def sent_http(url: str, *, limit_s: float = 5.0, is_gzip: bool = False) -> Answer:
    """One request."""
    sender = HttpSender(Plan(url, HTTP, HEADERS, is_gzip=is_gzip))
    try:
        return await sender.send(BODY, limit_s)
    finally:
        await sender.close()


async def sent_grpc(url: str, *, limit_s: float = 5.0, is_gzip: bool = False) -> Answer:
    """One request."""
    sender = GrpcSender(Plan(url, GRPC, HEADERS, is_gzip=is_gzip))
    try:
        return await sender.send(BODY, limit_s)
    finally:
        await sender.close()


@pytest.mark.parametrize("is_gzip", [False, True])
async def test_spans_arrive_over_http(http: HttpCollector, is_gzip: bool) -> None:
    assert (await sent_http(http.url + "/v1/traces", is_gzip=is_gzip)).fate is Fate.TAKEN
    (arrival,) = http.arrivals
    assert [span.name for span in arrival.spans] == ["0", "1"]
    assert arrival.spans[0].resource == {"service.name": "remora"}
    assert arrival.path == "/v1/traces"
    assert arrival.headers["content-type"] == "application/x-protobuf"
    assert arrival.headers.get("content-encoding") == ("gzip" if is_gzip else None)
    assert (arrival.headers["authorization"], arrival.headers["x-scope"]) == (SECRET, "team")


@pytest.mark.parametrize("is_gzip", [False, True])
async def test_spans_arrive_over_grpc(is_gzip: bool) -> None:
    async with GrpcCollector() as collector:
        assert (await sent_grpc(collector.url, is_gzip=is_gzip)).fate is Fate.TAKEN
    (arrival,) = collector.arrivals
    assert [span.name for span in arrival.spans] == ["0", "1"]
    assert (arrival.headers["authorization"], arrival.headers["x-scope"]) == (SECRET, "team")


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, Fate.TAKEN),
        (202, Fate.TAKEN),
        (307, Fate.REFUSED),
        (400, Fate.REFUSED),
        (401, Fate.REFUSED),
        (429, Fate.RETRY),
        (500, Fate.REFUSED),
        (502, Fate.RETRY),
        (503, Fate.RETRY),
        (504, Fate.RETRY),
    ],
)
async def test_a_status_decides_about_another_try(http: HttpCollector, status: int, fate: Fate) -> None:
    headers = {"Location": http.url + "/elsewhere"} if status == 307 else {}
    http.respond = lambda _: web.Response(status=status, text=f"no: {SECRET}", headers=headers)
    answer = await sent_http(http.url)
    assert answer.fate is fate
    assert SECRET not in answer.said
    assert len(http.arrivals) == 1


async def test_a_retry_after_is_read(http: HttpCollector) -> None:
    http.respond = lambda _: web.Response(status=503, headers={"Retry-After": "7"})
    assert (await sent_http(http.url)).retry_after_s == 7.0


async def test_a_partial_success_is_read_over_http(http: HttpCollector) -> None:
    told = trace_service_pb2.ExportTraceServiceResponse()
    told.partial_success.rejected_spans = 1
    told.partial_success.error_message = "too long"

    def respond(_: Arrival) -> web.Response:
        return web.Response(body=told.SerializeToString(), content_type="application/x-protobuf")

    http.respond = respond
    answer = await sent_http(http.url)
    assert (answer.fate, answer.rejected, answer.said) == (Fate.TAKEN, 1, "too long")


async def test_an_answer_that_is_no_protobuf_is_still_one(http: HttpCollector) -> None:
    http.respond = lambda _: web.Response(text="{}")
    assert (await sent_http(http.url)) == Answer(Fate.TAKEN)


async def test_a_partial_success_is_read_over_grpc() -> None:
    async with GrpcCollector(rejected=1) as collector:
        answer = await sent_grpc(collector.url)
    assert (answer.fate, answer.rejected) == (Fate.TAKEN, 1)


def retry_info(seconds: int) -> bytes:
    """Status details with RetryInfo."""
    packed = Any()
    packed.Pack(RetryInfo(retry_delay=Duration(seconds=seconds)))
    return Status(details=[packed]).SerializeToString()


@pytest.mark.parametrize(
    ("code", "details", "fate", "retry_after_s"),
    [
        (grpc.StatusCode.UNAVAILABLE, b"", Fate.RETRY, None),
        (grpc.StatusCode.UNAVAILABLE, retry_info(3), Fate.RETRY, 3.0),
        (grpc.StatusCode.UNAVAILABLE, b"\xff", Fate.RETRY, None),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, b"", Fate.REFUSED, None),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, retry_info(2), Fate.RETRY, 2.0),
        (grpc.StatusCode.UNAUTHENTICATED, b"", Fate.REFUSED, None),
    ],
)
async def test_a_code_decides_about_another_try(
    code: grpc.StatusCode, details: bytes, fate: Fate, retry_after_s: float | None
) -> None:
    async with GrpcCollector((code, details)) as collector:
        answer = await sent_grpc(collector.url)
    assert (answer.fate, answer.retry_after_s) == (fate, retry_after_s)


def closed_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_dead_collector_is_to_be_asked_again_and_nothing_of_its_address_is_said() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    for answer in (await sent_http(url), await sent_grpc(url)):
        assert answer.fate is Fate.RETRY
        assert "127.0.0.1" not in answer.said


async def test_a_collector_that_hangs_is_left_at_the_limit() -> None:
    async with HttpCollector() as collector:
        collector.delay_s = 30.0
        answer = await sent_http(collector.url, limit_s=0.05)
    assert answer.fate is Fate.RETRY
    assert "0.05" in answer.said


async def test_certificates_of_both_sides_are_used(tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    client = authority.issue_cert("remora@example.org")
    paths = [str(tmp_path / name) for name in ("ca", "cert", "key")]
    authority.cert_pem.write_to_path(paths[0])
    client.cert_chain_pems[0].write_to_path(paths[1])
    client.private_key_pem.write_to_path(paths[2])
    taken: list[int] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(len(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=context).start()
    url = f"https://localhost:{runner.addresses[0][1]}/v1/traces"
    sender = HttpSender(Plan(url, HTTP, certificates=Certificates(*paths)))
    answer = await sender.send(BODY, 5.0)
    await sender.close()
    await runner.cleanup()
    await asyncio.sleep(0)
    assert answer.fate is Fate.TAKEN
    assert taken == [len(BODY)]


async def test_grpc_reads_its_certificates(tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    path = str(tmp_path / "ca")
    authority.cert_pem.write_to_path(path)
    sender = GrpcSender(Plan("https://127.0.0.1:1", GRPC, certificates=Certificates(path)))
    answer = await sender.send(BODY, 1.0)
    await sender.close()
    assert answer.fate is Fate.RETRY
