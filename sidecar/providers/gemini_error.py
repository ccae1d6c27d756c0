"""Reads the errors of Gemini's protocol."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.classify import ErrorAnswer, effective_status
from .error_body import Json, documents, name_of, object_of, objects_of, should_retry, text_of, wait_of


def read_error(status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> ErrorAnswer:
    """The error in an answer: `{"error": {"code", "message", "status", "details"}}`, alone, in a list or as an event.

    Also a prompt that was blocked, `{"promptFeedback": {"blockReason"}}`. `code` of the result is the reason in the
    details where there is one, but inside a 200 the number; `type` the status name. `headers`: names in lower case.
    `now_wall`: epoch seconds.
    """
    docs = list(documents(body))
    error = next((found for doc in docs if (found := _error(doc)) is not None), None)
    blocked = any(name_of(object_of(doc.get("promptFeedback")).get("blockReason")) for doc in docs)
    if error is None:
        wait = wait_of(status, headers, [], "", now_wall)
        return ErrorAnswer(status, blocked=blocked, retry_after_s=wait, should_retry=should_retry(headers))
    number, message = name_of(error.get("code")), text_of(error.get("message"))
    details = objects_of(error.get("details"))
    reason = next((name_of(detail["reason"]) for detail in details if isinstance(detail.get("reason"), str)), None)
    judged = effective_status(status, number)
    return ErrorAnswer(
        status,
        code=number if judged != status else reason or number,
        type=name_of(error.get("status")),
        message=message,
        is_protocol_error=True,
        blocked=blocked,
        retry_after_s=wait_of(judged, headers, [error, *details], message, now_wall),
        should_retry=should_retry(headers),
    )


def _error(doc: Json) -> Json | None:
    """Google's error object: a number and a status name, or one of them."""
    error = doc.get("error")
    if not isinstance(error, dict):
        return None
    return error if isinstance(error.get("status"), str) or isinstance(error.get("code"), int) else None
