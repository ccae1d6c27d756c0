"""A ChatRequest written in a file, as JSON (protobuf's mapping) or as YAML of the same shape: to a core value."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import orjson
import yaml
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import ParseDict, ParseError

from ..core.content import Request
from ..core.errors import CallError, FieldError
from ..core.reasons import Reason
from ..core.trace import Trace
from ..pb import chat_pb2
from .incoming import request_of

EXPLAINED = "explain"
"""The request id of a request that is not sent."""


def request_in(text: str, trace: Trace) -> Request:
    """The request.

    Raises CallError INVALID_INPUT with every problem that can be told at once: the text's form, else every field that no
    ChatRequest has, else every value that is wrong; NOT_BUILT as the sidecar would.
    """
    data = _data(text)
    unknown = tuple(_unknown(data, chat_pb2.ChatRequest.DESCRIPTOR, ""))
    if unknown:
        raise _invalid(unknown)
    try:
        message = ParseDict(data, chat_pb2.ChatRequest())
    except ParseError as error:
        raise _invalid((FieldError("request", str(error)),)) from None
    return request_of(message, EXPLAINED, trace)


def _data(text: str) -> dict[str, Any]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            place = getattr(error, "problem_mark", None)
            where = f"line {place.line + 1} column {place.column + 1}" if place is not None else "the file"
            raise _invalid((FieldError("request", f"{where}: neither JSON nor YAML"),)) from None
    if not isinstance(data, dict):
        raise _invalid((FieldError("request", "must be an object: a ChatRequest"),))
    return data


def _unknown(data: dict[str, Any], descriptor: Descriptor, path: str) -> Iterator[FieldError]:
    """Every field that the message does not have, at any depth."""
    fields = {field.name: field for field in descriptor.fields} | {
        field.json_name: field for field in descriptor.fields
    }
    for name, value in data.items():
        own = f"{path}{name}"
        field = fields.get(str(name))
        if field is None:
            close = get_close_matches(str(name), list(fields), 1, 0.6)
            yield FieldError(own[:200], "there is no such field" + (f"; closest: {close[0]}" if close else ""))
            continue
        inner = field.message_type
        if inner is None or inner.GetOptions().map_entry:
            continue
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                yield from _unknown(item, inner, f"{own}[{i}]." if isinstance(value, list) else f"{own}.")


def _invalid(fields: tuple[FieldError, ...]) -> CallError:
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return CallError(Reason.INVALID_INPUT, f"{fields[0].path}: {fields[0].description}{more}", fields=fields)
