"""Each client's example program: a line in, an answer out, and failovers told beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.simulator import answer_text

from ..server.process import environment
from .language import ROOT, missing
from .stage import Stage

PROGRAMS = {
    "python": [sys.executable, "clients/python/examples/chat.py"],
    "go": ["clients/go/build/chat"],
    "typescript": ["clients/typescript/build/chat"],
    "java": ["clients/java/build/example"],
    "rust": ["clients/rust/target/debug/examples/chat"],
    "cpp": ["clients/cpp/build/cmake/remora_chat"],
}
QUESTION = "Why is the sky blue?"
WITHIN_S = 30.0


@pytest.mark.parametrize("language", [language for language in PROGRAMS if missing(language) is None])
def test_an_example_answers_a_line_and_ends_with_its_input(stage: Stage, language: str) -> None:
    first, *rest = PROGRAMS[language]
    command = [first if Path(first).is_absolute() else str(ROOT / first), *(str(ROOT / part) for part in rest), "smart"]
    variables = environment(REMORA_ADDRESS=stage.sidecar("sidecar").addresses[0])
    ran = subprocess.run(
        command, input=QUESTION + "\n", env=variables, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert answer_text(QUESTION, 20) in ran.stdout
