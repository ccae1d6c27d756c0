"""A failed test is played again only where the machine stood still under it, and is never forgiven for long."""

from __future__ import annotations

import time

import pytest

from .standstill import LATE_S, TICK_S, TRIES, Watch

pytest_plugins = "pytester"

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
PLUGIN = """
import time
from tests.standstill import WATCH, pytest_runtest_protocol, pytest_terminal_summary

def stand_still():
    WATCH.tick(1.0, 0.0, time.monotonic())
"""
TEST = """
from conftest import stand_still
played = 0

def test_it():
    global played
    played += 1
    {before}
    assert played > {fails}
"""


def play(pytester: pytest.Pytester, tests: str) -> pytest.RunResult:
    """Plays these tests with the plugin and nothing else of ours."""
    pytester.makeconftest(PLUGIN)
    pytester.makeini(INI)
    pytester.makepyfile(tests)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider")


@pytest.mark.parametrize(
    ("before", "fails", "passed", "lines"),
    [
        ("pass", 0, 1, 0),
        ("pass", 1, 0, 0),
        ("stand_still()", 0, 1, 0),
        ("stand_still()", 1, 1, 1),
        ("stand_still()", TRIES - 1, 1, 1),
        ("stand_still()", TRIES, 0, 1),
        ("stand_still() if played == 1 else None", 2, 0, 1),
    ],
)
def test_a_failure_counts_unless_the_machine_stood_still_and_the_test_passes_then(
    pytester: pytest.Pytester, before: str, fails: int, passed: int, lines: int
) -> None:
    result = play(pytester, TEST.format(before=before, fails=fails))
    result.assert_outcomes(passed=passed, failed=1 - passed)
    said = [line for line in result.outlines if line.startswith("played again, the machine stood still for 0.98 s")]
    assert len(said) == lines
    assert all(line.endswith(f"::test_it {'passed' if passed else 'failed'}") for line in said)


def test_fixtures_of_the_session_too_are_made_anew_for_the_second_time(pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        from conftest import stand_still
        made = []

        @pytest.fixture(scope="session")
        def thing():
            made.append("made")
            yield
            made.append("gone")

        def test_before(thing):
            pass

        def test_it(thing):
            stand_still()
            assert made == ["made", "gone", "made"]

        def test_after(thing):
            assert made == ["made", "gone", "made"]
        """
    play(pytester, tests).assert_outcomes(passed=3)


def test_a_fixture_that_failed_may_succeed_the_second_time(pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        from conftest import stand_still
        made = []

        @pytest.fixture(scope="session")
        def thing():
            stand_still()
            made.append("made")
            assert len(made) > 1

        def test_it(thing):
            assert len(made) == 2
        """
    play(pytester, tests).assert_outcomes(passed=1)


def test_only_time_that_the_process_did_not_use_itself_was_lost() -> None:
    watch = Watch()
    watch.tick(TICK_S + LATE_S, 0.0, 5.0)
    watch.tick(1.0, 0.95, 6.0)
    assert watch.stood_still_s(0.0) == 0.0
    watch.tick(TICK_S + 0.5, 0.1, 7.0)
    watch.tick(TICK_S + 0.3, 0.0, 8.0)
    assert watch.stood_still_s(0.0) == pytest.approx(0.7)
    assert watch.stood_still_s(7.5) == pytest.approx(0.3)


def test_the_watch_really_runs() -> None:
    watch = Watch()
    ticks: list[float] = []
    watch.tick = lambda slept_s, worked_s, now: ticks.append(slept_s)  # type: ignore[method-assign]
    watch.start()
    limit = time.monotonic() + 10
    while len(ticks) < 3 and time.monotonic() < limit:
        time.sleep(TICK_S)
    assert min(ticks[:3]) >= TICK_S
