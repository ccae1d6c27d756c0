"""`make resume-local`: answers of a real small model, cut at random and resumed by it; exit 1 where the seam is wrong."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

from remora_client.demo.process import ProcessError, running_in

from .judging import Heard
from .model import Witness, answer, start_model
from .page import failures, page, summary
from .questions import QUESTIONS
from .stage import Cut, Stage, cut_at_random

MOST_TOKENS = {"alone": 64, "resumed": 96}
"""The output limits. What a broken answer used of the second is estimated: with the first, some would end there."""
PREFILLED = 12
"""So many of the answers are also played with a prefill that the endpoint does not understand."""
LIMIT_S = 540.0
"""From then on no more of these are begun: on a busy machine the page has fewer of them, and says how many."""
PAGE = Path(__file__).parent.parent.parent / "docs" / "resume-local.md"


def main() -> int:
    """Runs, prints, and writes the page when nothing was left out."""
    parser = argparse.ArgumentParser(prog="bench.real_model", description="Answers resumed by a real small model.")
    parser.add_argument("python", help="of the model's environment")
    parser.add_argument("weights", help="the model's file")
    parser.add_argument("--answers", type=int, default=len(QUESTIONS), help="the first so many; fewer write no page")
    parser.add_argument("--seed", type=int, default=5, help="another seed cuts elsewhere")
    parser.add_argument("--texts", type=Path, help="a file for every text, as JSON")
    asked = parser.parse_args()
    began_at = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder), asked.python, asked.weights
            heard = play(*files, QUESTIONS[: asked.answers], asked.seed, began_at + LIMIT_S)
    except ProcessError as error:
        print(error)
        return 1
    for way, calls in heard.items():
        print("\n".join(summary(way, calls)))
    if asked.texts:
        asked.texts.write_text(json.dumps({way: [asdict(call) for call in calls] for way, calls in heard.items()}))
    if asked.answers >= len(QUESTIONS):
        PAGE.write_text(page(heard, asked.seed, Path(asked.weights).name), encoding="utf-8")
    holds = not any(list(failures(way, calls)) for way, calls in heard.items())
    print(f"{'PASS' if holds else 'FAIL'} after {time.monotonic() - began_at:.0f} s")
    return 0 if holds else 1


def play(
    folder: Path, python: str, weights: str, questions: Sequence[str], seed: int, ends_at: float
) -> dict[str, list[Heard]]:
    """Every call, by the value of `prefill`. ProcessError where a process does not run. `ends_at`: of the clock."""
    chance = random.Random(seed)
    with running_in(folder) as processes:
        origin = start_model(processes, python, weights)
        print(f"The model answers {len(questions)} questions …", flush=True)
        cuts = [
            cut_at_random(question, answer(origin, question, MOST_TOKENS["alone"]), chance) for question in questions
        ]
        witness = Witness(origin)
        try:
            with Stage(processes, cuts, witness, MOST_TOKENS["resumed"]) as stage:
                judged = list(_played(stage, cuts, "none"))
                told = _played(stage, cuts[:PREFILLED], "plain")
                return {"none": judged, "plain": list(takewhile(lambda call: time.monotonic() < ends_at, told))}
        finally:
            witness.close()


def _played(stage: Stage, cuts: Sequence[Cut], way: str) -> Iterator[Heard]:
    print(f"{len(cuts)} of them break, and it is asked to go on (prefill: {way}) …", flush=True)
    for number, cut in enumerate(cuts):
        yield stage.play(number, cut, way)


if __name__ == "__main__":
    sys.exit(main())
