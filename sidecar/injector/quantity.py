"""Kubernetes quantities such as `250m` and `128Mi`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

MAX_CHARACTERS = 32
_FORM = re.compile(r"(?a:\+?(\d+\.?\d*|\.\d+)(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,2}))?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def parse(text: str) -> Decimal:
    """The number a quantity stands for, above 0. Raises ValueError.

    The grammar is that of k8s.io/apimachinery's resource.Quantity; 0 and negative numbers are no amounts to reserve.
    """
    found = _FORM.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if found is None:
        raise ValueError("not a quantity")
    number, suffix, exponent = Decimal(found[1]), found[2], int(found[3] or 0)
    if suffix in _BINARY:
        number *= 1024 ** _BINARY[suffix]
    else:
        number = number.scaleb(_DECIMAL.get(suffix or "", exponent))
    if number <= 0:
        raise ValueError("not above 0")
    return number


def is_within(requests: Mapping[str, str], limits: Mapping[str, str]) -> bool:
    """Whether no request is above its limit. Raises ValueError."""
    return all(parse(requests[name]) <= parse(limits[name]) for name in requests if name in limits)
