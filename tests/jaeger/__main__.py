"""`python -m tests.jaeger`: the demo's stories against a real Jaeger, judged by its query API.

One PASS or FAIL line a check. Exit 0: all passed; 1: one failed, or a process did not run; 3: there is no Jaeger;
130: Ctrl-C while it played.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from remora_client.demo.process import ProcessError, running_in

from .performance import Performance, perform
from .query import Query
from .recording import record
from .server import find, start
from .story import STORIES
from .whole import judge_all


def main(arguments: list[str] | None = None) -> int:
    """Plays, judges and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.jaeger", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave Jaeger running until Ctrl-C")
    parser.add_argument("--record", action="store_true", help="write the recordings anew that the judge is tried on")
    asked = parser.parse_args(arguments)
    program = find()
    if program is None:
        print("jaeger: not found; scripts/jaeger.sh builds it", file=sys.stderr)
        return 3
    try:
        with tempfile.TemporaryDirectory(prefix="remora-jaeger-") as folder, running_in(Path(folder)) as processes:
            jaeger = start(processes, program)
            print(f"Playing {len(STORIES)} stories; spans go to Jaeger at {jaeger.query}", flush=True)
            performance = perform(STORIES, jaeger, Path(folder))
            query = Query(jaeger.query)
            failed = _judge(query, performance)
            if asked.record:
                record(query, performance)
            if asked.keep:
                _wait(jaeger.query)
            return 1 if failed else 0
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _judge(query: Query, performance: Performance) -> int:
    """How many checks failed."""
    passed = failed = 0
    for story, check in judge_all(query, performance):
        passed, failed = passed + check.kept, failed + (not check.kept)
        found = "" if check.kept else f": {check.found}"
        print(f"{'PASS' if check.kept else 'FAIL'}  {story}: {check.claim}{found}", flush=True)
    calls = sum(len(played.told) for played in performance.played)
    print(f"{passed + failed} checks of {calls} calls in {len(performance.played)} stories: {failed} failed")
    return failed


def _wait(url: str) -> None:
    """Until Ctrl-C. A Jaeger that was built without its web page shows the same as JSON."""
    print(f"Jaeger is at {url} (traces as JSON: {url}/api/traces?service=remora) until Ctrl-C", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
