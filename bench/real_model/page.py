"""What was found, printed and as docs/resume-local.md."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .judging import NEAR_WORDS, SEQUENCE_WORDS, Heard, Outcome, changes, outcome_of, reads_on, repeated, words

SAMPLES = 5
SHOWN_WORDS = 20
"""Words of a text that a sample shows."""
SEAM = "‖"
HEAD = """\
# Resumed by a real small model

Made by `make resume-local`. A real model ({weights}, llama.cpp's OpenAI-compatible server, temperature 0) answers
short questions; the simulator plays these answers and ends the connection after a random token of each (seed {seed}); a
sidecar with the simulator first and the real model second resumes them (`on_stream_break: resume`). What the model said
is taken down between it and the sidecar; all else is judged from the caller's events by `bench/real_model/judging.py`.
The model is as small as they get, 135 million parameters, and seldom does what the request to go on asks for: a hard
test of what Remora passes on, and a poor picture of how often larger models continue.

Two conditions must hold in the column of `prefill: none`, which is what this server is:

- *unchanged*: the caller's text begins with exactly what was sent before the cut, nothing of it is said to be void, the
  seam is told where it is, and the message at the end is the text of the events;
- *not repeated*: no {sequence} words in a row of the last {near} before the seam stand among the {near} behind it, case and
  punctuation aside.

In the column of `prefill: plain` the setting claims what the server does not do: it takes a conversation that ends with
the assistant's turn, and answers the question anew. There only the first must hold; set `prefill` for an endpoint that
does go on."""
READING = f"""\
*Reads on* looks at the seam alone: inside a sentence no capital follows but of a name, and behind one no small letter.
It does not know whether the text makes sense. The samples are the first {SAMPLES} calls with words behind the seam, which
is at `{SEAM}`; `⏎` is a new line."""


def page(heard: Mapping[str, Sequence[Heard]], seed: int, weights: str) -> str:
    """The page as Markdown. `heard`: the calls of each value of `prefill`."""
    head = HEAD.format(seed=seed, weights=weights, sequence=SEQUENCE_WORDS, near=NEAR_WORDS)
    columns = [dict(figures(calls)) for calls in heard.values()]
    lines = [head, "", "| | " + " | ".join(f"`prefill: {way}`" for way in heard) + " |", "|---|" + "---|" * len(heard)]
    lines += [f"| {name} | " + " | ".join(column[name] for column in columns) + " |" for name in columns[0]]
    lines += ["", READING]
    for way, calls in heard.items():
        lines += ["", f"## Samples, `prefill: {way}`", "", *samples(calls)]
        if broken := list(failures(way, calls)):
            lines += ["", f"## Where a condition does not hold, `prefill: {way}`", "", *broken]
    return "\n".join(lines) + "\n"


def figures(calls: Sequence[Heard]) -> Iterator[tuple[str, str]]:
    """Each figure's name and value."""
    found = Counter(map(outcome_of, calls))
    rests = [len(words(call.rest)) for call in calls if call.rest.strip()]
    again = sum(repeated(call.sent, call.rest) is not None for call in calls)
    alone = sum(repeated(call.sent, call.original[len(call.sent) :]) is not None for call in calls)
    yield "answers cut and resumed", f"{len(calls)}"
    yield "*unchanged*", _of(sum(not list(changes(call)) for call in calls), calls)
    yield "*not repeated*", _of(len(calls) - again, calls)
    yield "the same of the model's own uncut answers", _of(len(calls) - alone, calls)
    yield from ((outcome.value, f"{found[outcome]}") for outcome in Outcome)
    yield "asked by the instruction after a prefill", f"{sum(_both(call) for call in calls)}"
    yield "words behind the seam, where any: median", f"{statistics.median(rests):g}" if rests else "none"
    yield "*reads on*, of those", f"{sum(reads_on(c.sent, c.rest) for c in calls if c.rest.strip())} of {len(rests)}"


def summary(way: str, calls: Sequence[Heard]) -> Iterator[str]:
    """The same as printed lines."""
    yield f"prefill: {way}"
    yield from (f"  {value:>8}  {name.replace('*', '')}" for name, value in figures(calls))
    yield from failures(way, calls)


def failures(way: str, calls: Sequence[Heard]) -> Iterator[str]:
    """Every call that breaks a condition that must hold, with its exact texts."""
    for call in calls:
        again = repeated(call.sent, call.rest) if way == "none" else None
        why = [*changes(call), *([f"repeated: {again!r}"] if again else [])]
        if why:
            yield f"- {call.question} {'; '.join(why)}"
            yield f"  sent ```` {call.sent!r} ````, behind it ```` {call.rest!r} ````"


def samples(calls: Sequence[Heard]) -> Iterator[str]:
    """The first calls with words behind the seam: the end of what was sent, and the beginning of the rest."""
    for call in [call for call in calls if words(call.rest)][:SAMPLES]:
        before = re.findall(r"\S+\s*", call.sent)[-SHOWN_WORDS:]
        behind = re.findall(r"\s*\S+", call.rest)[:SHOWN_WORDS]
        yield f"- {call.question} `… {_line(''.join(before))}{SEAM}{_line(''.join(behind))} …`"


def _line(text: str) -> str:
    return text.replace("\n", "⏎").replace("`", "'").replace("](", "] (")


def _of(number: int, calls: Sequence[Heard]) -> str:
    return f"{number} of {len(calls)}"


def _both(call: Heard) -> bool:
    return {said.by_prefill for said in call.said} == {True, False}
