"""The demo's stories against a real Jaeger, where there is one; it is never built here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .server import find
from .story import STORIES


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("demo")
@pytest.mark.skipif(find() is None, reason="no Jaeger here: make jaeger-demo builds it")
def test_jaeger_has_every_story_as_its_callers_were_told():
    command = [sys.executable, "-m", "tests.jaeger"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=230, check=False)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 0, "\n".join([*failed, done.stderr])
    assert failed == []
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASS")]
    assert len(passed) >= 9 * len(STORIES)
    assert done.stderr == ""
