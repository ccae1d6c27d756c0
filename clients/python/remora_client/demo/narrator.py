"""Tells the stories on a terminal: text token by token, attempts as they end, verdicts. Colour only on a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TextIO

from .heard import Heard, Tried
from .journal import Asked
from .verdict import Check

WIDTH = 108
_MESSAGE = 70
_INDENT = " " * 13
_WORDS = re.compile(r"\s*\S+|\s+")
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"


class Narrator:
    """Writes to `out`, line by line but for the streamed text."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colours = out.isatty() and "NO_COLOR" not in os.environ
        self._column = 0

    def title(self, number: int, text: str) -> None:
        """A story begins."""
        self._line("")
        self._line(self._dyed(f"{number:>2}  {text}", _BOLD))

    def remark(self, text: str) -> None:
        """A line of the story that is not an event of a call."""
        self._line(self._dyed(f"    {text}", _DIM))

    def ask(self, question: str, how: str) -> None:
        """A call begins."""
        self._line(f"    {how}: {self._dyed(question, _CYAN)}")

    def attempt(self, at_s: float, tried: Tried, message: str) -> None:
        """An attempt failed, `at_s` seconds after the call began."""
        said = f'  "{_short(message)}"' if message else ""
        self._line(f"{_time(at_s)} {self._dyed('↯', _RED)} {self._dyed(str(tried), _YELLOW)}{self._dyed(said, _DIM)}")

    def starts(self, at_s: float, who: str) -> None:
        """The first content is there."""
        self._line(f"{_time(at_s)} {self._dyed('▸', _GREEN)} {who} answers")

    def goes_on(self, at_s: float, who: str) -> None:
        """Another goes on with an answer that broke off."""
        self._line(f"{_time(at_s)} {self._dyed('▸', _GREEN)} {who} goes on from there")

    def text(self, piece: str) -> None:
        """A piece of the answer, at once."""
        for word in _WORDS.findall(piece):
            if word[0].isspace() and self._column + len(word.rstrip()) > WIDTH:
                self._put("\n")
            if self._column == 0:
                self._put(_INDENT)
                word = word.lstrip()
            self._put(word)

    def ends(self, heard: Heard) -> None:
        """A call is over."""
        took = _time(heard.took_s)
        if heard.code is not None:
            wait = f", come back in {heard.retry_after_s:.1f} s" if heard.retry_after_s is not None else ""
            self._line(f"{took} {self._dyed('■', _RED)} {heard.code} {heard.reason}{wait}")
            for line in _wrapped(heard.message):
                self._line(f"{_INDENT}{self._dyed(line, _DIM)}")
        elif heard.closed_s is not None:
            self._line(f"{took} ■ the caller hangs up")
        else:
            self._line(f"{took} ■ {heard.finish}: {len(heard.text.split())} words by {heard.by}")

    def provider_saw(self, asked: Iterable[Asked]) -> None:
        """The journal of the story, times counted from its first request."""
        found = list(asked)
        start_s = found[0].at_s if found else 0.0
        told = ", ".join(f"{a.who} at {a.at_s - start_s:.2f} s → {a.fate}" for a in found)
        self._paragraph(f"the provider saw: {told or 'nothing'}")

    def report(self, tried: Iterable[Tried]) -> None:
        """The report that came with the answer."""
        self._paragraph("the report says: " + ", ".join(str(attempt) for attempt in tried))

    def verdict(self, checks: Iterable[Check]) -> None:
        """The judge's lines."""
        for check in checks:
            sign = self._dyed("✓", _GREEN) if check.kept else self._dyed("✗", _RED)
            self._line(f"    {sign} {check.claim}" + ("" if check.kept else f": {check.found}"))

    def summary(self, told: int, kept: int, took_s: float) -> None:
        """The last verdict."""
        text = f"{told} stories, {kept} as promised ({took_s:.0f} s)"
        self._line("")
        self._line(self._dyed(text, _GREEN if told == kept else _RED))

    def plain(self, text: str = "") -> None:
        """A line as it is."""
        self._line(text)

    def _paragraph(self, text: str) -> None:
        for line in _wrapped(text):
            self._line(self._dyed(f"    {line}", _DIM))

    def _line(self, text: str) -> None:
        if self._column:
            self._put("\n")
        self._put(text + "\n")

    def _put(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
        self._column = 0 if text.endswith("\n") else self._column + len(text)

    def _dyed(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colours and text else text


def _time(seconds: float) -> str:
    return f"    {seconds:5.2f} s"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MESSAGE else line[: _MESSAGE - 1] + "…"


def _wrapped(text: str) -> Iterable[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH - len(_INDENT):
            yield line
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    yield line
