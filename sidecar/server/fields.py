"""Collects what is wrong with a request, field by field, so that a caller learns everything at once."""

from __future__ import annotations

import math
from typing import Any

import orjson

from ..core.errors import CallError, FieldError
from ..core.reasons import Reason


class Fields:
    """Field errors (the request is not valid) and fields whose behaviour is not built yet."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self._not_built: list[str] = []

    def wrong(self, path: str, description: str) -> None:
        """The field is not valid."""
        self.errors.append(FieldError(path, description))

    def not_built(self, path: str) -> None:
        """The field is valid, and this version does not do what it asks."""
        self._not_built.append(path)

    def check(self) -> None:
        """Raises INVALID_INPUT with every field error, else NOT_BUILT naming every field, else nothing."""
        if self.errors:
            first = self.errors[0]
            more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
            raise CallError(Reason.INVALID_INPUT, f"{first.path}: {first.description}{more}", fields=tuple(self.errors))
        if self._not_built:
            names = ", ".join(self._not_built)
            raise CallError(Reason.NOT_BUILT, f"not built yet: {names}", metadata={"field": names})

    def number(self, path: str, value: float | None, low: float, high: float, *, open_low: bool = False) -> None:
        """A number within [low, high], or (low, high]; None is absent."""
        if value is None:
            return
        if not math.isfinite(value) or value > high or value < low or (open_low and value == low):
            bounds = f"over {low:g}" if open_low else f"from {low:g}"
            upper = "" if math.isinf(high) else f" to {high:g}"
            self.wrong(path, f"must be {bounds}{upper}")

    def json_object(self, path: str, text: str) -> dict[str, Any] | None:
        """Text that is a JSON object: the object, None where it is not."""
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self.wrong(path, f"not valid JSON: {error.msg}: line {error.lineno} column {error.colno}")
            return None
        if not isinstance(value, dict):
            self.wrong(path, "must be a JSON object")
            return None
        return value
