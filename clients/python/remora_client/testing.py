"""A sidecar for tests of code that uses this client: a real gRPC server that answers from a script.

with FakeSidecar() as sidecar, Client(sidecar.address) as remora:
    sidecar.answers("Hello", " there")
    assert remora.complete("smart", "Hi").text == "Hello there"
    sidecar.fails("RATE_LIMITED", grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after_s=3)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self, TypeAlias

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message as ProtoMessage
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from ._pb import chat_pb2 as pb
from ._pb import content_pb2, health_pb2, report_pb2
from ._pb.chat_pb2_grpc import ChatServiceServicer, add_ChatServiceServicer_to_server
from ._pb.health_pb2_grpc import HealthServiceServicer, add_HealthServiceServicer_to_server
from .connection import MAX_MESSAGE_BYTES
from .duration import duration

_TARGET = report_pb2.Target(provider="fake", model="fake-1", profile="main")

Script: TypeAlias = Callable[[Any, grpc.ServicerContext], Iterable[pb.ChatResponse]]
"""What `Chat` does with a request: yields its events; `refuse` ends it with an error."""


@dataclass(slots=True)
class SeenCall:
    """One call as the sidecar saw it. `ended` is set when the call is over, also by the caller going away."""

    method: str
    request: Any
    metadata: dict[str, str]
    time_remaining_s: float | None
    ended: threading.Event = field(default_factory=threading.Event)


class FakeSidecar(ChatServiceServicer, HealthServiceServicer):
    """Serves at `address` from creation to `close()`. `script` says what Chat does; `calls` holds what came in.

    Complete follows the same script and gives its last event. Any other rpc gives what `replies` has under its name: a
    message, a list of messages for Health, or a function of the request and the context; else UNIMPLEMENTED.
    """

    def __init__(self, address: str = "127.0.0.1:0") -> None:
        self.calls: list[SeenCall] = []
        self.replies: dict[str, Any] = {}
        self.script: Script = scripted("")
        size = (
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        )
        self._threads = futures.ThreadPoolExecutor(16)
        self._server = grpc.server(self._threads, options=(("grpc.so_reuseport", 0), *size))
        add_ChatServiceServicer_to_server(self, self._server)
        add_HealthServiceServicer_to_server(self, self._server)
        port = self._server.add_insecure_port(address)
        self.address = address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"
        self._server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends running calls and stops serving."""
        self._server.stop(0).wait()
        self._threads.shutdown(wait=False)

    def answers(self, *pieces: str) -> None:
        """Every call from now on gets this text, in these pieces."""
        self.script = scripted(*pieces)

    def fails(
        self, reason: str, code: grpc.StatusCode, message: str = "", *, retry_after_s: float | None = None
    ) -> None:
        """Every call from now on fails with this reason."""
        info = ErrorInfo(reason=reason, domain="remora", metadata={"request_id": "r-1", "trace_id": "0" * 31 + "1"})
        retry = [RetryInfo(retry_delay=duration(retry_after_s))] if retry_after_s is not None else []
        self.script = lambda request, context: refuse(context, code, message or reason, info, *retry)

    def Chat(self, request: pb.ChatRequest, context: grpc.ServicerContext) -> Iterator[pb.ChatResponse]:
        self._see("Chat", request, context)
        yield from self.script(request, context)

    def Complete(self, request: pb.CompleteRequest, context: grpc.ServicerContext) -> pb.CompleteResponse:
        self._see("Complete", request, context)
        *_, last = self.script(request, context)
        return pb.CompleteResponse.FromString(last.completed.SerializeToString())

    def Embed(self, request: pb.EmbedRequest, context: grpc.ServicerContext) -> pb.EmbedResponse:
        reply: pb.EmbedResponse = self._reply("Embed", request, context)
        return reply

    def ListModels(self, request: pb.ListModelsRequest, context: grpc.ServicerContext) -> pb.ListModelsResponse:
        reply: pb.ListModelsResponse = self._reply("ListModels", request, context)
        return reply

    def RecordOutcome(
        self, request: pb.RecordOutcomeRequest, context: grpc.ServicerContext
    ) -> pb.RecordOutcomeResponse:
        reply: pb.RecordOutcomeResponse = self._reply("RecordOutcome", request, context)
        return reply

    def Health(
        self, request: health_pb2.HealthRequest, context: grpc.ServicerContext
    ) -> Iterator[health_pb2.HealthResponse]:
        yield from self._reply("Health", request, context)

    def ResetHealth(
        self, request: health_pb2.ResetHealthRequest, context: grpc.ServicerContext
    ) -> health_pb2.ResetHealthResponse:
        reply: health_pb2.ResetHealthResponse = self._reply("ResetHealth", request, context)
        return reply

    def GetReport(
        self, request: health_pb2.GetReportRequest, context: grpc.ServicerContext
    ) -> health_pb2.GetReportResponse:
        reply: health_pb2.GetReportResponse = self._reply("GetReport", request, context)
        return reply

    def GetSpend(
        self, request: health_pb2.GetSpendRequest, context: grpc.ServicerContext
    ) -> health_pb2.GetSpendResponse:
        reply: health_pb2.GetSpendResponse = self._reply("GetSpend", request, context)
        return reply

    def _reply(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        self._see(method, request, context)
        reply = self.replies.get(method)
        if reply is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"replies has nothing for {method}")
        return reply(request, context) if callable(reply) else reply

    def _see(self, method: str, request: Any, context: grpc.ServicerContext) -> None:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        call = SeenCall(method, request, metadata, context.time_remaining())
        if not context.add_callback(call.ended.set):
            call.ended.set()  # it was over before it was seen
        self.calls.append(call)


def scripted(*pieces: str) -> Script:
    """A script that answers with this text: Started, one TextDelta a piece, Completed."""

    def script(request: Any, context: grpc.ServicerContext) -> Iterator[pb.ChatResponse]:
        yield pb.ChatResponse(started=pb.Started(target=_TARGET))
        for piece in pieces:
            yield pb.ChatResponse(text_delta=pb.TextDelta(text=piece))
        yield pb.ChatResponse(completed=completed("".join(pieces), request))

    return script


def completed(text: str, request: Any = None) -> pb.Completed:
    """The event that ends an answer with this text."""
    asked = request if request is not None else pb.ChatRequest()
    message = content_pb2.Message(role=content_pb2.ROLE_ASSISTANT, parts=[content_pb2.Part(text=text)])
    report = report_pb2.FailoverReport(request_id=asked.request_id or "r-1", trace_id="0" * 31 + "1")
    return pb.Completed(
        finish_reason=pb.FINISH_REASON_STOP,
        message=None if asked.omit_message else message,
        usage=report_pb2.Usage(input_tokens=1, output_tokens=len(text.split())),
        total_usage=report_pb2.Usage(input_tokens=1, output_tokens=len(text.split())),
        requested_model=asked.model,
        target=_TARGET,
        report=report,
        trace_id=report.trace_id,
    )


def refuse(context: grpc.ServicerContext, code: grpc.StatusCode, message: str, *details: ProtoMessage) -> NoReturn:
    """Ends a call with an error and these status details."""
    packed = [AnyMessage() for _ in details]
    for holder, detail in zip(packed, details, strict=True):
        holder.Pack(detail)
    status = Status(code=code.value[0], message=message, details=packed)
    context.abort_with_status(_Status(code, message, (("grpc-status-details-bin", status.SerializeToString()),)))
    raise AssertionError("abort_with_status always raises")


@dataclass(frozen=True)
class _Status(grpc.Status):
    """The form in which grpc takes a status."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]
