"""Observation a moment later: what happened is noted in passing, and counted, logged and traced together.

A call then pays for an append. The same work done for many calls in a row costs about half of doing it between them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from ..core.observation import Change, Observer, Rpc
from ..core.report import Attempt

DELAY_S = 0.1
"""What is noted is told this much later, or sooner."""
MAX_NOTES = 8192
"""So many are told at once, whoever waits meanwhile: what waits takes memory."""
SLICE = 128
"""Notes that are told in one go, some milliseconds of work; then the event loop has its turn."""


class Deferred:
    """An observer that tells `inner` everything, in order. Changes are told at once: somebody waits for their log line."""

    def __init__(self, inner: Observer) -> None:
        self._inner = inner
        self._notes: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._rpcs: dict[tuple[str, str], int] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._is_due = False

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        """Counts it: what begins is told in sums, before anything that has ended."""
        key = (service, method)
        self._rpcs[key] = self._rpcs.get(key, 0) + number
        self._wake()

    def rpc_ended(self, rpc: Rpc) -> None:
        """Notes it."""
        self._note(self._inner.rpc_ended, rpc)

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        """Counts it."""
        key = (provider, model)
        self._attempts[key] = self._attempts.get(key, 0) + number
        self._wake()

    def attempt_ended(self, attempt: Attempt) -> None:
        """Notes it."""
        self._note(self._inner.attempt_ended, attempt)

    def changed(self, change: Change) -> None:
        """Tells it."""
        self._inner.changed(change)

    def settle(self) -> None:
        """Tells everything noted so far, now: before somebody looks."""
        self._tell_starts()
        while self._notes:
            self._tell()
        self._inner.settled()

    def settled(self) -> None:
        """Nothing: what is noted is told when its time comes."""

    def _note(self, tell: Callable[..., None], *what: Any) -> None:
        self._notes.append((tell, what))
        if len(self._notes) >= MAX_NOTES:
            self.settle()
        self._wake()

    def _wake(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(DELAY_S, self._slice)

    def _slice(self) -> None:
        self._tell_starts()
        for _ in range(min(SLICE, len(self._notes))):
            self._tell()
        self._inner.settled()
        self._is_due = bool(self._notes)
        if self._is_due:
            asyncio.get_running_loop().call_soon(self._slice)

    def _tell_starts(self) -> None:
        for (service, method), number in self._rpcs.items():
            self._inner.rpc_started(service, method, number)
        for (provider, model), number in self._attempts.items():
            self._inner.attempt_started(provider, model, number)
        self._rpcs.clear()
        self._attempts.clear()

    def _tell(self) -> None:
        tell, what = self._notes.popleft()
        tell(*what)
