"""The page: one row for each scenario, with what held, the figures and their spread."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence

from .judge import Figure
from .play import Played

TITLE = "# Scorecard"
HEAD = """\
What a caller gets while providers fail, judged from outside. `make scorecard` starts, for each run of each scenario, a real
sidecar in front of a real simulated provider ([simulator.md](simulator.md)), calls it over gRPC, and looks at the caller's
events and at the provider's journal. The code that judges (`bench/scorecard/`) imports nothing of the sidecar. The clocks are
Remora's defaults, the times are real.

- Chains are asked from left to right; the names of the models, or a script, say how they misbehave. `seed-n` is a model that
  goes on with an answer in one of four ways, by the number of the run: exactly, overlapping, from the beginning, from the
  beginning and different. `burst` models answer without a pace of their own, so that figures are Remora's share.
- *Exact* is: character for character what the provider answers when it is asked directly.
- Figures are min–max of the runs, and what they are held to. Seconds are this machine's ({machine})."""


def page(results: Sequence[Played], command: str) -> str:
    """The page as Markdown."""
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    passed, runs = sum(result.passes for result in results), max(len(result.runs) for result in results)
    lines = [TITLE, "", HEAD.format(machine=machine), ""]
    lines += [f"Made by `{command}`: {passed} of {len(results)} scenarios pass, {runs} runs each.", ""]
    lines += ["| scenario | shows | chain | must hold | figures | passed |", "|---|---|---|---|---|---|"]
    lines += [_row(result) for result in results]
    failures = list(_failures(results))
    if failures:
        lines += ["", "## What failed", "", *failures]
    return "\n".join(lines) + "\n"


def _row(result: Played) -> str:
    scenario, runs = result.scenario, result.runs
    held = list(dict.fromkeys(name for run in runs for name in run.held))
    verdict = f"{'PASS' if result.passes else 'FAIL'} {result.passed}/{len(runs)}"
    models = " → ".join(runs[0].played).replace("seed-1", "seed-n")
    cells = (scenario.name, scenario.shows, models, "; ".join(held), "; ".join(figures(result)), verdict)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def figures(result: Played) -> Iterator[str]:
    """Each figure with its spread and bound."""
    by_name: dict[str, list[Figure]] = {}
    for run in result.runs:
        for figure in run.figures:
            by_name.setdefault(figure.name, []).append(figure)
    for name, found in by_name.items():
        values, unit = [figure.value for figure in found], found[0].unit
        low, high = (_number(value, unit) for value in (min(values), max(values)))
        spread = low if low == high else f"{low}–{high}"
        bound = "" if found[0].at_most is None else f" (at most {found[0].at_most:g})"
        yield f"{name} {spread}{f' {unit}' if unit else ''}{bound}"


def _number(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.3f}" if value < 1.0 else f"{value:.2f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def _failures(results: Sequence[Played]) -> Iterator[str]:
    for result in results:
        for run in result.runs:
            for why in run.failed:
                yield f"- {result.scenario.name}, run {run.number}: {' '.join(why.split())}"
