"""`remora check FILE`: says whether a configuration can be used, and everything that is wrong or odd in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from .loading import Loaded, load
from .problem import ConfigError, Problem


def run(path: str, out: TextIO, err: TextIO, env: Mapping[str, str]) -> int:
    """Writes problems and warnings to `err`, one a line, a summary to `out`. Returns the exit code: 1 on problems."""
    try:
        loaded = load(path, env)
    except ConfigError as error:
        print(error, file=err)
        count = len(error.problems)
        print(f"{path}: {count} {'problem' if count == 1 else 'problems'}", file=err)
        return 1
    for warning in sorted((*loaded.unbuilt, *loaded.warnings), key=_order):
        print(warning.at(path, "warning: "), file=err)
    print(f"{path}: OK: {summary(loaded)}", file=out)
    return 0


def summary(loaded: Loaded) -> str:
    """What is configured, counted."""
    catalog = loaded.settings.catalog
    counts = (
        ("provider", len(catalog.providers)),
        ("profile", sum(len(provider.profiles) for provider in catalog.providers.values())),
        ("model", sum(len(provider.models) for provider in catalog.providers.values())),
        ("alias", len(catalog.aliases)),
        ("global fallback", len(catalog.fallbacks)),
        ("warning", len(loaded.warnings) + len(loaded.unbuilt)),
    )
    return ", ".join(f"{count} {_plural(name, count)}" for name, count in counts)


def _plural(name: str, count: int) -> str:
    return name if count == 1 else name + ("es" if name.endswith("s") else "s")


def _order(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0
