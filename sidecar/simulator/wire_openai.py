"""OpenAI's chat completions: answers, events, errors and the list of models as bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from .wire import Answer, BadRequestError, ChatCall, Frame, FrameKind, Limit, Page, Standing, ToolCall, Usage
from .wire_openai_error import JSON, beyond, error_object, error_page
from .wire_openai_request import read_call

_FINGERPRINT = "fp_simulator"
_CREATED = 1_700_000_000


class OpenAIWire:
    """The wire format of `POST /v1/chat/completions`."""

    name = "openai"
    stream_type = "text/event-stream; charset=utf-8"

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Take any headers: which keys are good, a script says."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatCall:
        """Return the call in `body`; raise BadRequestError as OpenAI would."""
        return read_call(body)

    def over(self, call: ChatCall, limit: Limit) -> BadRequestError:
        """Return the 400 of a request beyond a limit of its model."""
        return beyond(limit)

    def headers(self, standing: Standing) -> dict[str, str]:
        """Return the id of the request."""
        return {"x-request-id": standing.request_id}

    def whole(self, call: ChatCall, answer: Answer) -> bytes:
        """Return a `chat.completion` object."""
        head = _head(answer, "chat.completion")
        choice = {"index": 0, "message": _message(answer), "logprobs": None, "finish_reason": answer.finish}
        usage = {} if answer.usage is None else {"usage": _usage(answer.usage)}
        return orjson.dumps({**head, "choices": [choice], **usage})

    def frames(self, call: ChatCall, answer: Answer) -> Iterator[Frame]:
        """Yield `chat.completion.chunk` events: role, content, finish reason, usage if asked for, `[DONE]`."""
        head = _head(answer, "chat.completion.chunk")
        tail = {"usage": None} if call.include_usage else {}

        def chunk(kind: FrameKind, delta: Mapping[str, Any], finish: str | None = None) -> Frame:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return Frame(kind, _event({**head, "choices": [choice], **tail}))

        if answer.has_role:
            yield chunk(FrameKind.ROLE, {"role": "assistant", "content": "", "refusal": None})
        for delta in _deltas(answer):
            yield chunk(FrameKind.CONTENT, delta)
        yield chunk(FrameKind.FINISH, {}, answer.finish)
        if call.include_usage and answer.usage is not None:
            yield Frame(FrameKind.USAGE, _event({**head, "choices": [], "usage": _usage(answer.usage)}))
        yield Frame(FrameKind.DONE, b"data: [DONE]\n\n")

    def refusal(self, bad: BadRequestError, request_id: str) -> Page:
        """Return the 400 (or other status) of a request that is invalid."""
        body = error_object(bad.message, "invalid_request_error", bad.param, bad.code)
        return Page(bad.status, orjson.dumps(body), {"Content-Type": JSON})

    def error(self, status: int, error: str | None, model: str, request_id: str) -> Page:
        """Return what OpenAI, or the proxy before it, answers with this status."""
        return error_page(status, error, model)

    def error_event(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return an event with an `error` object."""
        return b"data: " + self.error_body(payload) + b"\n\n"

    def error_body(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return an `error` object as it stands in a 200."""
        if isinstance(payload, str):
            return payload.encode()
        usual = error_object("The server had an error while processing your request. Sorry about that!", "server_error")
        return orjson.dumps(usual if payload is None else payload)

    def malformed_event(self, answer: Answer) -> bytes:
        """Return an event that stops in the middle of its JSON."""
        return _event(_head(answer, "chat.completion.chunk"))[:-20] + b"\n\n"

    def ping(self) -> bytes:
        """Return a comment."""
        return b": keep-alive\n\n"

    def models(self, names: tuple[str, ...]) -> bytes:
        """Return a list of `model` objects."""
        data = [{"id": name, "object": "model", "created": _CREATED, "owned_by": "simulator"} for name in names]
        return orjson.dumps({"object": "list", "data": data})


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.id[:29]}",
        "object": kind,
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
    }


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    for piece in answer.reasoning:
        yield {"reasoning_content": piece}
    for piece in answer.text:
        yield {"content": piece}
    for piece in answer.refusal:
        yield {"refusal": piece}
    for index, call in enumerate(answer.calls):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": _call_id(call), "type": "function", "function": function}]}
        for piece in call.arguments:
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _message(answer: Answer) -> dict[str, Any]:
    text = "".join(answer.text)
    has_other = bool(answer.calls or answer.refusal)
    message: dict[str, Any] = {"role": "assistant", "content": None if has_other and not text else text}
    message["refusal"] = "".join(answer.refusal) or None
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.calls:
        message["tool_calls"] = [
            {
                "id": _call_id(call),
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(call.arguments)},
            }
            for call in answer.calls
        ]
    return message


def _call_id(call: ToolCall) -> str:
    return f"call_{call.id[:24]}"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
