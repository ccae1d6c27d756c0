"""Reads a Dockerfile and a .dockerignore, as far as ours go: no heredocs, no escapes but the line continuation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its keyword in upper case, its flags (`--from=build`), and the rest of its line."""

    keyword: str
    flags: tuple[str, ...]
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as a shell would split it."""
        return shlex.split(self.rest)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next. `name`: after AS, else empty."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def of(self, keyword: str) -> list[Instruction]:
        """Its instructions of a kind."""
        return [one for one in self.instructions if one.keyword == keyword]

    @property
    def environment(self) -> dict[str, str]:
        """What its ENV instructions say, unexpanded."""
        return dict(word.split("=", 1) for one in self.of("ENV") for word in one.words)


def instructions(text: str) -> list[Instruction]:
    """Every instruction in order, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [_instruction(line.strip()) for line in joined.splitlines() if line.strip()]


def stages(text: str) -> list[Stage]:
    """The stages in order."""
    found: list[Stage] = []
    for one in instructions(text):
        if one.keyword == "FROM":
            base, _, name = one.rest.partition(" AS ")
            found.append(Stage(base.strip(), name.strip(), ()))
        elif found:
            last = found[-1]
            found[-1] = Stage(last.base, last.name, (*last.instructions, one))
    return found


@dataclass(frozen=True, slots=True)
class Context:
    """A folder as a build sees it: without what .dockerignore leaves out."""

    root: Path

    def files(self, source: str) -> Iterator[PurePosixPath]:
        """The files that a COPY of `source` takes, relative to the context."""
        start = self.root / source
        every = start.rglob("*") if start.is_dir() else [start]
        relative = (PurePosixPath(path.relative_to(self.root).as_posix()) for path in every if path.is_file())
        return (path for path in relative if not self.ignores(path))

    def ignores(self, path: PurePosixPath) -> bool:
        """The last pattern that fits the path, or a folder above it, decides."""
        is_ignored = False
        for line in (self.root / ".dockerignore").read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            fits = re.compile(_regular(line.removeprefix("!")))
            if any(fits.fullmatch(str(one)) for one in (path, *path.parents)):
                is_ignored = not line.startswith("!")
        return is_ignored


def _instruction(line: str) -> Instruction:
    keyword, _, rest = line.partition(" ")
    flags = []
    while rest.lstrip().startswith("--"):
        flag, _, rest = rest.lstrip().partition(" ")
        flags.append(flag)
    return Instruction(keyword.upper(), tuple(flags), rest.strip())


def _regular(pattern: str) -> str:
    """A pattern of .dockerignore as a regular expression."""
    escaped = re.escape(pattern.strip("/"))
    return escaped.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
