"""A caller: one call over gRPC, and everything it was told, with when it was told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2
from remora_client._pb import chat_pb2, chat_pb2_grpc, content_pb2, policy_pb2, report_pb2

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
OPTIONS = (("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.use_local_subchannel_pool", 1))
CONTENT = ("text_delta", "reasoning_delta", "tool_call_delta", "refusal_delta")
PROMPT = "Tell me about the harbor."
Event = chat_pb2.ChatResponse
Meanwhile = Callable[["Heard", Any], None]
"""Called after each event with what was heard so far and the call: it may wait, or cancel."""


@dataclass(slots=True)
class Heard:
    """What the caller was told, in order, with the seconds since 1970. `code`: the gRPC status's name."""

    asked_at: float
    events: list[tuple[float, Event]] = field(default_factory=list)
    ended_at: float = 0.0
    code: str = ""
    reason: str = ""
    details: str = ""
    retry_after_s: float | None = None
    report: report_pb2.FailoverReport | None = None

    def kinds(self) -> list[str]:
        """The kinds of its events, runs of equal ones once."""
        found: list[str] = []
        for _, event in self.events:
            kind = event.WhichOneof("event") or "unknown"
            if not found or found[-1] != kind:
                found.append(kind)
        return found

    def of(self, *kinds: str) -> Iterator[tuple[float, Any]]:
        """The events of these kinds, with when each came."""
        for at, event in self.events:
            kind = event.WhichOneof("event")
            if kind in kinds:
                yield at, getattr(event, kind)

    @property
    def completed(self) -> Any:
        """The last event of a whole answer; None: there was none."""
        return next((event for _, event in self.of("completed")), None)

    def first_content_at(self, after: float = 0.0) -> float | None:
        """When the first content came at or behind an instant."""
        return next((at for at, _ in self.of(*CONTENT) if at >= after), None)

    def content_behind(self, *kinds: str) -> float | None:
        """When the first content came behind the last event of these kinds; None: there was no such event, or no content."""
        found, is_behind = None, False
        for at, event in self.events:
            kind = event.WhichOneof("event")
            if kind in kinds:
                found, is_behind = None, True
            elif kind in CONTENT and is_behind and found is None:
                found = at
        return found

    def last_content_before(self, kind: str) -> float:
        """When the last content came before the first event of this kind."""
        last = self.asked_at
        for at, event in self.events:
            name = event.WhichOneof("event")
            if name == kind:
                break
            if name in CONTENT:
                last = at
        return last

    def parts(self, kind: str = "text_delta") -> dict[int, str]:
        """The parts of a kind by their index, put together as the contract says: with all discards applied."""
        found: dict[int, str] = {}
        for _, event in self.events:
            name = event.WhichOneof("event")
            if name == kind:
                delta = getattr(event, kind)
                piece = delta.arguments_fragment if kind == "tool_call_delta" else delta.text
                found[delta.part_index] = found.get(delta.part_index, "") + piece
            elif name == "restarted":
                found.clear()
            elif name == "part_discarded":
                _discard(found, event.part_discarded.part_index, event.part_discarded.offset)
        return found

    @property
    def text(self) -> str:
        """The text, discards applied."""
        return "".join(piece for _, piece in sorted(self.parts().items()))

    @property
    def whole_text(self) -> str:
        """The text of the message that came at the end."""
        return "".join(part.text for part in self.completed.message.parts) if self.completed else ""


def _discard(parts: dict[int, str], index: int, offset: int) -> None:
    if index in parts and offset:
        parts[index] = parts[index][:offset]
    else:
        parts.pop(index, None)


class Caller:
    """Of one sidecar. Use `close` at the end."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, OPTIONS)
        self._stub = chat_pb2_grpc.ChatServiceStub(self._channel)
        grpc.channel_ready_future(self._channel).result(20)

    def close(self) -> None:
        """Closes its connection."""
        self._channel.close()

    def chat(
        self,
        references: Sequence[str],
        policy: dict[str, Any],
        fields: dict[str, Any],
        meanwhile: Meanwhile | None = None,
    ) -> Heard:
        """One Chat; returns when it has ended."""
        limit_s = fields.pop("deadline_s", None)
        call = self._stub.Chat(_request(chat_pb2.ChatRequest, references, policy, fields), timeout=limit_s)
        heard = Heard(time.time())
        try:
            for event in call:
                heard.events.append((time.time(), event))
                if meanwhile is not None:
                    meanwhile(heard, call)
            heard.code = "OK"
        except grpc.RpcError as error:
            _read_error(heard, error)
        heard.ended_at = time.time()
        return heard

    def complete(self, references: Sequence[str], policy: dict[str, Any], fields: dict[str, Any]) -> Heard:
        """One Complete; its answer stands as the only event, `completed`."""
        request = _request(chat_pb2.CompleteRequest, references, policy, fields)
        heard = Heard(time.time())
        try:
            answer = self._stub.Complete(request)
            completed = chat_pb2.Completed.FromString(answer.SerializeToString())  # the same fields and numbers
            heard.events.append((time.time(), Event(completed=completed)))
            heard.code = "OK"
        except grpc.RpcError as error:
            _read_error(heard, error)
        heard.ended_at = time.time()
        return heard


def _request(kind: type, references: Sequence[str], policy: dict[str, Any], fields: dict[str, Any]) -> Any:
    asked = content_pb2.Part(text=fields.pop("prompt", PROMPT))
    messages = [content_pb2.Message(role=content_pb2.ROLE_USER, parts=[asked])]
    switches = policy_pb2.Policy(**policy) if policy else None
    return kind(model=references[0], fallback_models=references[1:], messages=messages, policy=switches, **fields)


def _read_error(heard: Heard, error: Any) -> None:
    heard.code, heard.details = error.code().name, error.details() or ""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if packed is None:
        return
    for detail in status_pb2.Status.FromString(packed).details:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        report = report_pb2.FailoverReport()
        if detail.Unpack(info):
            heard.reason = info.reason
        elif detail.Unpack(retry):
            heard.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
        elif detail.Unpack(report):
            heard.report = report
