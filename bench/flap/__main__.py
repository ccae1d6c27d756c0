"""`make flap`: prints what happened in counts, and PASS or FAIL for what must hold; exit 1 on a FAIL."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from .judging import table
from .run import SHORT, SOAK, Plan, run


def main() -> int:
    """Runs and prints."""
    parser = argparse.ArgumentParser(prog="bench.flap", description="Calls while providers come and go.")
    parser.add_argument("--short", action="store_true", help="the few seconds that `make test` runs")
    parser.add_argument("--soak", action="store_true", help="twenty minutes at 50 calls, and memory is judged too")
    parser.add_argument("--seconds", type=float, help="how long providers come and go")
    parser.add_argument("--concurrent", type=int, help="calls at once")
    parser.add_argument("--seed", type=int, help="another seed is another schedule")
    asked = parser.parse_args()
    chosen = {name: value for name, value in vars(asked).items() if name not in ("short", "soak") and value is not None}
    record, found = run(replace(SHORT if asked.short else SOAK if asked.soak else Plan(), **chosen))
    print(table(record))
    for finding in found:
        print(finding.line())
    return 0 if all(finding.passes for finding in found) else 1


if __name__ == "__main__":
    sys.exit(main())
