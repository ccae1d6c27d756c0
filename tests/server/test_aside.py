"""Blocking work on threads that nobody waits for: the loop and the end go on while a file hangs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from sidecar.aside import Brief, aside

LIMIT_S = 0.01
STUCK = """
import asyncio, threading
from sidecar.aside import aside

async def main():
    task = asyncio.create_task(aside(threading.Event().wait, 60.0, lambda: None))
    await asyncio.sleep(0.05)
    task.cancel()

asyncio.run(main())
"""


async def test_what_takes_long_is_warned_of_once_and_told_when_it_returns() -> None:
    goes_on, late = threading.Event(), asyncio.Event()
    warnings: list[int] = []

    def warn() -> None:
        warnings.append(1)
        late.set()

    async with asyncio.timeout(20.0):
        work = asyncio.create_task(aside(goes_on.wait, LIMIT_S, warn))
        await late.wait()
        await asyncio.sleep(LIMIT_S * 3)
        assert not work.done()
        goes_on.set()
        assert await work is True
    assert warnings == [1]


async def test_what_returns_in_time_is_not_warned_of_and_errors_pass_through() -> None:
    warnings: list[None] = []
    assert await aside(lambda: 7, 60.0, lambda: warnings.append(None)) == 7
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, 60.0, lambda: warnings.append(None))
    assert warnings == []


def test_a_process_ends_while_its_work_hangs() -> None:
    assert subprocess.run([sys.executable, "-c", STUCK], timeout=20, check=False).returncode == 0


def test_brief_work_that_hangs_is_begun_again_only_when_it_has_returned() -> None:
    goes_on, begun = threading.Event(), []

    def hang() -> str:
        begun.append(1)
        goes_on.wait(20.0)
        return "late"

    brief = Brief(LIMIT_S)
    assert brief.ask("a", hang) is None
    assert brief.ask("a", hang) is None
    assert len(begun) == 1
    assert Brief(20.0).ask("b", lambda: "other") == "other"
    goes_on.set()
    for _ in range(2000):
        if (found := brief.ask("a", lambda: "again")) is not None:
            break
        time.sleep(0.01)  # another thread's end: there is no event to await
    assert found == "again"


def test_without_a_thread_brief_work_gives_nothing_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    brief = Brief(20.0)
    with monkeypatch.context() as refused:
        refused.setattr(threading.Thread, "start", refuse)
        assert brief.ask("a", lambda: "found") is None
    assert brief.ask("a", lambda: "found") == "found"
