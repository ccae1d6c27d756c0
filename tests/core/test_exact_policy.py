"""A caller's policy over the operator's, limit by limit: limits only ever tighter, boundaries of both."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.chain import tightened
from sidecar.core.policy import Policy

LIMITS = ("max_attempts", "max_wait_s", "first_content_s", "first_content_limit_s", "idle_s")


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize(
    ("caller", "operator", "expected"),
    [(None, None, None), (2, None, 2), (None, 2, 2), (1, 2, 1), (2, 1, 1), (2, 2, 2)],
)
def test_of_two_limits_the_tighter_holds(limit: str, caller: Any, operator: Any, expected: Any) -> None:
    assert tightened(Policy(**{limit: caller}), Policy(**{limit: operator})) == Policy(**{limit: expected})


@pytest.mark.parametrize(
    ("caller", "operator", "only", "never"),
    [
        (None, None, None, None),
        (("a", "b"), None, ("a", "b"), ("a", "b")),
        (None, ("b", "c"), ("b", "c"), ("b", "c")),
        (("a", "b"), ("b", "c"), ("b",), ("a", "b", "c")),
        (("a",), ("c",), (), ("a", "c")),
    ],
)
def test_both_boundaries_hold(caller: Any, operator: Any, only: Any, never: Any) -> None:
    assert tightened(Policy(only_providers=caller), Policy(only_providers=operator)) == Policy(only_providers=only)
    assert tightened(Policy(never_providers=caller), Policy(never_providers=operator)) == Policy(never_providers=never)
