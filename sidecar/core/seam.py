"""The seam of a resumed answer: what a continuation says again, and what of it the caller gets (streams.md, "Resume, exactly").

The sent text is given to the next target without the white space at its end (`given`). What comes is held back while it may
still be a repetition: the white space it begins with, and then as long as all of it stands in the sent text. White space at
the beginning of the sent text does not count.

- White space: where the continuation begins with what was sent as the sent text's last white space, from its beginning or up
  to its end, that much is not sent twice; of the rest nothing is cut.
- It begins with all of the sent text: that is cut. White space before it is tolerated, and cut too.
- It begins as the sent text does and then differs, or ends: it began again, and nothing of it fits. Told by half of the sent
  text, at least 8 and at most 24 characters, so that a common "The " is none. By instruction 8 tell it, with a whole word
  among them, where the sent text stops inside a sentence, in which nothing begins. And only where the sent text itself does
  not say that beginning twice, as rows of a list do.
- By instruction it may repeat the end of the sent text: the longest end of at least 24 characters is cut, counting white
  space around it that both have. What is shorter stays, since it may be meant.
- What is repeated may be meant where it is one thing over and over ("ha ha ha"), or hardly anything ("#", "1"): then nobody
  can tell how often it was meant, and nothing of it is passed on.

Text that truly says twice what it began with, or its last 24 characters, just where it broke is taken for a repetition.
"""

from __future__ import annotations

import enum

from .overlap import Beginning, Overlap, recurs, says_itself_again, shared

OVERLAP_CHARACTERS = 24
"""A shorter end of the sent text that the continuation begins with may be meant."""
RESTART_CHARACTERS = (8, 24)
"""So many characters of the sent text's beginning tell a restart from chance: half of it, between these."""
LEADING_SPACE = 16
"""White space that an answer may put before what it repeats."""
TELLING_CHARACTERS = 3
"""A sent text shorter than this, or without letter and digit, is too little to know again."""


class Way(enum.Enum):
    """How the next target was asked to go on."""

    PREFILL = "PREFILL"
    INSTRUCTION = "INSTRUCTION"


class Verdict(enum.Enum):
    """What a continuation turned out to be."""

    HELD = "HELD"
    CONTINUES = "CONTINUES"
    BEGAN_AGAIN_SAME = "BEGAN_AGAIN_SAME"
    BEGAN_AGAIN_DIFFERENTLY = "BEGAN_AGAIN_DIFFERENTLY"
    UNSURE = "UNSURE"

    @property
    def is_spliced(self) -> bool:
        """Whether its text goes on to the caller. False also while it is held; for good, where it gives up."""
        return self in (Verdict.CONTINUES, Verdict.BEGAN_AGAIN_SAME)

    @property
    def is_given_up(self) -> bool:
        """Whether nothing of it may follow the sent text."""
        return self in (Verdict.BEGAN_AGAIN_DIFFERENTLY, Verdict.UNSURE)


