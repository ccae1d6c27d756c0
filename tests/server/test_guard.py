"""What nobody expected: a fault inside becomes INTERNAL with an id that is in the log, and nothing of it leaks."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio

from sidecar.core.observation import Rpc, Unobserved
from sidecar.core.redaction import Redactor
from sidecar.engine.clock import SystemClock
from sidecar.pb import chat_pb2, chat_pb2_grpc
from sidecar.server.guard import Guard
from sidecar.server.trace import unsampled
from sidecar.telemetry.logs import JsonFormatter

from .conversation import question, whole
from .outcome import Outcome

INSIDE = "/srv/app/secrets.py line 7: key sk-inside-0123456789"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Faulty(chat_pb2_grpc.ChatServiceServicer):
    """Raises what nobody expected, at the place the model names."""

    async def Chat(self, request: Any, context: Any) -> None:  # type: ignore[override]
        if request.model == "late":
            await context.write(chat_pb2.ChatResponse(started=chat_pb2.Started()))
        if request.model == "aborts":
            await context.abort(grpc.StatusCode.ABORTED, "meant")
        if request.model == "gone":
            raise grpc.aio.InternalError(
                "nothing can be sent any more"
            )  # as context.abort does once the caller has left
        raise RuntimeError(INSIDE)

    async def Complete(self, request: Any, context: Any) -> Any:
        raise KeyError(INSIDE)

    async def ListModels(self, request: Any, context: Any) -> Any:
        return "not a message: the serializer fails on " + INSIDE


class Heard(Unobserved):
    """The codes that rpcs ended with."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def rpc_ended(self, rpc: Rpc) -> None:
        self.codes.append(rpc.code)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest_asyncio.fixture
async def stub(heard: Heard) -> AsyncIterator[Any]:
    server = grpc.aio.server()
    guard = Guard(None, heard, SystemClock(), unsampled)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(Faulty(), guard.registering(server))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)
    await server.stop(None)


async def end_of(call: Any) -> Outcome:
    """How a Chat call ends."""
    events = []
    try:
        async for event in call:
            events.append(event)
    except grpc.aio.AioRpcError:
        pass
    return Outcome(await call.code(), await call.details() or "", dict(await call.trailing_metadata()), events)


@pytest.mark.parametrize(("model", "events"), [("early", 0), ("late", 1)])
async def test_a_fault_in_a_stream_is_internal_with_an_id_that_is_in_the_log(
    stub: Any, caplog: pytest.LogCaptureFixture, model: str, events: int
) -> None:
    metadata = [("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")]
    outcome = await end_of(stub.Chat(question(model, request_id="mine"), metadata=metadata))
    assert (outcome.code, outcome.reason, len(outcome.events)) == (grpc.StatusCode.INTERNAL, "INTERNAL", events)
    error_id = outcome.info.metadata["error_id"]
    assert error_id in outcome.message
    assert outcome.info.metadata["request_id"] == outcome.trailers["remora-request-id"] == "mine"
    assert outcome.trailers["remora-trace-id"] == TRACE
    (record,) = [record for record in caplog.records if record.name == "remora.server"]
    line = JsonFormatter(Redactor(["sk-inside-0123456789"])).format(record)
    assert error_id in line
    assert "RuntimeError" in line
    assert '"request_id":"mine"' in line
    assert "sk-inside" not in line
    assert_nothing_leaks(outcome)


async def test_a_fault_in_a_unary_call_is_internal_too(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Complete(whole(question("any")))
    error = caught.value
    outcome = Outcome(error.code(), error.details() or "", dict(error.trailing_metadata()))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert outcome.info.metadata["error_id"] in [getattr(record, "error_id", None) for record in caplog.records]
    assert_nothing_leaks(outcome)


async def test_an_end_that_was_meant_passes_through(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    meant = await end_of(stub.Chat(question("aborts")))
    assert (meant.code, meant.message) == (grpc.StatusCode.ABORTED, "meant")
    assert [record for record in caplog.records if record.name == "remora.server"] == []


async def test_a_caller_who_left_while_the_error_was_on_its_way_is_a_cancelled_call(
    stub: Any, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    await end_of(stub.Chat(question("gone")))
    assert heard.codes == ["CANCELLED"]
    assert [record for record in caplog.records if record.name == "remora.server"] == []


async def test_an_answer_that_cannot_be_sent_leaks_nothing(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="grpc._cython.cygrpc")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListModels(chat_pb2.ListModelsRequest())
    assert INSIDE not in (caught.value.details() or "")


def assert_nothing_leaks(outcome: Outcome) -> None:
    said = outcome.message + str(outcome.status) + str(outcome.trailers)
    for inside in ("sk-inside", "/srv/app", "RuntimeError", "KeyError", "Traceback"):
        assert inside not in said
