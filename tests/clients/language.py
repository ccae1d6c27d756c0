"""The languages: where each client is, whether its toolchain is here, and its programs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIRE = ROOT / ".ci/require"
LANGUAGES = ("python", "python-asyncio", "go", "typescript", "java", "rust", "cpp")


@dataclass(frozen=True, slots=True)
class Missing:
    """What of a language's toolchain is not here; `required` where it must be."""

    what: str
    required: bool


def folder(language: str) -> Path:
    """Where the client is."""
    return ROOT / "clients" / language.removesuffix("-asyncio")


def program(language: str, name: str) -> list[str]:
    """The command line of a program that the client's `make build` makes; Python's are run as they are."""
    if language.startswith("python"):
        suffix = language.removeprefix("python").replace("-", "_")
        return [sys.executable, str(folder(language) / f"programs/{name}{suffix}.py")]
    return [str(folder(language) / "build" / name)]


@cache
def missing(language: str) -> Missing | None:
    """What is missing of the toolchain; None if nothing is."""
    if language.startswith("python"):
        return None
    asked = subprocess.run(
        ["make", "-s", "-C", str(folder(language)), "toolchain"], capture_output=True, text=True, check=False
    )
    if asked.returncode == 0:
        return None
    return Missing(" ".join(asked.stdout.split()), is_required(language))


def is_required(language: str) -> bool:
    """Whether this machine must have the toolchain: CI's does, for what `.ci/require` lists."""
    lines = REQUIRE.read_text().splitlines()
    return bool(os.environ.get("CI")) and language in [line for line in lines if not line.startswith("#")]


def built(language: str) -> str:
    """What to do before the client's programs can run; empty if nothing."""
    programs = [program(language, name)[-1] for name in ("conformance", "readme")]
    lacking = [name for name in programs if not Path(name).exists() and not language.endswith("-asyncio")]
    return f"{lacking} are not there: make clients-test builds them" if lacking else ""
