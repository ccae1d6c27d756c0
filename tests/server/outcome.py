"""What a caller got: events or a response, the status with its details, the trailers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from sidecar.pb import chat_pb2, chat_pb2_grpc, report_pb2

M = TypeVar("M", bound=Message)
TIMEOUT_S = 15.0
Metadata = Sequence[tuple[str, str]]


@dataclass
class Outcome:
    """The end of one call. `response` is that of a unary call."""

    code: grpc.StatusCode
    message: str
    trailers: dict[str, Any]
    events: list[chat_pb2.ChatResponse] = field(default_factory=list)
    response: Any = None

    @property
    def kinds(self) -> list[str]:
        """The events' kinds in order, repetitions in one."""
        kinds: list[str] = []
        for event in self.events:
            kind = event.WhichOneof("event")
            assert kind is not None
            if kinds[-1:] != [kind]:
                kinds.append(kind)
        return kinds

    def of(self, kind: str) -> list[Any]:
        """The events of one kind."""
        return [getattr(event, kind) for event in self.events if event.WhichOneof("event") == kind]

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.of("text_delta"))

    @property
    def completed(self) -> chat_pb2.Completed:
        (completed,) = self.of("completed")
        assert isinstance(completed, chat_pb2.Completed)
        return completed

    @property
    def status(self) -> status_pb2.Status:
        return status_pb2.Status.FromString(self.trailers["grpc-status-details-bin"])

    @property
    def is_ours(self) -> bool:
        """Whether the sidecar's own status came: gRPC's, made at the caller's deadline, has no details."""
        return "grpc-status-details-bin" in self.trailers

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        info = self._detail(error_details_pb2.ErrorInfo)
        assert info is not None
        assert info.domain == "remora"
        return info

    @property
    def reason(self) -> str:
        return self.info.reason

    @property
    def retry_s(self) -> float | None:
        """What RetryInfo says, None without it."""
        retry = self._detail(error_details_pb2.RetryInfo)
        return None if retry is None else retry.retry_delay.ToMilliseconds() / 1000

    @property
    def fields(self) -> dict[str, str]:
        """BadRequest's field errors."""
        bad = self._detail(error_details_pb2.BadRequest)
        return {} if bad is None else {violation.field: violation.description for violation in bad.field_violations}

    @property
    def report(self) -> report_pb2.FailoverReport:
        report = self._detail(report_pb2.FailoverReport)
        assert report is not None
        return report

    @property
    def tried(self) -> list[tuple[str, str]]:
        """(provider/model, reason) of each attempt of the status's report."""
        return tried(self.report)

    @property
    def pushback(self) -> str | None:
        return self.trailers.get("grpc-retry-pushback-ms")

    def _detail(self, kind: type[M]) -> M | None:
        for packed in self.status.details:
            if packed.Is(kind.DESCRIPTOR):
                detail = kind()
                packed.Unpack(detail)
                return detail
        return None


def tried(report: report_pb2.FailoverReport) -> list[tuple[str, str]]:
    """(provider/model, reason) of each attempt."""
    reasons = report_pb2.DESCRIPTOR.pool.FindEnumTypeByName("remora.v1.ErrorReason").values_by_number
    return [
        (f"{a.target.provider}/{a.target.model}", reasons[a.reason].name.removeprefix("ERROR_REASON_"))
        for a in report.attempts
    ]


def chat(
    stub: chat_pb2_grpc.ChatServiceStub,
    request: chat_pb2.ChatRequest,
    *,
    timeout_s: float = TIMEOUT_S,
    metadata: Metadata = (),
) -> Outcome:
    """Calls Chat and hears it to its end."""
    call = stub.Chat(request, timeout=timeout_s, metadata=metadata)
    events: list[chat_pb2.ChatResponse] = []
    try:
        events += call
    except grpc.RpcError:
        pass  # the status says it
    return Outcome(call.code(), call.details() or "", dict(call.trailing_metadata()), events)


def ask(method: Any, request: Message, *, timeout_s: float = TIMEOUT_S, metadata: Metadata = ()) -> Outcome:
    """Calls a unary method."""
    try:
        response, call = method.with_call(request, timeout=timeout_s, metadata=metadata)
    except grpc.RpcError as error:
        call, response = error, None
    return Outcome(call.code(), call.details() or "", dict(call.trailing_metadata()), [], response)
