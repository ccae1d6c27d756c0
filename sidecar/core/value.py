"""Values: dataclasses that are equal by their fields and that nobody changes.

The type checker keeps them frozen. At run time they are not, since a frozen dataclass sets each field by a call: a dozen
values made for every call cost it a twentieth of its time that way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_type(kind: type[T]) -> type[T]:
    """Makes a class one of values: slots, equality and a hash by its fields, immutable to the type checker."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