class Seam:
    """Between `sent`, the text the caller has of a broken answer, and a continuation that comes in pieces.

    `given` is what the next target is to be shown of it. `cut`: how many characters of the continuation were left out as
    repeated, once the verdict is no longer HELD. Held at most: the length of `sent`, once more that of the white space at its
    beginning or end (at least 16 characters), and one piece.
    """

    def __init__(self, sent: str, way: Way) -> None:
        self.given = sent.rstrip()
        self._said = self.given.lstrip()
        self.verdict = Verdict.HELD
        self.cut = 0
        self._way = way
        self._space = sent[len(self.given) :]
        self._most_leading = max(LEADING_SPACE, len(self._space), len(self.given) - len(self._said))
        self._held: list[str] = []
        self._leading = 0
        self._overlap: Overlap | None = None
        self._repeated = 0
        self._after: Beginning | None = None

    def feed(self, piece: str) -> str:
        """Takes a piece of the continuation; returns what goes to the caller now, perhaps nothing."""
        if self.verdict is not Verdict.HELD:
            return piece if self.verdict.is_spliced else ""
        self._held.append(piece)
        if self._after is not None:
            self._after.feed(piece)
            self._settle()
        elif self._overlap is not None:
            self._match(self._overlap, piece)
        else:
            self._begin(piece)
        return self._released()

    def end(self) -> str:
        """The continuation has ended; returns what goes to the caller of what was held. The verdict is final."""
        if self.verdict is Verdict.HELD:
            if self._overlap is None:
                self._go_on()
            elif self._after is None:
                self._leave(self._overlap)
            self._settle(is_ended=True)
        return self._released()

    def _begin(self, piece: str) -> None:
        """White space so far. How much of it may stand before a repetition is bounded, so that not all is held."""
        text = piece.lstrip()
        self._leading += len(piece) - len(text)
        if self._leading > self._most_leading or (text and not self._said):
            self._go_on()
        elif text:
            least = max(1, OVERLAP_CHARACTERS - self._leading - len(self._space))
            self._overlap = Overlap(self._said, len(self._said) if self._way is Way.PREFILL else least)
            self._match(self._overlap, text)

    def _match(self, overlap: Overlap, text: str) -> None:
        overlap.feed(text)
        if not overlap.is_open:
            self._leave(overlap)
            self._settle()

    def _leave(self, overlap: Overlap) -> None:
        """No more of it can be a repetition of `given`, but white space after one."""
        if has_begun_again(self._said, overlap.begun, self._way):
            self.verdict = Verdict.BEGAN_AGAIN_DIFFERENTLY
            return
        self._repeated = overlap.end()
        self._after = Beginning(self._space)
        self._after.feed("".join(self._held)[self._leading + self._repeated :])

    def _settle(self, is_ended: bool = False) -> None:
        if self.verdict is not Verdict.HELD or self._after is None or (self._after.is_open and not is_ended):
            return
        if self._repeated == len(self._said):
            self._judge_whole(self._after)
        elif self._repeated and self._shared_characters(self._after) >= OVERLAP_CHARACTERS:
            is_unsure = says_itself_again(self._said[-self._repeated :])
            self._judge(Verdict.UNSURE if is_unsure else Verdict.CONTINUES, self._after)
        else:
            self._go_on()

    def _judge_whole(self, after: Beginning) -> None:
        is_same = after.is_open or after.length == len(self._space)
        joined = self._said + (self._space or "".join(self._held)[: self._leading])
        if not is_telling(self._said):
            self._judge(Verdict.UNSURE, after) if is_same else self._go_on()
        elif says_itself_again(self._said) or says_itself_again(joined):
            self._judge(Verdict.UNSURE, after)
        else:
            self._judge(Verdict.BEGAN_AGAIN_SAME if is_same else Verdict.BEGAN_AGAIN_DIFFERENTLY, after)

    def _judge(self, verdict: Verdict, after: Beginning) -> None:
        self.verdict = verdict
        self.cut = self._leading + self._repeated + after.length if verdict.is_spliced else 0

    def _go_on(self) -> None:
        self.verdict = Verdict.CONTINUES
        leading = "".join(self._held)[: self._leading]
        # What it writes of the white space that was sent, from its beginning or its end, is not sent twice.
        self.cut = len(leading) if self._space.endswith(leading) else shared(self._space, leading)

    def _shared_characters(self, after: Beginning) -> int:
        """The length of the overlap, with the white space at both its ends that the continuation and `sent` have."""
        before = self._said[: -self._repeated][::-1]
        leading = "".join(self._held)[: self._leading][::-1]
        return shared(before, leading) + self._repeated + after.length

    def _released(self) -> str:
        if self.verdict is Verdict.HELD:
            return ""
        text = "".join(self._held)[self.cut :] if self.verdict.is_spliced else ""
        self._held.clear()
        return text


def has_begun_again(sent: str, begun: int, way: Way) -> bool:
    """Whether a text that begins with the first `begun` characters of `sent`, and then differs, is `sent` begun again."""
    least, most = RESTART_CHARACTERS
    has_word = any(character.isspace() for character in sent[:begun])
    is_inside = way is Way.INSTRUCTION and stops_inside(sent) and has_word
    is_enough = begun >= (least if is_inside else min(max((len(sent) + 1) // 2, least), most))
    return is_enough and begun < len(sent) and not recurs(sent, begun)


def stops_inside(sent: str) -> bool:
    """Whether a text breaks off inside a sentence: behind a word or a comma."""
    return sent[-1:].isalnum() or sent.endswith(",")


def is_telling(sent: str) -> bool:
    """Whether a text that repeats `sent` does so hardly by chance."""
    return len(sent) >= TELLING_CHARACTERS and any(character.isalnum() for character in sent)
