"""What is wrong with a configuration: where, in one sentence, and never with a secret in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""Where a setting stands: keys and list positions from the root."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SECRET_PREFIX = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:sk[-_]|gsk_|xai-|nvapi-|pplx-|AIza|AQ\.|ghp_|github_pat_|xox.-|csk-|fw_|tgp_|eyJ)"
)
_LONG_RUN = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` like `providers.openai.profiles[1].api_key`; line and column from 1, None without a file."""

    path: str
    line: int | None
    column: int | None
    message: str

    def at(self, source: str, kind: str = "") -> str:
        """One line: `file.yaml:12:5: path: message`, with `kind` ("warning: ") before the path."""
        place = source if self.line is None else f"{source}:{self.line}:{self.column}"
        return f"{place}: {kind}{self.path}: {self.message}" if self.path else f"{place}: {kind}{self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used, with every problem found in it."""

    def __init__(self, problems: Iterable[Problem], source: str = "configuration") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__(source)

    def __str__(self) -> str:
        """One line per problem."""
        return "\n".join(problem.at(self.source) for problem in self.problems)


def is_secret_like(text: str) -> bool:
    """Whether a text begins like a known vendor's key, or has a long run of letters and digits as keys have."""
    return bool(_SECRET_PREFIX.search(text) or _LONG_RUN.search(text))


def shown(text: str) -> str:
    """A name from the configuration, quoted for a message; what looks like a secret is left out."""
    if is_secret_like(text):
        return "(not shown: it looks like a key)"
    cut = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return "'" + "".join(c if c.isprintable() else "?" for c in cut) + "'"


def rendered(path: Path) -> str:
    """The path as text: `aliases.smart.targets[0]`; a key with other characters stands in `["…"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif is_secret_like(step):
            text += '["(not shown)"]'
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += '["' + "".join(c if c.isprintable() else "?" for c in step) + '"]'
    return text


def closest(name: str, known: Iterable[str]) -> str | None:
    """The most similar known name, None when nothing is near."""
    found = get_close_matches(name.lower(), list(known), n=1, cutoff=0.7)
    return found[0] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    found = closest(name, known)
    return f"; did you mean {shown(found)}?" if found else ""
