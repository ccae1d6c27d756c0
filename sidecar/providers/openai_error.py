"""Reads the errors of OpenAI's protocol in all the shapes of the vendors that speak it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.classify import ErrorAnswer, effective_status
from .error_body import (
    Json,
    documents,
    name_of,
    object_of,
    objects_of,
    should_retry,
    text_of,
    wait_of,
    whole_number_of,
)

_MARKS = frozenset({"code", "type", "param", "id", "error_type", "status", "statusCode", "title"})
"""A bare `message` is a vendor's error only beside one of these: gateways in between answer `{"message": …}` too."""
_RELAYED = "provider returned error"
"""OpenRouter's words when it passes another vendor's error on, which is then under metadata.raw."""
_AZURE_BLOCK = "responsibleaipolicyviolation"


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one error, whatever its shape. `places`: objects that may state a wait."""

    code: str | None = None
    type: str | None = None
    param: str | None = None
    message: str = ""
    blocked: bool = False
    limit: int | None = None
    places: list[Json] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_error(status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> ErrorAnswer:
    """The error in an answer. `headers`: names in lower case. `now_wall`: epoch seconds.

    Shapes: `{"error": {…}}`, `{"error": "text"}` (Ollama; xAI with a `code` beside it), `{"object": "error", …}`
    (Mistral, vLLM), `{"message": …, "code": …}` (Cerebras, Azure's gateway), `{"detail": …}` (FastAPI, NVIDIA),
    `{"errors": [{…}]}` (Cloudflare), a list of any, and each as an event inside a 200.
    """
    fields = next((found for doc in documents(body) if (found := _fields(doc)) is not None), None)
    if fields is None:
        wait = wait_of(status, headers, [], "", now_wall)
        return ErrorAnswer(status, retry_after_s=wait, should_retry=should_retry(headers))
    judged = effective_status(status, fields.code)
    return ErrorAnswer(
        status,
        fields.code,
        fields.type,
        fields.param,
        fields.message,
        True,
        fields.blocked,
        wait_of(judged, {**fields.headers, **headers}, fields.places, fields.message, now_wall),
        should_retry(headers),
        fields.limit,
    )


def _fields(doc: Json) -> _Fields | None:
    """The error of a document, None where it holds none."""
    error = doc.get("error")
    if isinstance(error, dict):
        return _of_object(error, doc)
    if isinstance(error, str) and error and "path" not in doc:  # with a path it is a web framework's own page
        return _Fields(name_of(doc.get("code")), name_of(doc.get("error_type")), None, text_of(error), places=[doc])
    for inner in (*objects_of(doc.get("errors")), *_choice_errors(doc)):
        return _of_object(inner, doc)
    if doc.get("object") == "error" or (isinstance(doc.get("message"), str) and not _MARKS.isdisjoint(doc)):
        return _of_object(doc, doc)
    return _of_detail(doc)


def _choice_errors(doc: Json) -> list[Json]:
    """OpenRouter's error inside a choice of an otherwise whole answer."""
    return [choice["error"] for choice in objects_of(doc.get("choices")) if isinstance(choice.get("error"), dict)]


def _of_object(error: Json, doc: Json) -> _Fields:
    message = error.get("message")
    if isinstance(message, dict):
        nested = _of_detail(message)
        if nested is not None:
            return nested
    metadata = object_of(error.get("metadata"))
    relayed = _relayed(text_of(message), metadata)
    if relayed is not None:
        names = (name for name in (relayed.code, relayed.type) if name and not name.isdigit())
        kind: str | None = next(names, None)
    else:
        kind = name_of(error.get("type"))
    return _Fields(
        name_of(error.get("code")),
        kind or name_of(metadata.get("error_type")) or _google_name(error),
        relayed.param if relayed else name_of(error.get("param")),
        relayed.message if relayed else text_of(message) or text_of(error.get("error")),
        _is_blocked(error, metadata),
        whole_number_of(error.get("n_ctx")),
        [error, metadata, *objects_of(error.get("details")), doc],
        {key.lower(): value for key, value in object_of(metadata.get("headers")).items() if isinstance(value, str)},
    )


def _relayed(message: str, metadata: Json) -> _Fields | None:
    """The error that OpenRouter passes on as JSON text, where there is one."""
    if not message.strip().lower().startswith(_RELAYED):
        return None
    raw = metadata.get("raw")
    docs = [raw] if isinstance(raw, dict) else documents(text_of(raw).encode())
    for doc in docs:
        inner = object_of(doc.get("error"))
        if isinstance(inner.get("message"), str):
            code, kind, param = (name_of(inner.get(name)) for name in ("code", "type", "param"))
            return _Fields(code, kind, param, text_of(inner["message"]))
    return None


def _google_name(error: Json) -> str | None:
    """Google's compatible endpoint: the reason of its details, else its status name."""
    for detail in objects_of(error.get("details")):
        if isinstance(detail.get("reason"), str):
            return name_of(detail["reason"])
    status = error.get("status")
    return name_of(status) if isinstance(status, str) else None


def _is_blocked(error: Json, metadata: Json) -> bool:
    """Azure's inner error, or OpenRouter's moderation fields: the vendor's own mark of a safety refusal."""
    inner = name_of(object_of(error.get("innererror")).get("code")) or ""
    return inner.lower() == _AZURE_BLOCK or "flagged_input" in metadata


def _of_detail(doc: Json) -> _Fields | None:
    """FastAPI's shapes: a sentence, or a list of what is wrong with which field; NVIDIA's problem details."""
    detail = doc.get("detail")
    if isinstance(detail, str):
        return _Fields(None, name_of(doc.get("type")), None, text_of(detail), places=[doc])
    if isinstance(detail, dict):
        return _of_object(detail, doc)
    for problem in objects_of(detail):
        place = problem.get("loc")
        steps = [str(step) for step in place if step != "body"] if isinstance(place, list) else []
        return _Fields(None, name_of(problem.get("type")), ".".join(steps) or None, text_of(problem.get("msg")))
    return None
