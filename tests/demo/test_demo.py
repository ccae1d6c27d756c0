"""The demo as anybody runs it: every story as promised, exit code 0, and no process left behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from remora_client.demo.stories import STORIES

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("demo")]
COMMAND = [sys.executable, "-m", "sidecar.cli", "demo"]


@pytest.fixture
def marked():
    """An environment that every process of one demo inherits, to find them by."""
    return {**os.environ, "REMORA_DEMO_RUN": uuid.uuid4().hex}


def left_over(env: dict[str, str]) -> list[int]:
    mark = f"REMORA_DEMO_RUN={env['REMORA_DEMO_RUN']}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


@pytest.mark.slow
def test_every_story_is_as_promised(marked):
    done = subprocess.run(COMMAND, env=marked, capture_output=True, text=True, timeout=110, check=False)
    broken = [line for line in done.stdout.splitlines() if "✗" in line or " INTERNAL" in line]
    assert done.returncode == 0, "\n".join([*broken, done.stderr])
    assert re.search(rf"^{len(STORIES)} stories, {len(STORIES)} as promised \(\d+ s\)$", done.stdout, re.M)
    assert len(STORIES) >= 8
    assert all(story.title in done.stdout for story in STORIES)
    assert "✗" not in done.stdout
    assert "\033" not in done.stdout
    assert done.stderr == ""
    assert left_over(marked) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_its_processes_when_it_is_interrupted(marked, number, code):
    process = subprocess.Popen(COMMAND, env=marked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "a remora travel" not in (line := process.stdout.readline()):
        assert line
    running = left_over(marked)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert len(running) >= 3
    assert left_over(marked) == []
