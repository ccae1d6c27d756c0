"""What the terminal callers write with: an answer on one stream, remarks on the other, colours only on a terminal."""

from __future__ import annotations

import math
import os
import sys
from typing import TextIO

from remora_client import FailoverReport, RemoraError

_COLOURS = {"dim": "2", "red": "31", "yellow": "33", "green": "32"}
_KEPT_CONTROLS = frozenset("\n\t")
_UNITS = (("days", 86400, 48 * 3600), ("h", 3600, 120 * 60), ("min", 60, 120), ("s", 1, 0))
"""Each unit with its seconds, and the seconds from which on it is used."""

TOKEN_HELP = "Where the sidecar wants a token (listen.token), REMORA_TOKEN is sent."


class Screen:
    """`out` takes the answer and nothing else; `err` takes remarks, which begin on a line of their own."""

    def __init__(self, out: TextIO, err: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._is_terminal = out.isatty()
        self._err_is_terminal = err.isatty()
        self._in_line = False

    def text(self, piece: str) -> None:
        """Writes a piece of the answer at once. On a terminal without control characters, which models may send too."""
        shown = printable(piece) if self._is_terminal else piece
        self._out.write(shown)
        self._out.flush()
        self._in_line = not shown.endswith("\n") if shown else self._in_line

    def end_text(self) -> None:
        """Ends the answer's last line."""
        if self._in_line:
            self._out.write("\n")
            self._out.flush()
            self._in_line = False

    def remark(self, line: str, colour: str = "dim") -> None:
        """Writes a remark, unless quiet."""
        if not self._quiet:
            self.complain(line, colour)

    def complain(self, line: str, colour: str = "red") -> None:
        """Writes what must be said even when quiet."""
        if self._is_terminal and self._err_is_terminal:
            self.end_text()
        self._err.write(painted(printable(line), colour, self._err_is_terminal) + "\n")
        self._err.flush()

    def complain_of(self, error: RemoraError) -> None:
        """Writes an error as one block."""
        head, *rest = error_block(error)
        self.complain("\n".join([f"✗ {head}", *(f"  {line}" for line in rest)]))


def error_block(error: RemoraError) -> list[str]:
    """An error in lines: what happened, its remedy, attempts, skipped entries, fields, when to come back, the ids."""
    lines = [f"{error.reason}: {error.message}" if error.reason else error.message]
    if error.reason == "CALLER_UNAUTHENTICATED":
        lines.append("set REMORA_TOKEN to the sidecar's token")
    if error.report is not None:
        lines += report_lines(error.report)
    lines += [f"{field.field}: {field.description}" for field in error.field_errors]
    if error.retry_after_s is not None:
        lines.append(f"come back in {wait(error.retry_after_s)}")
    ids = [
        f"request {error.request_id}" if error.request_id else "",
        f"trace {error.trace_id}" if error.trace_id else "",
    ]
    return lines + [" · ".join(filter(None, ids))] * any(ids)


def wait(seconds: float) -> str:
    """A wait for people, rounded up: `1.5 s`, `59 s`, `60 min`, `2.5 h`; with a decimal below ten."""
    rounded = math.ceil(seconds) if seconds > 10 else seconds
    unit, length = next((unit, length) for unit, length, least in _UNITS if rounded >= least)
    tenths = math.ceil(round(seconds / length * 10, 6))
    count = tenths / 10 if tenths < 100 else math.ceil(tenths / 10)
    return f"{count:.10g} {unit}"


def report_lines(report: FailoverReport) -> list[str]:
    """Every attempt and every skipped entry of a report, one a line, the targets aligned."""
    targets = [attempt.target for attempt in report.attempts] + [entry.target for entry in report.skipped]
    width = max((len(str(target)) for target in targets), default=0)
    lines = []
    for attempt in report.attempts:
        why = f"{attempt.reason or 'answered'} {attempt.upstream_status or ''}".rstrip()
        said = f"  {attempt.message}" if attempt.message else ""
        lines.append(f"{attempt.index:>2}  {attempt.target!s:<{width}}  {why}, {attempt.total_s:.3f} s{said}")
    for entry in report.skipped:
        said = f", {entry.message}" if entry.message else ""
        said += f" ({entry.reason})" if entry.reason else ""
        lines.append(f" –  {entry.target!s:<{width}}  skipped: {entry.cause or 'unavailable'}{said}")
    if report.truncated is not None:
        lines.append(
            f" …  {report.truncated.attempts} attempts and {report.truncated.skipped} skipped entries left out"
        )
    return lines


def painted(text: str, colour: str, is_terminal: bool) -> str:
    """The text in a colour, on a terminal that has not declined them (NO_COLOR)."""
    if not is_terminal or "NO_COLOR" in os.environ:
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text without control characters, so that it cannot steer the terminal; line feeds and tabs stay."""
    return "".join(c for c in text if c in _KEPT_CONTROLS or not (ord(c) < 32 or 127 <= ord(c) < 160))


def drop_output(stream: TextIO) -> None:
    """After a reader has gone away (`| head`): lets the interpreter's last flush succeed, into nothing."""
    if stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
