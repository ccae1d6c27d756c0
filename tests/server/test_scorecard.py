"""What callers see while providers fail, played with short clocks; and the judges, who know nothing of the inside."""

from __future__ import annotations

import ast
import pathlib
from dataclasses import replace
from typing import Any

import pytest
from remora_client._pb import chat_pb2

import bench.scorecard
from bench.scorecard.caller import Heard
from bench.scorecard.judge import Profile, Run, Scenario
from bench.scorecard.page import page
from bench.scorecard.play import FAST, SCENARIOS, Played, play
from bench.scorecard.stage import Providers

FOLDER = pathlib.Path(bench.scorecard.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_every_scenario_passes_with_short_clocks() -> None:
    told: list[str] = []
    results = play(FAST, SCENARIOS, told.append)
    assert all(result.passes for result in results), "\n".join(line for line in told if line.startswith("FAIL"))


class GivingUp(Profile):
    """Has the sidecar end a call where an answer breaks off."""

    def policy(self) -> dict[str, Any]:
        """The short clocks, and no recovery."""
        return {**super().policy(), "on_stream_break": "fail"}


def test_a_sidecar_that_does_not_recover_fails() -> None:
    cut = next(scenario for scenario in SCENARIOS if scenario.name.startswith("cut at token"))
    (result,) = play(replace(FAST, profile=GivingUp(real=False)), [cut], lambda line: None)
    failed = "\n".join(result.runs[0].failed)
    assert "the call ends well: UNAVAILABLE STREAM_BROKEN" in failed
    assert "fault to good content: it never came" in failed


def imported(module: pathlib.Path) -> set[str]:
    """The packages a module imports from, its own left out."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level < 2, f"{module.name} reaches out of its folder"
            found |= {(node.module or "").partition(".")[0]} if not node.level else set()
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.name))
def test_the_judges_import_nothing_of_the_sidecar(module: pathlib.Path) -> None:
    assert not imported(module) & {"sidecar", "tests", "bench", "importlib"}


def test_there_are_enough_scenarios_and_each_says_what_it_shows() -> None:
    assert len(SCENARIOS) >= 34
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert all(scenario.shows for scenario in SCENARIOS)


def run_of(folder: pathlib.Path, number: int = 1) -> Run:
    """A run that starts nothing until it is asked to."""
    return Run(number, Profile(real=True), folder, Providers(folder))


def test_what_does_not_hold_and_what_takes_too_long_fails_a_run(tmp_path: pathlib.Path) -> None:
    run = run_of(tmp_path)
    run.holds("two", 1 + 1 == 2)
    run.figure("soon", 0.1, 0.1)
    run.figure("told only", 99.0)
    assert run.failed == []
    run.holds("three", 1 + 1 == 3, 2)
    run.figure("late", 0.1001, 0.1)
    run.figure("never", None, 0.1)
    assert run.failed == ["three: 2", "late 0.100 s, at most 0.1", "never: it never came"]


def test_what_breaks_the_judging_is_a_failure_too() -> None:
    def breaks(run: Run) -> None:
        """Breaks."""
        raise ValueError("no such thing")

    told: list[str] = []
    (result,) = play(FAST, [Scenario("broken", breaks)], told.append)
    assert not result.passes
    assert result.runs[0].failed == ["ValueError: no such thing"]
    assert told[0].startswith("FAIL  broken #1")


def test_the_page_has_the_spread_and_every_failure(tmp_path: pathlib.Path) -> None:
    def cut(run: Run) -> None:
        """The next goes on."""

    runs = (run_of(tmp_path, 1), run_of(tmp_path, 2))
    for run, value in zip(runs, (0.012, 0.2), strict=True):
        run.holds("text exact", True)
        run.figure("fault to good content", value, 0.1)
    written = page([Played(Scenario("cut", cut), runs)], "make scorecard")
    assert (
        "| cut | The next goes on |  | text exact | fault to good content 0.012–0.200 s (at most 0.1) | FAIL 1/2 |"
        in written
    )
    assert "- cut, run 2: fault to good content 0.200 s, at most 0.1" in written
    assert "0 of 1 scenarios pass" in written


def heard(*events: chat_pb2.ChatResponse) -> Heard:
    """A call that was told this, one event a second."""
    return Heard(0.0, [(float(place), event) for place, event in enumerate(events, 1)])


def text(piece: str, index: int = 0) -> chat_pb2.ChatResponse:
    """A piece of text."""
    return chat_pb2.ChatResponse(text_delta=chat_pb2.TextDelta(part_index=index, text=piece))


RESTARTED = chat_pb2.ChatResponse(restarted=chat_pb2.Restarted())
RESUMED = chat_pb2.ChatResponse(resumed=chat_pb2.Resumed())


def discarded(index: int, offset: int) -> chat_pb2.ChatResponse:
    """A part, or its end, is void."""
    return chat_pb2.ChatResponse(part_discarded=chat_pb2.PartDiscarded(part_index=index, offset=offset))


def test_the_caller_discards_what_it_is_told_to_discard() -> None:
    assert heard(text("ab"), text("cd"), discarded(0, 3), text("!")).text == "abc!"
    assert heard(text("ab"), text("cd", 1), discarded(1, 0)).text == "ab"
    assert heard(text("ab"), RESTARTED, text("xy")).text == "xy"


def test_the_first_content_behind_a_seam_is_timed() -> None:
    call = heard(text("ab"), RESUMED, text("cd"), text("ef"))
    assert call.content_behind("resumed") == 3.0
    assert call.last_content_before("resumed") == 1.0
    assert heard(text("ab"), RESUMED).content_behind("resumed") is None
    assert heard(text("ab"), text("cd")).content_behind("resumed") is None
