"""Anthropic's Messages API: answers, events, errors, headers and the list of models as bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from .wire import Answer, BadRequestError, ChatCall, Frame, FrameKind, Limit, Page, Standing
from .wire_anthropic_answer import blocks_of, first_usage_of, last_usage_of, message_of, stop_of, usage_of
from .wire_anthropic_error import beyond, error_object, error_page, refusal_page
from .wire_anthropic_request import read_call

_CREATED = "2023-11-14T22:13:20Z"
# Oldest first (Anthropic's page on versions).
_VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
# Tokens a minute that a key has: so many that they never end.
_TOKENS = 1_000_000
# Requests a minute that a key has where the script sets no limit: so many that they never end.
_RPM = 4000


class AnthropicWire:
    """The wire format of `POST /v1/messages`."""

    name = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Raise BadRequestError for a request without a key (401) or a known `anthropic-version` (400).

        The key is in `x-api-key`, or a bearer token, as the official clients send it of late.
        """
        if not headers.get("x-api-key") and not headers.get("Authorization"):
            raise BadRequestError("x-api-key header is required", status=401)
        version = headers.get("anthropic-version")
        if not version:
            raise BadRequestError("anthropic-version: header is required")
        if version not in _VERSIONS:
            raise BadRequestError(f'anthropic-version: "{version}" is not a valid version')

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatCall:
        """Return the call in `body`; raise BadRequestError as Anthropic would in the version of the headers."""
        return read_call(body, is_newest=headers["anthropic-version"] == _VERSIONS[-1])

    def over(self, call: ChatCall, limit: Limit) -> BadRequestError:
        """Return the 400 of a request beyond a limit of its model."""
        return beyond(call, limit)

    def headers(self, standing: Standing) -> dict[str, str]:
        """Return the id of the request, and where the key stands with its limits."""
        rpm = standing.rpm if standing.rpm is not None else _RPM
        left = standing.left if standing.rpm is not None else _RPM - 1
        reset = datetime.fromtimestamp(standing.reset_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        limits = {"requests": (rpm, left), "input-tokens": (_TOKENS, _TOKENS), "output-tokens": (_TOKENS, _TOKENS)}
        found = {"request-id": standing.request_id, "anthropic-organization-id": "org-simulator"}
        for kind, (limit, remaining) in limits.items():
            found[f"anthropic-ratelimit-{kind}-limit"] = str(limit)
            found[f"anthropic-ratelimit-{kind}-remaining"] = str(remaining)
            found[f"anthropic-ratelimit-{kind}-reset"] = reset
        return found

    def whole(self, call: ChatCall, answer: Answer) -> bytes:
        """Return a `message` object."""
        content = [block.whole for block in blocks_of(answer)]
        usage = {} if answer.usage is None else {"usage": usage_of(answer.usage)}
        return orjson.dumps({**message_of(answer), "content": content, **stop_of(answer), **usage})

    def frames(self, call: ChatCall, answer: Answer) -> Iterator[Frame]:
        """Yield `message_start`, each block from start to stop, `message_delta`, `message_stop`; a ping comes early."""
        yield Frame(FrameKind.ROLE, _start(answer))
        if not (answer.reasoning or answer.text or answer.calls):
            yield Frame(FrameKind.BLOCK, self.ping())
        for index, block in enumerate(blocks_of(answer)):
            start = {"index": index, "content_block": block.start}
            yield Frame(_kind(block.counts_start), _event("content_block_start", start))
            if index == 0:
                yield Frame(FrameKind.BLOCK, self.ping())
            for delta, counts in block.deltas:
                yield Frame(_kind(counts), _event("content_block_delta", {"index": index, "delta": delta}))
            yield Frame(FrameKind.BLOCK, _event("content_block_stop", {"index": index}))
        yield Frame(FrameKind.FINISH, _finish(answer))
        yield Frame(FrameKind.DONE, _event("message_stop", {}))

    def refusal(self, bad: BadRequestError, request_id: str) -> Page:
        """Return the 400 (or other status) of a request that is invalid."""
        return refusal_page(bad, request_id)

    def error(self, status: int, error: str | None, model: str, request_id: str) -> Page:
        """Return what Anthropic, or the proxy before it, answers with this status."""
        return error_page(status, error, model, request_id)

    def error_event(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return an `error` event; the usual one says that the API is overloaded."""
        return b"event: error\ndata: " + self.error_body(payload) + b"\n\n"

    def error_body(self, payload: str | Mapping[str, Any] | None) -> bytes:
        """Return an error object as it stands in a 200."""
        if isinstance(payload, str):
            return payload.encode()
        return orjson.dumps(error_object("overloaded_error", "Overloaded") if payload is None else payload)

    def malformed_event(self, answer: Answer) -> bytes:
        """Return a delta that stops in the middle of its JSON."""
        whole = _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "…"}})
        return whole.rstrip()[:-20] + b"\n\n"

    def ping(self) -> bytes:
        """Return a `ping` event."""
        return _event("ping", {})

    def models(self, names: tuple[str, ...]) -> bytes:
        """Return a list of `model` objects."""
        data = [_model(name) for name in names]
        ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
        return orjson.dumps({"data": data, "has_more": False, **ends})


def _kind(counts: bool) -> FrameKind:
    return FrameKind.CONTENT if counts else FrameKind.BLOCK


def _event(kind: str, fields: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: ".encode() + orjson.dumps({"type": kind, **fields}) + b"\n\n"


def _start(answer: Answer) -> bytes:
    stop = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    usage = {} if answer.usage is None else {"usage": first_usage_of(answer.usage)}
    return _event("message_start", {"message": {**message_of(answer), "content": [], **stop, **usage}})


def _finish(answer: Answer) -> bytes:
    usage = {} if answer.usage is None else {"usage": last_usage_of(answer.usage)}
    return _event("message_delta", {"delta": stop_of(answer), **usage})


def _model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": _CREATED,
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }
