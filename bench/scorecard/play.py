"""Plays scenarios: long ones at once, since they mostly wait; the others a few at a time."""

from __future__ import annotations

import pathlib
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from . import breaks, flow, parts, refusals, waits
from .judge import Play, Profile, Run, Scenario
from .stage import Providers

SCENARIOS: tuple[Scenario, ...] = (
    *refusals.SCENARIOS,
    *waits.SCENARIOS,
    *breaks.SCENARIOS,
    *parts.SCENARIOS,
    *flow.SCENARIOS,
)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario and its runs, by number."""

    scenario: Scenario
    runs: tuple[Run, ...]

    @property
    def passed(self) -> int:
        """How many of them."""
        return sum(not run.failed for run in self.runs)

    @property
    def passes(self) -> bool:
        """Whether all did."""
        return self.passed == len(self.runs)


@dataclass(frozen=True, slots=True)
class Plan:
    """`runs`: of each scenario. `long_at_once`, `at_once`: how many runs of long scenarios, and of the others."""

    profile: Profile
    runs: int
    long_at_once: int
    at_once: int


REAL = Plan(Profile(real=True), 5, 60, 1)
FAST = Plan(Profile(real=False), 1, 6, 2)


def play(plan: Plan, scenarios: Sequence[Scenario], tell: Tell) -> list[Played]:
    """Every run of every scenario, in the scenarios' order; tells of each run as it ends."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = pathlib.Path(name)
        providers = Providers(folder)
        stack.callback(providers.end)
        done: dict[tuple[str, int], Run] = {}
        for is_long, at_once in ((True, plan.long_at_once), (False, plan.at_once)):
            chosen = [scenario for scenario in scenarios if scenario.is_long == is_long]
            # Rounds: what is wrong with a scenario shows in the first, not at the end.
            wanted = [(scenario, number) for number in range(1, plan.runs + 1) for scenario in chosen]
            with ThreadPoolExecutor(at_once) as pool:
                started = [
                    pool.submit(_run, _new_run(plan, folder, providers, *each), each[0], tell) for each in wanted
                ]
                try:
                    for (scenario, number), future in zip(wanted, started, strict=True):
                        done[scenario.name, number] = future.result()
                except BaseException:  # somebody ends us: what has not begun is left out, what runs is ended in order
                    pool.shutdown(cancel_futures=True)
                    raise
        return [Played(each, tuple(done[each.name, n] for n in range(1, plan.runs + 1))) for each in scenarios]


def _new_run(plan: Plan, folder: pathlib.Path, providers: Providers, scenario: Scenario, number: int) -> Run:
    place = SCENARIOS.index(scenario) if scenario in SCENARIOS else len(SCENARIOS)
    return Run(number, plan.profile, folder / f"run-{place:02d}-{number}", providers)


def _run(run: Run, scenario: Scenario, tell: Tell) -> Run:
    began_at = time.monotonic()
    try:
        _judge(scenario.play, run)
    finally:
        run.close()
    verdict = "FAIL" if run.failed else "PASS"
    tell(
        f"{verdict}  {scenario.name} #{run.number} ({time.monotonic() - began_at:.1f} s)"
        + "".join(f"\n      {why}" for why in run.failed)
    )
    return run


def _judge(play: Play, run: Run) -> None:
    try:
        play(run)
    except Exception as error:  # what breaks the judging of one run is that run's FAIL, and says so
        run.failed.append(f"{type(error).__name__}: {error}")
