"""Plays one case of the clients' suite with this client: an order as JSON on standard input, what happened as lines of JSON."""

from __future__ import annotations

import base64
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields
from typing import Any

from opentelemetry import trace
from remora_client import Answer, ChatStream, Client, Health, Message, Policy, RemoraError, Target
from remora_client import event as kinds
from remora_client._pb import chat_pb2, policy_pb2


def main() -> None:
    """Plays every call of the order on one client."""
    order = json.load(sys.stdin)
    last: Message | None = None
    show_log()
    with Client(**order["client"]) as remora:
        for call in order["calls"]:
            last = Run(remora, call, last).played()


class Run:
    """One call."""

    def __init__(self, remora: Any, call: dict[str, Any], answer: Message | None) -> None:
        self._remora = remora
        self._call = call
        self._answer = answer
        self._printed = 0
        self._stream: ChatStream | None = None

    def played(self) -> Message | None:
        """Makes the call and prints what came of it; the assistant's turn if there is one."""
        play: Callable[[], Message | None] = getattr(self, f"_{self._call['rpc']}")
        try:
            with self._span():
                return play()
        except RemoraError as error:
            say(error=error_fields(error, self._stream.text_so_far if self._stream else ""))
        return None

    def _span(self) -> Any:
        if (ids := self._call.get("otel")) is None:
            return nullcontext()
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        context = trace.SpanContext(int(ids["trace_id"], 16), int(ids["span_id"], 16), False, flags)
        return trace.use_span(trace.NonRecordingSpan(context))

    def _chat(self) -> Message | None:
        model, prompt, options = self._question(chat_pb2.ChatRequest)
        self._stream = stream = self._remora.chat(model, prompt, **options, **self._timing("traceparent"))
        if not self._read(stream):
            time.sleep(self._call.get("linger_s", 0.0))
            say(stopped={"text": stream.text_so_far})
            return None
        time.sleep(self._call.get("linger_s", 0.0))
        done = stream.finish()
        say(end=answer_fields(done, stream.message) | {"text": stream.text_so_far})
        return stream.message

    def _complete(self) -> Message | None:
        model, prompt, options = self._question(chat_pb2.CompleteRequest)
        answer = self._remora.complete(model, prompt, **options, **self._timing("traceparent"))
        say(end=answer_fields(answer, answer.message))
        return answer.message

    def _embed(self) -> None:
        asked = self._request(chat_pb2.EmbedRequest)
        vectors = self._remora.embed(asked.model, list(asked.inputs), dimensions=asked.dimensions, **self._timing())
        say(end={"vectors": [list(one) for one in vectors.vectors], "target": named(vectors.target)})

    def _list_models(self) -> None:
        catalog = self._remora.list_models(**self._timing())
        names = {"models": [one.reference for one in catalog.models], "aliases": [one.name for one in catalog.aliases]}
        say(end=names | {"default_model": catalog.default_model or ""})

    def _health(self) -> None:
        say(end=health_fields(self._remora.health(**self._timing())))

    def _watch_health(self) -> None:
        changes = self._remora.watch_health(**self._timing())
        for change in changes:
            say(change=health_fields(change))
            self._printed += 1
            if self._printed == self._call.get("stop_after"):
                changes.close()
                say(stopped={"text": ""})
                return
        say(end={})

    def _read(self, stream: ChatStream) -> bool:
        """Reads as it is told; whether to the end."""
        for line in self._lines(stream):
            say(**line)
            self._printed += 1
            if self._printed == self._call.get("pause_after"):
                time.sleep(self._call["pause_s"])
            if self._printed == self._call.get("stop_after"):
                if self._call["stop"] == "cancel":
                    stream.close()
                return False
        return True

    def _lines(self, stream: ChatStream) -> Iterator[dict[str, Any]]:
        read = self._call.get("read", "events")
        if read == "events":
            for event in stream:
                yield {"event": event_fields(event)}
        elif read == "final":
            stream.final_text()
        else:
            discards: list[str] = []
            on_discard = discards.append if read == "text_discards" else None
            for piece in stream.text(on_discard=on_discard):
                yield from ({"discarded": text} for text in discards)
                discards.clear()
                yield {"piece": piece}
            yield from ({"discarded": text} for text in discards)

    def _question(self, kind: Any) -> tuple[str, list[Message], dict[str, Any]]:
        """The request in the client's own words."""
        asked = self._request(kind)
        messages = list(asked.messages)
        if self._call.get("append_answer"):
            assert self._answer is not None
            _answer_tool(messages[-1], self._answer)
            messages.insert(len(messages) - 1, self._answer)
        plain = {field.name: value for field, value in asked.ListFields()}
        for name in ("model", "messages", "reasoning", "policy"):
            plain.pop(name, None)
        if asked.HasField("reasoning"):
            plain["reasoning_effort"] = enum_name(asked.reasoning, "effort", "EFFORT_").lower()
        if asked.HasField("policy"):
            plain["policy"] = policy_from(asked.policy)
        return asked.model, messages, plain

    def _request(self, kind: Any) -> Any:
        return kind.FromString(base64.b64decode(self._call["request"]))

    def _timing(self, *more: str) -> dict[str, Any]:
        return {name: self._call[name] for name in ("timeout_s", *more) if name in self._call}


