"""Reads the errors of Anthropic's protocol."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.classify import ErrorAnswer
from .error_body import Json, documents, name_of, should_retry, text_of, wait_of


def read_error(status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> ErrorAnswer:
    """The error in an answer: `{"type": "error", "error": {"type", "message"}}`, also as an event inside a 200.

    `headers`: names in lower case. `now_wall`: epoch seconds.
    """
    error = next((found for doc in documents(body) if (found := _error(doc)) is not None), None)
    message = text_of(error.get("message")) if error else ""
    wait = wait_of(status, headers, [error] if error else [], message, now_wall)
    if error is None:
        return ErrorAnswer(status, retry_after_s=wait, should_retry=should_retry(headers))
    return ErrorAnswer(
        status,
        code=name_of(error.get("code")),
        type=name_of(error.get("type")),
        message=message,
        is_protocol_error=True,
        retry_after_s=wait,
        should_retry=should_retry(headers),
    )


def _error(doc: Json) -> Json | None:
    """Anthropic's error object: it names its type."""
    error = doc.get("error")
    return error if isinstance(error, dict) and isinstance(error.get("type"), str) else None
