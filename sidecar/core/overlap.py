"""How a text that arrives in pieces repeats one that is there: its beginning, its end; and whether a text repeats itself.

What is searched is searched by `str.find`, so that a megabyte costs milliseconds. Only an overlap that breaks off in the
middle is looked at character by character, once and in linear time.
"""

from __future__ import annotations


class Overlap:
    """Follows pieces along the leftmost place of `text` where all of them stand together, or run beyond its end.

    `text` is not empty. Beside its beginning, places count that leave at least `least` characters to its end. While it is
    open, more pieces can change it; when complete, what arrived begins with `text[start:]`, and with no longer end of `text`.
    """

    def __init__(self, text: str, least: int) -> None:
        self.start = 0
        self.length = 0
        self.begun = 0
        """How many characters of the beginning of `text` arrived."""
        self.is_open = True
        self._text = text
        self._last_start = max(0, len(text) - least)

    @property
    def is_complete(self) -> bool:
        """Whether the end of `text` was reached."""
        return self.start + self.length == len(self._text)

    def feed(self, piece: str) -> str:
        """Follows a piece; returns what of it comes after the end of `text`, or after the last place was ruled out."""
        at = 0
        while self.is_open:
            at += self._follow(piece, at)
            if self.is_complete:
                self.is_open = False
            elif at == len(piece):
                break
            elif self._move(piece[at]):
                at += 1
            else:
                self.is_open = False
        return piece[at:]

    def end(self) -> int:
        """No more pieces: the length of the longest end of `text` that what arrived begins with; 0 if none counts."""
        self.is_open = False
        if self.is_complete:
            return self.length
        least = len(self._text) - self._last_start
        if self.length < least:
            return 0
        length = longest_end(self._text, self._text[self.start : self.start + self.length])
        return length if length >= least else 0

    def _follow(self, piece: str, at: int) -> int:
        here = self.start + self.length
        wanted = piece[at : at + len(self._text) - here]
        same = (
            len(wanted)
            if self._text.startswith(wanted, here)
            else shared(self._text[here : here + len(wanted)], wanted)
        )
        self.length += same
        if self.start == 0:
            self.begun = self.length
        return same

    def _move(self, character: str) -> bool:
        arrived = self._text[self.start : self.start + self.length] + character
        place = self._text.find(arrived, self.start + 1, self._last_start + len(arrived))
        if place < 0:
            return False
        self.start, self.length = place, len(arrived)
        return True


class Beginning:
    """Follows how much of `text` the pieces begin with. While it is open, more pieces can change `length`."""

    def __init__(self, text: str) -> None:
        self.length = 0
        self.is_open = bool(text)
        self._text = text

    def feed(self, piece: str) -> None:
        """Follows a piece."""
        if self.is_open:
            same = shared(self._text[self.length : self.length + len(piece)], piece)
            self.length += same
            self.is_open = same == len(piece) and self.length < len(self._text)


def shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    different = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(different, min(len(one), len(other)))


def longest_end(text: str, head: str) -> int:
    """The length of the longest end of `text` that `head` begins with (Knuth, Morris and Pratt 1977)."""
    borders = [0] * len(head)
    length = 0
    for place in range(1, len(head)):
        while length and head[place] != head[length]:
            length = borders[length - 1]
        length += head[place] == head[length]
        borders[place] = length
    length = 0
    for character in text[-len(head) :] if head else "":
        while length and character != head[length]:
            length = borders[length - 1]
        length += character == head[length]
    return length


def recurs(text: str, length: int) -> bool:
    """Whether the first `length` characters of `text` stand in it once more."""
    return text.find(text[:length], 1) >= 0


def says_itself_again(text: str) -> bool:
    """Whether `text` is one thing said twice or more, the last time perhaps cut short: its period is at most half of it."""
    half = len(text) // 2
    # The beginning holds a whole period, so the first place where it recurs is a period away.
    period = text.find(text[: len(text) - half], 1)
    return 0 < period <= half and text.startswith(text[period:])
