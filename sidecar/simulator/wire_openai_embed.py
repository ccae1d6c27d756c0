"""OpenAI's embeddings: the request read as strictly as OpenAI reads it, and vectors as its answer. Pure."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import Any

import orjson

from .embed import DIMENSIONS, embedding_of
from .text import Turn, pieces
from .wire import Answer, BadRequestError, ChatCall, Limit, LimitKind
from .wire_openai import OpenAIWire
from .wire_openai_error import beyond
from .wire_openai_request import read_object, read_typed

_MAX_INPUTS = 2048
_MAX_TOKENS = 300_000
_MAX_DIMENSIONS = 16_384
# A list of tokens instead of a text stands for the text of their numbers.
_Input = str | list[int]


class OpenAIEmbedWire(OpenAIWire):
    """The wire format of `POST /v1/embeddings`: a call has each input as a turn, and its answer no words."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatCall:
        """Return the call in `body`; raise BadRequestError as OpenAI would."""
        fields = read_object(body)
        model = read_typed(fields, "model", str)
        if not model:
            raise BadRequestError("you must provide a model parameter")
        texts = [text if isinstance(text, str) else " ".join(map(str, text)) for text in _inputs(fields.get("input"))]
        tokens = sum(len(pieces(text)) for text in texts)
        if tokens > _MAX_TOKENS:
            raise BadRequestError(
                f"Invalid 'input': maximum request size is {_MAX_TOKENS} tokens per request.",
                "input",
                "max_tokens_per_request",
            )
        _check_settings(fields)
        turns = tuple(Turn("user", text) for text in texts)
        return ChatCall(model=model, turns=turns, max_tokens=0, prompt_tokens=tokens, fields=fields)

    def over(self, call: ChatCall, limit: Limit) -> BadRequestError:
        """Return the 400 of texts that are too long, or of a parameter the model does not take."""
        if limit.kind is not LimitKind.CONTEXT:
            return beyond(limit)
        return BadRequestError(
            f"This model's maximum context length is {limit.most} tokens, however you requested {limit.prompt} tokens "
            f"({limit.prompt} in your prompt; 0 for the completion). Please reduce your prompt; or completion length."
        )

    def whole(self, call: ChatCall, answer: Answer) -> bytes:
        """Return a list of `embedding` objects; an empty answer has none."""
        dimensions = call.fields.get("dimensions") or DIMENSIONS
        is_base64 = call.fields.get("encoding_format") == "base64"
        texts = [turn.text for turn in call.turns] if answer.has_role else []
        vectors = [embedding_of(text, dimensions) for text in texts]
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(vector).decode()
                if is_base64
                else list(struct.unpack(f"<{dimensions}f", vector)),
            }
            for index, vector in enumerate(vectors)
        ]
        body: dict[str, Any] = {"object": "list", "data": data, "model": answer.model}
        if answer.usage is not None:
            count = answer.usage.prompt_tokens
            body["usage"] = {"prompt_tokens": count, "total_tokens": count}
        return orjson.dumps(body)


def _inputs(value: Any) -> list[_Input]:
    if value is None:
        raise BadRequestError("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(value, str) or (isinstance(value, list) and value and _is_tokens(value)):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(text, str) or _is_tokens(text) for text in value):
        raise BadRequestError("'$.input' is invalid. Please check the API reference.", "input")
    if not value:
        text = "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise BadRequestError(text, "input", "empty_array")
    if len(value) > _MAX_INPUTS:
        text = (
            f"Expected an array with maximum length {_MAX_INPUTS}, but got an array with length {len(value)} instead."
        )
        raise BadRequestError(f"Invalid 'input': array too long. {text}", "input", "array_above_max_length")
    for place, text in enumerate(value):
        if not text:
            raise BadRequestError(f"Invalid 'input[{place}]': input cannot be an empty string.", "input")
    inputs: list[_Input] = value
    return inputs


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(type(token) is int for token in value)


def _check_settings(fields: Mapping[str, Any]) -> None:
    dimensions = read_typed(fields, "dimensions", int)
    if dimensions is not None and not 1 <= dimensions <= _MAX_DIMENSIONS:
        text = f"Invalid value for 'dimensions' = {dimensions}. Must be between 1 and {_MAX_DIMENSIONS}."
        raise BadRequestError(text, "dimensions")
    encoding = fields.get("encoding_format")
    if encoding not in (None, "float", "base64"):
        text = f"Invalid value: '{encoding}'. Supported values are: 'float' and 'base64'."
        raise BadRequestError(text, "encoding_format", "invalid_value")
