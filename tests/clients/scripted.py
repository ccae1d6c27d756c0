"""A gRPC server that follows a case's steps to the byte, for what a real sidecar does only when something is wrong with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status as StatusMessage

from sidecar.pb import chat_pb2

from .case import Seen, Status, Step

MIB = 1024 * 1024
CHAT = "/remora.v1.ChatService/Chat"
COMPLETE = "/remora.v1.ChatService/Complete"
OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 64 * MIB),
    ("grpc.max_send_message_length", 64 * MIB),
)
FUTURE_EVENT = b"\xba\x3e\x03\x0a\x01x"
"""Field 999 of ChatResponse, a message: an event that no client of this version knows."""
HUNG_UP_BEFORE_S = 0.5


class ScriptedSidecar(grpc.GenericRpcHandler):
    """Serves Chat at `address` until closed; every call follows the same steps."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._lock = threading.Lock()
        self._metadata: list[dict[str, str]] = []
        self._deadlines: list[float] = []
        self._sizes: list[int] = []
        self._ended = threading.Event()
        self._ended_at: float | None = None
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(8)
        self._server = grpc.server(self._threads, handlers=[self], options=OPTIONS)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> ScriptedSidecar:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._server.stop(0).wait()
        self._threads.shutdown()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if handler_call_details.method == COMPLETE:
            return grpc.unary_unary_rpc_method_handler(self._complete)
        return grpc.unary_stream_rpc_method_handler(self._chat) if handler_call_details.method == CHAT else None

    def differences(self, expected: Seen, ended_at: float) -> list[str]:
        """What was not seen as expected. `ended_at`: when the caller's process had ended, which hangs up by itself."""
        found = (
            []
            if len(self._metadata) == expected.calls
            else [f"seen: {len(self._metadata)} calls, not {expected.calls}"]
        )
        for key, value in expected.metadata.items():
            said = [metadata.get(key, "") for metadata in self._metadata]
            holds = all(one.startswith(value[1:]) if value.startswith("~") else one == value for one in said)
            found += [] if holds else [f"seen: {key} was {said}, not {value!r}"]
        if expected.deadline_s is not None:
            least_s, most_s = expected.deadline_s
            is_within = self._deadlines and all(least_s <= one <= most_s for one in self._deadlines)
            found += [] if is_within else [f"seen: deadlines in {self._deadlines} s, not within {expected.deadline_s}"]
        if expected.message_mib is not None and not all(size >= expected.message_mib * MIB for size in self._sizes):
            found.append(f"seen: messages of {self._sizes} bytes")
        if expected.hung_up and not (self._ended_at and self._ended_at < ended_at - HUNG_UP_BEFORE_S):
            found.append("seen: the caller did not hang up while its process ran")
        return found

    def _chat(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        remaining_s = context.time_remaining()
        with self._lock:
            self._metadata.append({str(key): str(value) for key, value in context.invocation_metadata()})
            self._deadlines.append(1e9 if remaining_s is None else remaining_s)
            self._sizes.append(len(request))
        if not context.add_callback(self._note_end):
            self._note_end()
        for step in self._steps:
            yield from self._follow(step, context)

    def _note_end(self) -> None:
        self._ended_at = time.monotonic()
        self._ended.set()

    def _complete(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """The same steps; the answer is what the last event tells."""
        *_, last = self._chat(request, context)
        answer: bytes = chat_pb2.ChatResponse.FromString(last).completed.SerializeToString()
        return answer

    def _follow(self, step: Step, context: grpc.ServicerContext) -> Iterator[bytes]:
        if step.event is not None:
            yield json_format.ParseDict(step.event, chat_pb2.ChatResponse()).SerializeToString()
        if step.future:
            yield FUTURE_EVENT
        if step.text_mib is not None:
            delta = chat_pb2.TextDelta(text="x" * (step.text_mib * MIB))
            yield chat_pb2.ChatResponse(text_delta=delta).SerializeToString()
        if step.hangs:
            while not self._ended.wait(0.05) and not self._closing.is_set():
                pass
        if step.end is not None:
            _end(context, step.end)


def _end(context: grpc.ServicerContext, end: Status) -> None:
    code = grpc.StatusCode[end.code]
    trailers: list[tuple[str, str | bytes]] = list(end.trailers.items())
    details: list[Message] = []
    if end.reason is not None:
        metadata = {"request_id": "r-of-details", "trace_id": "0" * 31 + "2"}
        details.append(ErrorInfo(reason=end.reason, domain=end.domain, metadata=metadata))
    if end.retry_after_s is not None:
        retry = RetryInfo()
        retry.retry_delay.FromNanoseconds(int(end.retry_after_s * 1e9))
        details.append(retry)
    if end.fields:
        violations = [BadRequest.FieldViolation(field=key, description=text) for key, text in end.fields.items()]
        details.append(BadRequest(field_violations=violations))
    if end.broken_details:
        trailers.append(("grpc-status-details-bin", b"\xff\xff\xff"))
    elif details:
        trailers.append(("grpc-status-details-bin", _packed(code, end.message, details)))
    context.set_trailing_metadata(tuple(trailers))
    context.abort(code, end.message)


def _packed(code: grpc.StatusCode, message: str, details: list[Message]) -> bytes:
    packed: list[Any] = []
    for detail in details:
        holder = AnyMessage()
        holder.Pack(detail)
        packed.append(holder)
    status: Message = StatusMessage(code=code.value[0], message=message, details=packed)
    return status.SerializeToString()
