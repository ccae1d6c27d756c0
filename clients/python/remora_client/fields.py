"""Fields of a request from what callers give: what cannot be is refused by the name the caller knows it by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message as ProtoMessage

M = TypeVar("M", bound=ProtoMessage)


def check_known(options: Mapping[str, Any], kind: type) -> None:
    """TypeError that names the options which the TypedDict `kind` does not have."""
    if unknown := options.keys() - kind.__annotations__.keys():
        raise TypeError(f"unknown option: {', '.join(sorted(unknown))}")


def new_message(kind: type[M], values: Mapping[str, Any]) -> M:
    """A message of these fields; the TypeError or ValueError of one that does not fit names it."""
    try:
        return kind(**values)
    except (TypeError, ValueError):
        for name, value in values.items():
            _try(kind, name, value)
        raise


def texts(value: str | Sequence[str] | None, name: str) -> list[str]:
    """One text or several, as a list; TypeError, naming the field, for anything else."""
    if value is None:
        return []
    items: list[Any] = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    if not all(isinstance(item, str) for item in items):
        raise TypeError(f"{name} must be text, or a list of texts")
    return items


def _try(kind: type[ProtoMessage], name: str, value: Any) -> None:
    try:
        kind(**{name: value})
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None
