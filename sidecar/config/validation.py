"""Holds a document against the models and says in our own words what does not fit."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from .document import Document
from .models import File
from .problem import Path, closest, shown, suggestion
from .provider import HEADER_PATTERN, HEADER_VALUE_PATTERN
from .section import MODEL_ID_PATTERN, NAME_PATTERN
from .shape import known_keys

_SENTENCES = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping of settings",
    "finite_number": "must be a finite number",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "needs at least {min_length}",
    "too_long": "may have at most {max_length}",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "enum": "must be one of {expected}",
}
_PATTERNS = {
    NAME_PATTERN: "a name has only the characters a-z 0-9 . _ -",
    MODEL_ID_PATTERN: "may be neither empty nor have spaces",
    HEADER_PATTERN: "is not the name of an HTTP header",
    HEADER_VALUE_PATTERN: "may have visible ASCII characters and spaces only",
}
_UNLIMITED = frozenset({"rpm", "tpm", "max_concurrency"})
_RENAMED = {
    "pin": "is for requests only",
    "url": "is not a setting here; use base_url",
    "key": "is not a setting here; use api_key: env:NAME or file:PATH",
    "port": "is not a setting here; addresses are host:port",
}


def validated(document: Document) -> File | None:
    """The file's model, or None with every misfit noted in the document."""
    try:
        return File.model_validate(document.data)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            _note(document, dict(found))
        return None


def _note(document: Document, error: dict[str, Any]) -> None:
    path: Path = error["loc"]
    at_key = error["type"] == "extra_forbidden"
    if path and path[-1] == "[key]":
        path, at_key = path[:-1], True
    document.add(path, _sentence(error, path), at_key=at_key)


def _sentence(error: dict[str, Any], path: Path) -> str:
    kind: str = error["type"]
    if kind == "extra_forbidden":
        return _unknown(path)
    context = error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], 'must be three octal digits in quotes, like "0660"')
    sentence: str = _SENTENCES.get(kind, error["msg"]).format(**context)
    if kind == "greater_than_equal" and path[-1] in _UNLIMITED:
        return f"{sentence}; leave it out for unlimited"
    if kind == "enum" and isinstance(error["input"], str):
        near = closest(error["input"], context["expected"].replace("'", "").replace(" or ", ", ").split(", "))
        return f"{sentence}; did you mean '{near}'?" if near else sentence
    return sentence


def _unknown(path: Path) -> str:
    name = str(path[-1])
    known = known_keys(path[:-1])
    if hint := suggestion(name, known):
        return f"{shown(name)} is not a known setting{hint}"
    if name in _RENAMED:
        return _RENAMED[name]
    return f"{shown(name)} is not a known setting; known here: {', '.join(known)}"
