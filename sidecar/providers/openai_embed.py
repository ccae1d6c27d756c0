"""Embeddings: a request as the JSON body of POST /embeddings, and the answer as vectors.

Source: OpenAI's API reference, "Create embeddings". Vectors are asked for as base64, a quarter of the size of numbers as
text; vendors that know only numbers send those, and both are read.
"""

from __future__ import annotations

import binascii
import sys
from array import array
from math import isfinite
from typing import Any

import orjson

from ..core.adjustment import AS_ASKED, ENCODING_FORMAT, Adjustment
from ..core.content import Embedding, Request
from ..core.errors import ProtocolViolation
from ..core.events import Closed, Finish, Finished, Identity, Upstream, UsageTold, Vectors
from ..core.reasons import Reason
from .codec import ErrorEvent
from .openai_answer import MAX_ANSWER_BYTES, read_usage
from .repair import Repaired

PATH = "/embeddings"
TASK_LEFT_OUT = "task was left out: this protocol has no such setting"
FLOAT_BYTES = 4


def embed_body(request: Request, embedding: Embedding, model: str, adjustment: Adjustment = AS_ASKED) -> bytes:
    """The body, as bytes of JSON."""
    body: dict[str, Any] = {"model": model, "input": list(embedding.inputs)}
    if ENCODING_FORMAT not in adjustment.left_out:
        body[ENCODING_FORMAT] = "base64"
    if embedding.dimensions is not None:
        body["dimensions"] = embedding.dimensions
    if request.end_user_id is not None:
        body["user"] = request.end_user_id
    return orjson.dumps(body)


def embed_repairs(embedding: Embedding) -> tuple[Repaired, ...]:
    """What of the request the protocol has no field for."""
    return (Repaired(Reason.UNSUPPORTED_PARAMETER, TASK_LEFT_OUT),) if embedding.task is not None else ()


class EmbedDecoder:
    """Decodes one answer. Vectors that are not what was asked for are a ProtocolViolation."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Upstream]:
        """Collects; an answer of over 64 MiB is a ProtocolViolation."""
        self._buffer += data
        if len(self._buffer) > MAX_ANSWER_BYTES:
            raise ProtocolViolation(f"an answer of over {MAX_ANSWER_BYTES} bytes")
        return []

    def end(self) -> list[Upstream]:
        """The whole answer."""
        try:
            answer = orjson.loads(self._buffer)
        except orjson.JSONDecodeError:
            raise ProtocolViolation("an answer that is not JSON") from None
        if not isinstance(answer, dict):
            raise ProtocolViolation("an answer that is no JSON object")
        if answer.get("error") is not None or answer.get("object") == "error":
            raise ErrorEvent(orjson.dumps(answer))
        return self._events(answer)

    def _events(self, answer: dict[str, Any]) -> list[Upstream]:
        response_id, model, usage = answer.get("id"), answer.get("model"), answer.get("usage")
        identity = Identity(
            response_id if isinstance(response_id, str) else "", model if isinstance(model, str) else ""
        )
        out: list[Upstream] = [identity, Vectors(self._vectors(answer.get("data")))]
        if isinstance(usage, dict):
            out.append(UsageTold(read_usage(usage)))
        return [*out, Finished(Finish.STOP), Closed()]

    def _vectors(self, items: Any) -> tuple[bytes, ...]:
        """One for each input, in the inputs' order, whatever the order of the answer."""
        count = len(self._embedding.inputs)
        if not isinstance(items, list):
            raise ProtocolViolation("an answer without data")
        if len(items) != count:
            raise ProtocolViolation(f"{len(items)} vectors for {count} inputs")
        found: dict[int, bytes] = {}
        for position, item in enumerate(items):
            if not isinstance(item, dict):
                raise ProtocolViolation("an embedding that is no JSON object")
            index = item.get("index", position)
            if type(index) is not int or not 0 <= index < count or index in found:
                raise ProtocolViolation("an embedding whose index is not one of the inputs', or there twice")
            found[index] = vector(item.get("embedding"))
        self._check_lengths(found[0], found)
        return tuple(found[index] for index in range(count))

    def _check_lengths(self, first: bytes, found: dict[int, bytes]) -> None:
        wanted = self._embedding.dimensions or self._embedding.length or len(first) // FLOAT_BYTES
        other = next((len(one) for one in found.values() if len(one) != wanted * FLOAT_BYTES), None)
        if other is not None:
            raise ProtocolViolation(f"a vector of {other // FLOAT_BYTES} numbers where {wanted} were to come")

    def taken(self) -> list[Upstream]:
        """Nothing: an answer gives all its events at once."""
        return []


def vector(embedding: Any) -> bytes:
    """One embedding, base64 or a list of numbers, as 32-bit floats, little-endian. Raises ProtocolViolation."""
    if isinstance(embedding, str):
        data = _from_base64(embedding)
    elif isinstance(embedding, list):
        data = _from_numbers(embedding)
    else:
        raise ProtocolViolation("an embedding that is neither base64 nor a list of numbers")
    if not data or len(data) % FLOAT_BYTES:
        raise ProtocolViolation("an embedding that is no row of 32-bit floats")
    if not _is_finite(data):
        raise ProtocolViolation("an embedding with a number that is not finite")
    return data


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        raise ProtocolViolation("an embedding that is not base64") from None


def _from_numbers(numbers: list[Any]) -> bytes:
    try:
        floats = array("f", numbers)
    except (TypeError, OverflowError):
        raise ProtocolViolation("an embedding with something that is no number") from None
    return _little_endian(floats).tobytes()


def _is_finite(data: bytes) -> bool:
    """What is not finite has 0x7f or 0xff as its first byte, and of what is, only numbers from 1.7e38 on: so a look at
    these bytes is enough for nearly every vector, and millions of numbers are not made objects of."""
    tops = data[FLOAT_BYTES - 1 :: FLOAT_BYTES]
    if b"\x7f" not in tops and b"\xff" not in tops:
        return True
    return all(map(isfinite, _little_endian(array("f", data))))


def _little_endian(floats: array[float]) -> array[float]:
    """The same array with its bytes in the other order, on a machine that is not little-endian."""
    if sys.byteorder == "big":
        floats.byteswap()
    return floats
