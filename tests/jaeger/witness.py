"""The caller of the stories: gives each call an id, and a trace where wanted; keeps what the caller was told of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Unpack

from remora_client.answer import Answer
from remora_client.client import Client
from remora_client.conversation import Prompt
from remora_client.demo.heard import Heard
from remora_client.errors import NotFound
from remora_client.report import FailoverReport
from remora_client.request import ChatOptions
from remora_client.stream import ChatStream

_REPORT_LIMIT_S = 5.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made. trace_id, span_id: of the caller's own span, None where it sent no traceparent."""

    method: str
    request_id: str
    trace_id: str | None = None
    span_id: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller knows of a call afterwards. `code`: the gRPC status by name; `seams`: how often others went on."""

    call: Call
    alias: str
    code: str
    report: FailoverReport
    finish: str | None = None
    seams: int = 0

    @property
    def trace_id(self) -> str:
        """Of the call's trace, as the report has it."""
        return self.report.trace_id


class Witness(Client):
    """A client that notes its calls. `traces`: whether it sends a traceparent of its own with each."""

    def __init__(self, address: str, *, traces: bool) -> None:
        super().__init__(address)
        self._traces = traces
        self._made: list[Call] = []

    def chat(
        self,
        model: str | None,
        prompt: Prompt,
        *,
        timeout_s: float | None = None,
        traceparent: str | None = None,
        **options: Unpack[ChatOptions],
    ) -> ChatStream:
        """As any client's, with an id and perhaps a traceparent."""
        call = self._note("Chat", options.get("temperature"))
        options["request_id"] = call.request_id
        return super().chat(model, prompt, timeout_s=timeout_s, traceparent=_traceparent(call), **options)

    def complete(
        self,
        model: str | None,
        prompt: Prompt,
        *,
        timeout_s: float | None = None,
        traceparent: str | None = None,
        **options: Unpack[ChatOptions],
    ) -> Answer:
        """As any client's, with an id and perhaps a traceparent."""
        call = self._note("Complete", options.get("temperature"))
        options["request_id"] = call.request_id
        return super().complete(model, prompt, timeout_s=timeout_s, traceparent=_traceparent(call), **options)

    def told(self, alias: str, heard: tuple[Heard, ...]) -> list[Told]:
        """What is known of the calls since this was asked before. ValueError: not so many were made as heard of."""
        calls, self._made = self._made, []
        return [
            Told(call, alias, status_of(one), self._report(call.request_id), one.finish, len(one.seams))
            for call, one in zip(calls, heard, strict=True)
        ]

    def _note(self, method: str, temperature: float | None) -> Call:
        trace_id, span_id = (secrets.token_hex(16), secrets.token_hex(8)) if self._traces else (None, None)
        call = Call(method, f"story-{secrets.token_hex(8)}", trace_id, span_id, temperature)
        self._made.append(call)
        return call

    def _report(self, request_id: str) -> FailoverReport:
        """The report; that of a call whose caller hung up is there a moment later. NotFound after 5 s."""
        give_up_at = time.monotonic() + _REPORT_LIMIT_S
        while True:
            try:
                return self.get_report(request_id)[0]
            except NotFound:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(_POLL_S)


def status_of(heard: Heard) -> str:
    """The gRPC status that the caller's call ended with; who hangs up has cancelled it."""
    if heard.code is not None:
        return heard.code
    return "OK" if heard.closed_s is None else "CANCELLED"


def _traceparent(call: Call) -> str | None:
    """W3C Trace Context, version 00, sampled."""
    return f"00-{call.trace_id}-{call.span_id}-01" if call.trace_id is not None else None
