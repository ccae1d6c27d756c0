"""The other calls: models, embeddings, health, reports, reset; in both clients."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from remora_client import AliasInfo, AsyncClient, Client, Health, ModelInfo, NotBuilt, Reason, RemoraError
from remora_client._pb import chat_pb2, error_reason_pb2, health_pb2, report_pb2
from remora_client.testing import FakeSidecar, completed

SNAPSHOT = health_pb2.HealthResponse(
    snapshot=True,
    entries=[
        health_pb2.EntryHealth(
            entry="openai/m",
            state=health_pb2.BREAKER_STATE_OPEN,
            since_time=Timestamp(seconds=1),
            reason=error_reason_pb2.ERROR_REASON_SERVER_ERROR,
            next_attempt_time=Timestamp(seconds=21),
        )
    ],
    profiles=[health_pb2.ProfileHealth(provider="openai", profile="main", remaining_tokens=0)],
    observed_time=Timestamp(seconds=2),
)
CHANGE = health_pb2.HealthResponse(
    entries=[health_pb2.EntryHealth(entry="openai/m", state=health_pb2.BREAKER_STATE_HALF_OPEN)], cause="its time is up"
)


def watched(request: Any, context: Any) -> Iterator[health_pb2.HealthResponse]:
    yield SNAPSHOT
    if request.watch:
        yield CHANGE
        while context.is_active():
            time.sleep(0.01)


def check_snapshot(health: Health) -> None:
    entry, profile = health.entries[0], health.profiles[0]
    assert health.snapshot
    assert (entry.entry, entry.state, entry.reason) == ("openai/m", "OPEN", Reason.SERVER_ERROR)
    assert entry.next_attempt_at == datetime.fromtimestamp(21, UTC)
    assert (profile.remaining_tokens, profile.remaining_requests, profile.model) == (0, None, None)


def test_health_is_one_snapshot_and_a_watch_goes_on(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.replies["Health"] = watched
    check_snapshot(remora.health())
    with remora.watch_health() as changes:
        first, second = (change for _, change in zip(range(2), changes, strict=False))
        check_snapshot(first)
        assert (second.snapshot, second.cause, second.entries[0].state) == (False, "its time is up", "HALF_OPEN")
    assert sidecar.calls[-1].ended.wait(2)
    remaining_s = sidecar.calls[-1].time_remaining_s
    assert remaining_s is None or remaining_s > 10**6


async def test_health_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.replies["Health"] = watched
    check_snapshot(await aremora.health())
    seen: list[Health] = []
    async for change in aremora.watch_health():
        seen.append(change)
        if len(seen) == 2:
            break
    assert [change.snapshot for change in seen] == [True, False]


async def test_a_refused_configuration_is_part_of_health(
    sidecar: FakeSidecar, remora: Client, aremora: AsyncClient
) -> None:
    refused = health_pb2.HealthResponse(snapshot=True, configuration_problem="line 3: unknown key")
    sidecar.replies["Health"] = [refused]
    assert remora.health().configuration_problem == "line 3: unknown key"
    assert (await aremora.health()).configuration_problem == "line 3: unknown key"


@pytest.mark.parametrize(("status", "serves"), [(1, True), (2, False), (0, False)])
async def test_whether_it_serves_is_asked_in_grpcs_own_way(status: int, serves: bool) -> None:
    response = health_pb2.HealthRequest(watch=True).SerializeToString()[:1] + bytes([status]) if status else b""
    server = grpc.server(ThreadPoolExecutor(2))
    answer = grpc.unary_unary_rpc_method_handler(lambda request, context: response)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": answer}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Client(f"127.0.0.1:{port}") as remora:
            assert remora.is_serving() is serves
        async with AsyncClient(f"127.0.0.1:{port}") as aremora:
            assert await aremora.is_serving() is serves
    finally:
        server.stop(0).wait()


async def test_a_server_without_health_is_told_as_an_error(remora: Client, aremora: AsyncClient) -> None:
    with pytest.raises(RemoraError):
        remora.is_serving()
    with pytest.raises(RemoraError):
        await aremora.is_serving()


LISTED = chat_pb2.ListModelsResponse(
    models=[
        chat_pb2.ModelInfo(
            reference="openai/m",
            provider="openai",
            model="m",
            capabilities=[chat_pb2.CAPABILITY_TOOLS],
            capabilities_known=True,
            input_price=5,
            chain_length=2,
            available=True,
        ),
        chat_pb2.ModelInfo(reference="x/y"),
    ],
    aliases=[chat_pb2.AliasInfo(name="smart", targets=["openai/m"], chain_length=1)],
)


async def test_models_are_listed(sidecar: FakeSidecar, remora: Client, aremora: AsyncClient) -> None:
    sidecar.replies["ListModels"] = LISTED
    catalog = remora.list_models("openai")
    assert sidecar.calls[-1].request.provider == "openai"
    known, unknown = catalog.models
    assert known == ModelInfo("openai/m", "openai", "m", frozenset({"TOOLS"}), None, 5, None, 2, True)
    assert unknown.capabilities is None
    assert catalog.aliases == (AliasInfo("smart", ("openai/m",), False, False, 1, False),)
    assert (catalog.default_model, await aremora.list_models()) == (None, catalog)


async def test_texts_are_embedded(sidecar: FakeSidecar, remora: Client, aremora: AsyncClient) -> None:
    vectors = [chat_pb2.Embedding(values=[0.5, 1]), chat_pb2.Embedding(values=[2])]
    sidecar.replies["Embed"] = chat_pb2.EmbedResponse(embeddings=vectors, cost=report_pb2.Cost(nano_dollars=5))
    embeddings = remora.embed("vectors", ["a", "b"], dimensions=2, task="query", metadata={"k": "v"})
    asked = sidecar.calls[-1].request
    assert (list(asked.inputs), asked.dimensions, asked.task) == (["a", "b"], 2, chat_pb2.EMBED_TASK_QUERY)
    assert embeddings.vectors == ((0.5, 1.0), (2.0,))
    assert embeddings.cost is not None
    assert embeddings.cost.dollars == 5e-9
    await aremora.embed("vectors", "one text")
    assert list(sidecar.calls[-1].request.inputs) == ["one text"]
    with pytest.raises(ValueError, match="at least one"):
        remora.embed("vectors", [])
    for wrong in ({"inputs": [1]}, {"inputs": "a", "dimension": 3}, {"inputs": "a", "dimensions": "3"}):
        with pytest.raises(TypeError, match=r"inputs must be|unknown option: dimension$|^dimensions: "):
            remora.embed("vectors", **wrong)  # type: ignore[arg-type]


async def test_reports_are_fetched(sidecar: FakeSidecar, remora: Client, aremora: AsyncClient) -> None:
    report = completed("x").report
    report.skipped.add(cause=report_pb2.SKIP_CAUSE_COOLING)
    report.repairs.add(attempt_index=1, message="dropped top_k")
    report.truncated.attempts = 2
    sidecar.replies["GetReport"] = health_pb2.GetReportResponse(reports=[report])
    (fetched,) = remora.get_report("r-1")
    assert (fetched.request_id, fetched.skipped[0].cause) == ("r-1", "COOLING")
    assert (fetched.repairs[0].message, fetched.truncated and fetched.truncated.attempts) == ("dropped top_k", 2)
    assert await aremora.get_report("r-1") == [fetched]


async def test_exactly_one_scope_is_reset(sidecar: FakeSidecar, remora: Client, aremora: AsyncClient) -> None:
    sidecar.replies["ResetHealth"] = health_pb2.ResetHealthResponse(entries=["openai/m"])
    assert remora.reset_health(entry="openai/m").entries == ("openai/m",)
    assert (await aremora.reset_health(everything=True)).profiles == ()
    assert sidecar.calls[-1].request.all
    for wrong in ({}, {"entry": "a/b", "profile": "a/c"}):
        with pytest.raises(ValueError, match="exactly one"):
            remora.reset_health(**wrong)  # type: ignore[arg-type]


def test_what_is_not_built_says_so(remora: Client) -> None:
    with pytest.raises(NotBuilt):
        remora.get_report("r-1")
