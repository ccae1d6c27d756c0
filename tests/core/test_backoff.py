"""Waits before the same target is asked again."""

from __future__ import annotations

import pytest

from sidecar.core.backoff import backoff


@pytest.mark.parametrize(("retry", "full"), [(0, 0.5), (1, 1.0), (2, 2.0), (4, 8.0), (5, 10.0), (5000, 10.0)])
def test_half_a_second_doubles_to_ten_with_equal_jitter(retry: int, full: float) -> None:
    assert backoff(retry, lambda: 0.0) == full / 2
    assert backoff(retry, lambda: 0.5) == full * 0.75
    assert backoff(retry, lambda: 1.0) == full
