"""What a resumed answer is judged by. Pure: texts in, findings out; nothing here knows how the sidecar works inside."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE_WORDS = 8
"""So many words in a row, said before the seam and again behind it, are a repetition."""
NEAR_WORDS = 200
"""Words before the seam and behind it that are looked at."""
KNOWN_BY = 8
"""An answer that begins with so many characters of the sent text, or all of it if shorter, has begun again."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]*")
_SENTENCE_END = (".", "!", "?", ":", '"', "”", "*", "`", "\n")


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the real model when it was asked to go on. `by_prefill`: the conversation ended with the sent text."""

    text: str
    by_prefill: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """One call. `original`: what the first provider would have said; `sent`: what it said of that before the cut.

    `at_seam`: what the caller had when it was told of the seam, `offset`: where that is, as told; None: it never was.
    `text`: what the caller had at the end. `whole`: the message at the end; None: the call failed. `voided`: something was
    said to be void. `finish`, `reason`: how it ended. `said`: the real model's answers, in order.
    """

    question: str
    original: str
    sent: str
    at_seam: str | None
    offset: int | None
    text: str
    whole: str | None
    voided: bool
    finish: str | None
    reason: str | None
    said: tuple[Said, ...]

    @property
    def rest(self) -> str:
        """What the caller got behind the sent text."""
        return self.text[len(self.sent) :]


class Outcome(enum.Enum):
    """What became of a call, as the page tells it."""

    WENT_ON = "went on: all that the model said was passed on"
    OVERLAP_CUT = "said the end of the sent text again: that was cut, the rest passed on"
    WHOLE_CUT = "said all of the sent text again: that was cut, the rest passed on"
    ECHO = "said all of the sent text again and no word more: the answer ends there"
    NOTHING_MORE = "said no word: the answer ends there"
    BEGAN_AGAIN = "began again and differed: given up, the honest error"
    OTHER_ERROR = "another error"


def outcome_of(heard: Heard) -> Outcome:
    """What became of a call: the model's last answer against what the caller got of it."""
    sent, rest = heard.sent.strip(), heard.rest.strip()
    said = heard.said[-1].text.strip() if heard.said else ""
    if heard.whole is None:
        return Outcome.BEGAN_AGAIN if said and said.startswith(sent[:KNOWN_BY]) else Outcome.OTHER_ERROR
    if not rest:
        return Outcome.ECHO if said else Outcome.NOTHING_MORE
    if len(said) <= len(rest):
        return Outcome.WENT_ON
    return Outcome.WHOLE_CUT if said.startswith(sent) else Outcome.OVERLAP_CUT


def keeps(heard: Heard) -> bool:
    """Whether both conditions hold: the sent part stands unchanged, and nothing is repeated at the seam."""
    return not list(changes(heard)) and repeated(heard.sent, heard.rest) is None


def changes(heard: Heard) -> Iterator[str]:
    """How the sent part does not stand unchanged at the start; nothing: it does."""
    if heard.voided:
        yield "something sent was said to be void"
    if not heard.text.startswith(heard.sent):
        yield f"the caller's text does not begin with what was sent: {heard.text!r}"
    if heard.at_seam is not None and heard.at_seam != heard.sent:
        yield f"at the seam the caller had {heard.at_seam!r}"
    if heard.offset is not None and heard.offset != len(heard.sent):
        yield f"the seam was told at {heard.offset}, and is at {len(heard.sent)}"
    if heard.rest and heard.at_seam is None:
        yield f"text came behind a seam that was not told: {heard.rest!r}"
    if heard.whole is not None and heard.whole != heard.text:
        yield f"the message at the end differs from the events: {heard.whole!r}"


def words(text: str) -> list[str]:
    """The words of a text, without case and punctuation."""
    return _WORD.findall(text.casefold())


def repeated(sent: str, rest: str) -> str | None:
    """The first eight words behind the seam that also stand in a row among the 200 before it; None: there are none."""
    before = set(_sequences(words(sent)[-NEAR_WORDS:]))
    found = (sequence for sequence in _sequences(words(rest)[:NEAR_WORDS]) if sequence in before)
    return next((" ".join(sequence) for sequence in found), None)


def reads_on(sent: str, rest: str) -> bool:
    """Whether the seam looks like any place of one text; it says nothing about what the text means.

    Inside a sentence, anything but a capital goes on, or a word that is always written with one: "I", or a name the sent
    text has. Behind a finished sentence, or in a new line, anything but a small letter begins.
    """
    begun = rest.lstrip()
    if sent.rstrip(" ").endswith(_SENTENCE_END) or "\n" in rest[: len(rest) - len(begun)]:
        return not begun[:1].islower()
    first = _WORD.match(begun)
    return not begun[:1].isupper() or (first is not None and first[0] in {"I", *_NAME.findall(sent)})


def _sequences(found: list[str]) -> Iterator[tuple[str, ...]]:
    for place in range(len(found) - SEQUENCE_WORDS + 1):
        yield tuple(found[place : place + SEQUENCE_WORDS])