def _answer_tool(message: Message, answer: Message) -> None:
    """A tool result for the call "@" is one for the answer's first call."""
    for part in message.parts:
        if part.tool_result.tool_call_id == "@":
            part.tool_result.tool_call_id = next(p.tool_call.id for p in answer.parts if p.HasField("tool_call"))


def show_log() -> None:
    """Whatever the client logs, on standard error, where the suite looks for it."""
    logger = logging.getLogger("remora_client")
    logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.DEBUG)


def say(**line: Any) -> None:
    """One line."""
    print(json.dumps(line), flush=True)


def policy_from(message: policy_pb2.Policy) -> Policy:
    """A policy in the client's own words."""
    names = {field.name for field in fields(Policy)}
    given: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.name in names:
            is_enum = field.enum_type is not None
            given[field.name] = enum_name(message, field.name, f"{field.name.upper()}_").lower() if is_enum else value
        else:
            given[field.name.removesuffix("_duration") + "_s"] = value.ToTimedelta().total_seconds()
    return Policy(**given)


def enum_name(message: Any, name: str, prefix: str) -> str:
    """The short name of an enum field's value."""
    values = message.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number
    short: str = values[getattr(message, name)].name
    return short.removeprefix(prefix)


def named(target: Target) -> str:
    """ "provider/model"."""
    return f"{target.provider}/{target.model}"


def event_fields(event: kinds.Event) -> dict[str, Any]:
    """An event under its name in the contract."""
    match event:
        case kinds.Started(target, failed_over):
            return {"kind": "started", "target": named(target), "failed_over": failed_over}
        case kinds.TextDelta(text, index):
            return {"kind": "text_delta", "part_index": index, "text": text}
        case kinds.ReasoningDelta(text, index):
            return {"kind": "reasoning_delta", "part_index": index, "text": text}
        case kinds.RefusalDelta(text, index):
            return {"kind": "refusal_delta", "part_index": index, "text": text}
        case kinds.ToolCallDelta(index, call_id, name, fragment):
            call = {"id": call_id, "name": name, "arguments_fragment": fragment}
            return {"kind": "tool_call_delta", "part_index": index} | call
        case kinds.PartCompleted(index, issuer, state):
            encoded = None if state is None else base64.b64encode(state).decode()
            return {"kind": "part_completed", "part_index": index, "issuer": issuer, "opaque_state": encoded}
        case kinds.Citation(index, uri):
            return {"kind": "citation", "part_index": index, "uri": uri}
        case kinds.AttemptEnded(attempt):
            return {"kind": "attempt", "target": named(attempt.target), "reason": attempt.reason}
        case kinds.Failed(reason, message):
            return {"kind": "failed", "reason": reason, "message": message}
        case kinds.Resumed(target, index, offset):
            return {"kind": "resumed", "target": named(target), "part_index": index, "offset": offset}
        case kinds.Restarted(target):
            return {"kind": "restarted", "target": named(target)}
        case kinds.PartDiscarded(index, offset):
            return {"kind": "part_discarded", "part_index": index, "offset": offset}
        case kinds.Completed():
            told = {"finish_reason": event.finish_reason, "end_inferred": event.end_inferred}
            return {"kind": "completed", "target": named(event.target), "failed_over": event.failed_over} | told


def answer_fields(answer: Answer, message: Message) -> dict[str, Any]:
    """A whole answer."""
    return {
        "text": answer.text,
        "message": base64.b64encode(message.SerializeToString()).decode(),
        "finish_reason": answer.finish_reason,
        "target": named(answer.target),
        "failed_over": answer.failed_over,
        "end_inferred": answer.end_inferred,
        "output_tokens": answer.usage.output_tokens,
        "request_id": answer.request_id,
        "trace_id": answer.trace_id,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments_json": call.arguments_json} for call in answer.tool_calls
        ],
        "reasoning": answer.reasoning,
    }


def health_fields(health: Health) -> dict[str, Any]:
    """A snapshot, or a change."""
    return {"snapshot": health.snapshot, "entries": [{"entry": e.entry, "state": e.state} for e in health.entries]}


def error_fields(error: RemoraError, text: str) -> dict[str, Any]:
    """An error; its kind is the name of its class."""
    name = "".join(f"_{c}" if c.isupper() else c.upper() for c in type(error).__name__).lstrip("_")
    report = None
    if error.report is not None:
        attempts = [{"target": named(one.target), "reason": one.reason} for one in error.report.attempts]
        left_out = error.report.truncated.attempts if error.report.truncated else 0
        report = {"attempts": attempts, "attempts_left_out": left_out, "failed_over": error.report.failed_over}
    return {
        "kind": {"INTERNAL_ERROR": "INTERNAL", "REMORA_ERROR": "OTHER"}.get(name, name),
        "code": None if error.code is None else error.code.name,
        "reason": error.reason,
        "message": error.message,
        "retry_after_s": error.retry_after_s,
        "field_errors": [{"field": one.field, "description": one.description} for one in error.field_errors],
        "metadata": dict(error.metadata),
        "request_id": error.request_id,
        "trace_id": error.trace_id,
        "report": report,
        "text": text,
    }


if __name__ == "__main__":
    main()
