"""Reads the errors of Anthropic's protocol."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.classify import ErrorAnswer
from .anthropic_names import BUSINESS_CODES
from .error_body import Json, documents, name_of, object_of, should_retry, text_of, wait_of


def read_error(status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> ErrorAnswer:
    """The error in an answer: `{"type": "error", "error": {"type", "message", "details": {"error_code"}}}`, also as an event
    inside a 200. The stable code of the details is the code; without one, the `code` beside the type that some vendors add.

    `headers`: names in lower case. `now_wall`: epoch seconds.
    """
    error = next((found for doc in documents(body) if (found := _error(doc)) is not None), None)
    message = text_of(error.get("message")) if error else ""
    wait = wait_of(status, headers, [error] if error else [], message, now_wall)
    if error is None:
        return ErrorAnswer(status, retry_after_s=wait, should_retry=should_retry(headers))
    return ErrorAnswer(
        status,
        code=_code(error),
        type=name_of(error.get("type")),
        message=message,
        is_protocol_error=True,
        retry_after_s=wait,
        should_retry=should_retry(headers),
    )


def _code(error: Json) -> str | None:
    details = object_of(error.get("details"))
    return name_of(details.get("error_code")) or name_of(error.get("code"))


def _error(doc: Json) -> Json | None:
    """Anthropic's error object: it names its type. Or that of a vendor of this wire that gives its own code instead."""
    error = doc.get("error")
    if not isinstance(error, dict):
        return None
    is_typed = isinstance(error.get("type"), str)
    return error if is_typed or name_of(error.get("code")) in BUSINESS_CODES else None
