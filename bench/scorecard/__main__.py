"""`make scorecard`: plays every scenario, writes docs/scorecard.md, and exits 1 on a FAIL."""

from __future__ import annotations

import argparse
import pathlib
import sys
from dataclasses import replace

from .page import page
from .play import FAST, REAL, SCENARIOS, play

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "scorecard.md"


def main() -> int:
    """Plays and writes."""
    parser = argparse.ArgumentParser(prog="bench.scorecard", description="What callers see while providers fail.")
    parser.add_argument(
        "--fast", action="store_true", help="shorter clocks, one run each, no page: what `make test` runs"
    )
    parser.add_argument("--runs", type=int, help="runs of each scenario")
    parser.add_argument("--only", action="append", default=[], help="scenarios whose names have this in them; no page")
    parser.add_argument("--page", type=pathlib.Path, help="write the page here, whatever else was chosen")
    asked = parser.parse_args()
    plan = FAST if asked.fast else REAL
    if asked.runs:
        plan = replace(plan, runs=asked.runs)
    chosen = [each for each in SCENARIOS if not asked.only or any(name in each.name for name in asked.only)]
    results = play(plan, chosen, lambda line: print(line, flush=True))
    path = asked.page or (None if asked.fast or asked.only else PAGE)
    if path is not None:
        path.write_text(page(results, "make scorecard"))
    failed = [result.scenario.name for result in results if not result.passes]
    print(
        f"{len(results) - len(failed)} of {len(results)} scenarios pass"
        + (f"; FAIL: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
