"""The first program of each client's README: ten lines at most, and it prints an answer as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.simulator import answer_text

from ..server.process import Sidecar, environment
from .language import LANGUAGES, built, folder, missing, program

FENCES = {"python": "python", "go": "go", "typescript": "ts", "java": "java", "rust": "rust", "cpp": "cpp"}
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with Sidecar(Path(tmp_path_factory.mktemp("readme")), None, "--simulator", "--listen-grpc", "127.0.0.1:0") as one:
        yield one


def first_program(language: str) -> str:
    """The README's first block in its language."""
    text = (folder(language) / "README.md").read_text()
    match = re.search(rf"^```{FENCES[language]}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert match is not None, f"clients/{language}/README.md has no block of {FENCES[language]}"
    return match.group(1)


@pytest.mark.parametrize("language", FENCES)
def test_a_stream_takes_ten_lines_of_at_most_a_hundred_characters(language: str) -> None:
    lines = first_program(language).splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("language", [language for language in FENCES if missing(language) is None])
def test_the_first_program_of_the_readme_prints_an_answer(language: str, sidecar: Sidecar) -> None:
    assert not built(language)
    asked = re.search(r'"([^"\n]*\?)"', first_program(language))
    assert asked is not None, "the program asks a question"
    variables = environment(REMORA_ADDRESS=sidecar.addresses[0])
    ran = subprocess.run(program(language, "readme"), env=variables, capture_output=True, text=True, timeout=WITHIN_S)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert answer_text(asked.group(1), 20) in ran.stdout


def test_every_language_of_the_suite_has_a_readme() -> None:
    assert {language.removesuffix("-asyncio") for language in LANGUAGES} == set(FENCES)


def test_pythons_first_program_is_as_the_formatter_leaves_it() -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--stdin-filename", "readme.py", "-"]
    ran = subprocess.run(command, input=first_program("python"), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
