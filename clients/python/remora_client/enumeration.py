"""Enum values of the contract as short names: unset is None, numbers of later versions stay visible."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.descriptor import EnumDescriptor

from ._pb.error_reason_pb2 import DESCRIPTOR as _REASONS
from .reason import Reason, reason_named

_REASON = _REASONS.enum_types_by_name["ErrorReason"]


def short_name(enum: EnumDescriptor, number: int, prefix: str) -> str | None:
    """The value's name without its prefix; None for 0 (absent); `"VALUE_<number>"` for one of a later version."""
    if number == 0:
        return None
    value = enum.values_by_number.get(number)
    return value.name.removeprefix(prefix) if value is not None else f"VALUE_{number}"


def value_number(
    enum: EnumDescriptor, name: object, prefix: str, argument: str, helpers: Mapping[str, str] = {}
) -> int:
    """The number of a short name in any case; ValueError, naming the argument and the choices, for any other.

    `helpers`: for the names that a helper stands for, how to call it.
    """
    value = enum.values_by_name.get(prefix + name.upper()) if isinstance(name, str) else None
    if value is None or value.number == 0 or value.name.removeprefix(prefix).lower() in helpers:
        names = [v.name.removeprefix(prefix).lower() for v in enum.values if v.number]
        choices = ", ".join(helpers.get(name, repr(name)) for name in names)
        raise ValueError(f"{argument} must be one of {choices}")
    return value.number


def reason_numbered(number: int) -> Reason | str | None:
    """The reason of that number; None for 0 (nothing failed)."""
    return reason_named(short_name(_REASON, number, "ERROR_REASON_") or "")
