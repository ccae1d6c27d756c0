"""Whether the vectors of a call fit into one message."""

from __future__ import annotations

from ..core.errors import CallError, FieldError
from ..core.reasons import Reason
from .delivery import MAX_ANSWER_BYTES

FLOAT_BYTES = 4
VECTOR_BYTES = 8
"""What a vector takes in a message beside its numbers, at most."""


def check_size(count: int, length: int | None) -> None:
    """Raises CallError INVALID_INPUT where `count` vectors of `length` numbers are too much; None: not known yet."""
    if length is None:
        return
    size = count * (length * FLOAT_BYTES + VECTOR_BYTES)
    if size > MAX_ANSWER_BYTES:
        why = (
            f"{count} vectors of {length} numbers are {size} bytes, and one message carries {MAX_ANSWER_BYTES} at most; "
            "send fewer texts, or ask for fewer dimensions"
        )
        raise CallError(Reason.INVALID_INPUT, f"inputs: {why}", fields=(FieldError("inputs", why),))
