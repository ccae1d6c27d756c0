"""Writes for the event loop, on a thread of its own: one thing at a time, and always the newest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from .clock import Clock

T = TypeVar("T")
log = logging.getLogger("remora.engine")
AGAIN_S = 60.0
"""After this long a write that failed is tried again, if nothing newer came; as often it is told at the most."""


class Newest(Generic[T]):
    """`write` does it, and may block and raise OSError; `merge(old, new)` is what is left to write when `old` was not.

    The thread is a daemon: a disk that hangs keeps no process from ending. `what`: for the log.
    """

    def __init__(
        self, what: str, write: Callable[[T], None], merge: Callable[[T, T], T], clock: Clock, again_s: float = AGAIN_S
    ) -> None:
        self._what = what
        self._write = write
        self._merge = merge
        self._clock = clock
        self._again_s = again_s
        self._waiting: T | None = None
        self._is_closed = False
        self._told_at: float | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="state file", daemon=True)

    def start(self) -> None:
        """Begins the thread."""
        self._thread.start()

    def give(self, value: T) -> None:
        """To be written soon; what was given before and not yet written is merged into it. Never blocks for a write."""
        with self._changed:
            self._waiting = value if self._waiting is None else self._merge(self._waiting, value)
            self._changed.notify_all()

    def close(self, limit_s: float) -> bool:
        """Writes what waits, once, and ends the thread. False: that took longer than `limit_s`, and goes on alone."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (value := self._next()) is not None:
            try:
                self._write(value)
            except OSError as error:
                self._failed(value, error)
            except Exception:  # a bug of ours: what comes next may still be written
                log.exception("the %s was not written", self._what)
            else:
                self._succeeded()

    def _next(self) -> T | None:
        """What to write, when there is something; None: nothing any more."""
        with self._changed:
            while self._waiting is None and not self._is_closed:
                self._changed.wait()
            value, self._waiting = self._waiting, None
            return value

    def _succeeded(self) -> None:
        if self._told_at is not None:
            log.info("the %s is written again", self._what)
            self._told_at = None

    def _failed(self, value: T, error: OSError) -> None:
        now = self._clock.now()
        if self._told_at is None or now - self._told_at >= AGAIN_S:
            self._told_at = now
            log.error(
                "the %s cannot be written: %s; what is new would not survive a restart", self._what, error.strerror
            )
        with self._changed:
            if self._is_closed:
                return
            if self._waiting is None:
                self._changed.wait(self._again_s)
            self._waiting = value if self._waiting is None else self._merge(value, self._waiting)
