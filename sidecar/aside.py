"""Blocking work aside, in daemon threads that nobody waits for: a mount that hangs holds up neither the loop nor the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


async def aside(work: Callable[[], _T], limit_s: float, late: Callable[[], None]) -> _T:
    """What `work` returns or raises, however long it takes. `late` is called once, when it has taken `limit_s`.

    RuntimeError where there is no thread to be had.
    """
    done: Future[_T] = Future()
    done.set_running_or_notify_cancel()  # from here on nobody else can end it
    threading.Thread(target=_work, args=(work, done), daemon=True).start()
    warning = asyncio.get_running_loop().call_later(limit_s, late)
    try:
        return await asyncio.wrap_future(done)
    finally:
        warning.cancel()


def _work(work: Callable[[], _T], done: Future[_T]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # whatever it is, it is raised where somebody waits for it
        done.set_exception(error)


class Brief:
    """Blocking work that gets `limit_s` at most. What hangs is left to itself, and not begun again until it has returned."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._under_way: set[str] = set()

    def ask(self, name: str, work: Callable[[], _T | None]) -> _T | None:
        """What `work` returns; None: it takes too long, an earlier one of this name still does, or there is no thread."""
        if name in self._under_way:
            return None
        found: list[_T | None] = []

        def run() -> None:
            try:
                found.append(work())
            finally:
                self._under_way.discard(name)

        self._under_way.add(name)
        thread = threading.Thread(target=run, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there is no thread to be had
            self._under_way.discard(name)
            return None
        thread.join(self._limit_s)
        return found[0] if found else None
