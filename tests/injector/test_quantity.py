"""Quantities, against the examples and the grammar of Kubernetes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sidecar.injector import quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1", "1"),
        ("250m", "0.25"),
        ("1u", "0.000001"),
        ("3n", "0.000000003"),
        ("2k", "2000"),
        ("128Mi", "134217728"),
        ("1.5Gi", "1610612736"),
        ("1Ei", "1152921504606846976"),
        ("1E", "1000000000000000000"),
        ("129e6", "129000000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
    ],
)
def test_a_quantity_is_the_number_it_stands_for(text: str, number: str) -> None:
    assert quantity.parse(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "m", "1K", "1mi", "1 Mi", "1e", "e3", "1e333", "0x10", "NaN", "1_000", "0", "-1", "0e3"]
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        quantity.parse(text)


def test_requests_are_compared_with_the_limits_that_there_are() -> None:
    assert quantity.is_within({"cpu": "1", "memory": "1Gi"}, {"memory": "1024Mi"})
    assert not quantity.is_within({"cpu": "1001m"}, {"cpu": "1"})
