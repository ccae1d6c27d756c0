"""How long to wait before the same target is asked again."""

from __future__ import annotations

from collections.abc import Callable

Rand = Callable[[], float]
"""A number in [0, 1). Injected: the core has no randomness of its own."""


def backoff(retry: int, rand: Rand, base_s: float = 0.5, limit_s: float = 10.0) -> float:
    """Seconds before the retry-th retry (from 0): `base_s` doubling to `limit_s`, equal jitter (half fixed, half random)."""
    full = min(base_s * 2.0 ** min(retry, 16), limit_s)
    return full / 2 + full / 2 * rand()
