"""Enum values of the contract as short names: unset is None, numbers of later versions stay visible."""

from __future__ import annotations

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


def value_number(enum: EnumDescriptor, name: str, prefix: str, argument: str) -> int:
    """The number of a short name in any case; ValueError, naming the argument and the choices, for any other."""
    value = enum.values_by_name.get(prefix + name.upper())
    if value is None or value.number == 0:
        choices = ", ".join(repr(v.name.removeprefix(prefix).lower()) for v in enum.values if v.number)
        raise ValueError(f"{argument} must be one of {choices}")
    return value.number


def reason_numbered(number: int) -> Reason | str | None:
    """The reason of that number; None for 0 (nothing failed)."""
    return reason_named(short_name(_REASON, number, "ERROR_REASON_") or "")
