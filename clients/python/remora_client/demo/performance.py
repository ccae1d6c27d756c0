"""The demo: starts a simulator and a sidecar, plays every story, judges it, and ends what it started."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from ..client import Client
from . import scenery
from .cast import start_sidecar, start_simulator
from .journal import Journal, Names
from .narrator import Narrator
from .process import ProcessError, Processes, running_in
from .stage import Stage
from .stories import STORIES
from .story import Story


def run(out: TextIO | None = None, stories: Sequence[Story] = STORIES) -> int:
    """Tells the stories on `out` (stdout). 0: all as promised; 1: one was not, or a process did not run."""
    narrator = Narrator(out if out is not None else sys.stdout)
    try:
        with tempfile.TemporaryDirectory(prefix="remora-demo-") as folder, running_in(Path(folder)) as processes:
            return _tell_all(narrator, stories, processes)
    except ProcessError as error:
        narrator.plain(str(error))
        return 1


def _tell_all(narrator: Narrator, stories: Sequence[Story], processes: Processes) -> int:
    sceneries = [story.scenery for story in stories]
    narrator.plain("Starting a provider simulator and the sidecar; every call below is real gRPC and real HTTP.")
    addresses = start_simulator(processes, sceneries)
    sidecar = start_sidecar(processes, sceneries, scenery.configuration(sceneries, addresses))
    journal = Journal(addresses["http"])
    began_at = time.monotonic()
    with Client(sidecar) as client:
        kept = 0
        for number, story in enumerate(stories, start=1):
            narrator.title(number, story.title)
            stage = Stage(story.scenery, client, journal, narrator, addresses)
            kept += _tell(story, stage, scenery.names(sceneries), processes)
    narrator.summary(len(stories), kept, time.monotonic() - began_at)
    _say_how_to_go_on(narrator)
    return 0 if kept == len(stories) else 1


def _tell(story: Story, stage: Stage, names: Names, processes: Processes) -> bool:
    """Plays and judges one story; whether it was as promised. If not, what the processes wrote meanwhile is shown."""
    processes.news()
    story.play(stage)
    processes.check()
    evidence = stage.evidence(names)
    checks = story.judge(evidence)
    stage.narrator.provider_saw(evidence.asked)
    stage.narrator.verdict(checks)
    kept = all(check.kept for check in checks)
    for line in () if kept else processes.news():
        stage.narrator.remark(line)
    return kept


def _say_how_to_go_on(narrator: Narrator) -> None:
    remora = sys.argv[0] if Path(sys.argv[0]).name == "remora" else "remora"
    narrator.plain()
    narrator.plain("Go on yourself:")
    narrator.plain(f"  {remora} serve --simulator &")
    narrator.plain(f'  {remora} chat slow-first-1s "How does a remora travel?"   (more such models: docs/simulator.md)')
