"""How long to wait before the same target is asked again."""

from __future__ import annotations

from collections.abc import Callable

Rand = Callable[[], float]
"""A number in [0, 1). Injected: the core has no randomness of its own."""

BASE_S = 0.5
CAP_S = 10.0


def backoff(retry: int, rand: Rand) -> float:
    """Seconds before the retry-th retry (from 0): 0.5 s doubling to 10 s, equal jitter (half fixed, half random)."""
    full = min(BASE_S * 2.0 ** min(retry, 16), CAP_S)
    return full / 2 + full / 2 * rand()
