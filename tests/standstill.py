"""Tests in real time are played again when the machine stood still under them: only then, twice at most, and it is said.

Many tests watch real processes over real sockets, and each says what happens within some time. A virtual machine that is taken
its processors for half a second breaks that promise, not the program. So a thread measures how late the system wakes it; a test
that failed while it was woken late counts only when it fails once more. A test that fails on a machine that keeps time has
failed, and so has one that fails every time. The summary has a line for each test that was played again.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from _pytest.runner import call_and_report

TRIES = 3
TICK_S = 0.02
#: What is shorter is every loaded machine's day, and no test may depend on it.
LATE_S = 0.1
PROPERTY = "stood still"


class Watch:
    """Knows when this process was not woken in time, by no work of its own."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Harmless where it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="standstill", daemon=True)
            self._thread.start()

    def stood_still_s(self, since: float) -> float:
        """Seconds in all that were lost since an instant of the monotonic clock."""
        return sum(late_s for at, late_s in self._late if at >= since)

    def tick(self, slept_s: float, worked_s: float, now: float) -> None:
        """It slept so long instead of a tick; the process had the processor for `worked_s` of it."""
        late_s = slept_s - TICK_S - worked_s
        if late_s > LATE_S:
            self._late.append((now, late_s))

    def _run(self) -> None:
        while True:
            began, worked = time.monotonic(), time.process_time()
            time.sleep(TICK_S)
            now = time.monotonic()
            self.tick(now - began, time.process_time() - worked, now)


WATCH = Watch()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Plays the test, and again for as long as the machine and not the test may have failed."""
    WATCH.start()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for left in reversed(range(TRIES)):
        reports, still_s = _played(item, nextitem, may_again=left > 0)
        if not still_s:
            break
        item.user_properties.append((PROPERTY, f"{still_s:.2f} s"))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _played(item: Any, nextitem: pytest.Item | None, *, may_again: bool) -> tuple[list[pytest.TestReport], float]:
    """The reports, and for how long the machine stood still if the test is to be played again: all fixtures are gone then,
    those of the session too, so that nothing of a play is left for the next."""
    began = time.monotonic()
    if not item._request:
        item._initrequest()
    reports = [call_and_report(item, "setup", log=False)]
    if reports[0].passed:
        reports.append(call_and_report(item, "call", log=False))
    still_s = WATCH.stood_still_s(began) if may_again and reports[-1].failed else 0.0
    is_over = still_s or item.session.shouldfail or item.session.shouldstop
    reports.append(call_and_report(item, "teardown", log=False, nextitem=None if is_over else nextitem))
    item._request, item.funcargs = False, None
    return reports, still_s


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names each test that was played again, and for how long the machine had stood still."""
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            still = [said for name, said in report.user_properties if name == PROPERTY]
            if still and report.when != "teardown":
                terminalreporter.write_line(
                    f"played again, the machine stood still for {', '.join(still)}: {report.nodeid} {outcome}"
                )
