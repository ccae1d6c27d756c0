"""Reads the errors of Amazon Bedrock's runtime."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.classify import ErrorAnswer
from .error_body import Json, documents, name_of, should_retry, text_of, wait_of

_EXCEPTION = ("Exception", "Error")


def read_error(status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> ErrorAnswer:
    """The error in an answer: a message and an exception's name.

    The name is in `x-amzn-errortype`, in `:exception-type` of an event, in `__type`, or around the message
    (`{"throttlingException": {"message": …}}`). `headers`: names in lower case. `now_wall`: epoch seconds. Without
    a name it is not Bedrock's error but something in between.
    """
    doc = next(documents(body), {})
    name, content = _named(headers, doc)
    message = text_of(content.get("message")) or text_of(content.get("Message"))
    return ErrorAnswer(
        status,
        type=name,
        message=message,
        is_protocol_error=name is not None,
        retry_after_s=wait_of(status, headers, [content], message, now_wall),
        should_retry=should_retry(headers),
    )


def _named(headers: Mapping[str, str], doc: Json) -> tuple[str | None, Json]:
    """The exception's name without its namespace and address, and the object that holds the message."""
    for value in (headers.get("x-amzn-errortype"), headers.get(":exception-type"), doc.get("__type"), doc.get("code")):
        if isinstance(value, str) and (name := name_of(value.split(":")[0].rpartition("#")[2])):
            return name, doc
    for key, content in doc.items():
        if key.endswith(_EXCEPTION) and isinstance(content, dict):
            return key, content
    return None, doc
