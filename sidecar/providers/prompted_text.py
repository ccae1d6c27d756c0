"""Text in which a model calls tools: what it says, and the calls (the form is described in `prompted_tools`).

Sans-I/O and without a memory of more than it must hold back: what may still become a call, and white space and a code
fence that may still turn out to stand around one, which are not passed on as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.errors import BadToolCall
from .prompted_call import CLOSING, FENCE, LANGUAGES, OPENING, Called, is_whole, read_call

MAX_CALL_CHARACTERS = 8 * 1024 * 1024
"""More than any model writes; a call is held back until it is whole."""
_PIECE_CHARACTERS = 4096
"""Looked at in one go. Each tag copies what follows it: an answer that comes whole must not cost its length each time."""
_OPENED = re.compile(rf"(?<!`)```{LANGUAGES}\Z")
_BEGUN = re.compile(rf"(?<!`)(?:`{{1,2}}|```{LANGUAGES})\Z")
_FENCE_CHARACTERS = 24
"""An opening fence has at most 19, and one before it decides whether it is one."""
_TICKS = re.compile("`{3,}")
_QUOTED = re.compile(r"(?:[\"'“„‘«]|(?<!`)`{1,2})\Z")
_MARK_CHARACTERS = 3
"""A quotation mark has at most two characters, and one before it decides whether it is one."""
_OBJECT = re.compile(rf"\s*(?:```{LANGUAGES}\s*)?\{{")
_OBJECT_BEGUN = re.compile(rf"\s*(?:`{{1,2}}|```{LANGUAGES}\s*)?")
_IN_STRING = re.compile(r'"|\\.', re.DOTALL)
_OUTSIDE = re.compile(rf'"|{CLOSING}')


class CallText:
    """Reads one run of text, piece by piece. `names`: of the tools offered. Any chunking gives the same texts and calls.

    - A good call is one wherever it stands, and its text is left out.
    - A tag that begins a line, or follows a call, is meant as one: bad, it is BadToolCall; without an end, `is_cut`.
    - So is any other tag that a `{` follows. Without one it is text, and passes.
    - A tag directly behind a tick or a quotation mark, or in a code block with other text before it, is quoted: unless a
      good call follows, all of it is text, or is bad if a further tag stands in it, which may have been meant.

    `is_cut`: the text ended inside a call, whose JSON is not whole. Both methods must be read to their end, and raise
    BadToolCall behind the pieces that came before: for a call that is no JSON object, or of a tool not offered.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._held = ""
        self._spaces: list[str] = []
        self._body: _Body | None = None
        self._is_after_call = False
        self._is_fenced = False
        self._blocks = _CodeBlocks()
        self._tail = ""
        self.is_cut = False

    @property
    def is_in_call(self) -> bool:
        """Whether a call has begun and is not whole."""
        return self._body is not None

    def feed(self, text: str) -> Iterator[str | Called]:
        """What `text` completes."""
        for at in range(0, len(text), _PIECE_CHARACTERS):
            yield from self._feed(text[at : at + _PIECE_CHARACTERS])

    def _feed(self, text: str) -> Iterator[str | Called]:
        while text:
            if self._body is None:
                said, text = self._outside(text)
                if said:
                    yield said
                continue
            text = self._body.feed(text)
            if self._body.is_closed:
                yield self._read(self._body)
                self._body = None

    def end(self) -> Iterator[str | Called]:
        """The text is whole: what was held back. A call without its closing tag counts if its JSON is whole."""
        if self._body is None:
            if held := self._taken_back():
                yield held
        elif is_whole(self._body.text) or self._body.may_be_text:
            yield self._read(self._body)
        else:
            self.is_cut = True
        self._body = None

    def _read(self, body: _Body) -> str | Called:
        """The call, or the text it was where it is only quoted."""
        try:
            call = read_call(body.text, self._names)
        except BadToolCall:
            if not body.may_be_text:
                raise
            self._note(body.written)
            return body.written
        self._is_after_call, self._tail = True, ""
        return call

    def _outside(self, text: str) -> tuple[str, str]:
        """What is said before the next call, and what follows its opening tag; all is taken where there is no call."""
        if self._held[-1:].isspace() and text.isspace():
            self._spaces.append(text)  # a model that writes nothing else must not cost more with each piece
            return "", ""
        text = self._taken_back() + text
        if self._is_after_call:
            text = self._behind_call(text)
        before, tag, rest = text.partition(OPENING)
        is_call = self._opens_call(before, rest) if tag else None
        if is_call is None:
            keep = _held_from(before, self._run)
            said, self._held, rest = text[:keep], self._held or text[keep:], ""
            self._is_fenced = self._is_fenced and not said
        elif is_call:
            said = self._before_call(before)
            is_quoted = self._is_quoted(before) or self._blocks.is_open_after(said)
            self._body = _Body(before[len(said) :] + tag, is_quoted=is_quoted)
        else:
            said, self._is_fenced = before + tag, False
        self._note(said)
        return said, rest

    def _opens_call(self, before: str, behind: str) -> bool | None:
        """Whether a tag does; None: what follows it will tell."""
        words = before.rstrip()
        begins_line = "\n" in before[len(words) :] or not (words or self._tail)
        if (begins_line and not self._blocks.is_open_after(words)) or _OBJECT.match(behind):
            return True
        return None if _OBJECT_BEGUN.fullmatch(behind) else False

    @property
    def _run(self) -> str:
        """Ticks passed on last: of a run too long for a fence, which ticks that follow go on with."""
        return FENCE + "`" if self._tail.endswith("`") else ""

    def _is_quoted(self, before: str) -> bool:
        return _QUOTED.search((self._tail + before)[-_MARK_CHARACTERS:]) is not None

    def _note(self, said: str) -> None:
        """It has been passed on as text."""
        if said:
            self._blocks.add(said)
            self._tail = (self._tail + said)[-_MARK_CHARACTERS:]
            self._is_after_call = False

    def _taken_back(self) -> str:
        """What was held back, to be looked at again."""
        held = "".join((self._held, *self._spaces))
        self._held = ""
        self._spaces.clear()
        return held

    def _before_call(self, text: str) -> str:
        """Without white space and an opening fence at its end. A fence that closes what was said stays."""
        text = text.rstrip()
        fence = _OPENED.search((self._run + text)[-_FENCE_CHARACTERS:])
        if fence is None:
            self._is_fenced = self._is_fenced and not text
            return text
        before = text[: -len(fence[0])]
        self._is_fenced = not self._blocks.is_open_after(before)
        return before.rstrip() if self._is_fenced else text

    def _behind_call(self, text: str) -> str:
        """Without the white space and the closing fence that follow a call; what may become that fence is held back."""
        text = text.lstrip()
        if self._is_fenced and text.startswith(FENCE):
            self._is_fenced = False
            return text[len(FENCE) :].lstrip()
        if self._is_fenced and FENCE.startswith(text):
            self._held = text
            return ""
        return text


class _CodeBlocks:
    """Counts the fences of code blocks in what was said. Runs of three ticks or more; a run may come in pieces, and of its
    last ticks no more than three need to be known."""

    def __init__(self) -> None:
        self._count = 0
        self._ticks = ""

    def add(self, text: str) -> None:
        self._count = self._after(text)
        whole = self._ticks + text
        self._ticks = whole[len(whole.rstrip("`")) :][: len(FENCE)]

    def is_open_after(self, text: str) -> bool:
        return self._after(text) % 2 == 1

    def _after(self, text: str) -> int:
        return self._count + len(_TICKS.findall(self._ticks + text)) - (len(self._ticks) >= len(FENCE))


class _Body:
    """What stands between the tags. A closing tag inside a JSON string closes nothing.

    `opening`: what stood before it and was not passed on, its tag included. `is_quoted`: it may turn out to be text.
    """

    def __init__(self, opening: str, *, is_quoted: bool) -> None:
        self._opening = opening
        self._is_quoted = is_quoted
        self._pieces: list[str] = []
        self._size = 0
        self._carry = ""
        self._in_string = False
        self.is_closed = False

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def written(self) -> str:
        """All of it, from what stood before the tag on, as the model wrote it."""
        return "".join((self._opening, *self._pieces, CLOSING if self.is_closed else self._carry))

    @property
    def may_be_text(self) -> bool:
        """Whether it is quoted, and hides no further call."""
        return self._is_quoted and OPENING not in self.text

    def feed(self, text: str) -> str:
        """Takes what belongs to it; returns what follows the closing tag."""
        text = self._carry + text
        at = 0
        while sign := (_IN_STRING if self._in_string else _OUTSIDE).search(text, at):
            if sign[0] == CLOSING:
                self._keep(text[: sign.start()])
                self.is_closed = True
                return text[sign.end() :]
            if sign[0] == '"':
                self._in_string = not self._in_string
            at = sign.end()
        self._carry = self._undecided(text, at)
        self._keep(text[: len(text) - len(self._carry)])
        return ""

    def _undecided(self, text: str, at: int) -> str:
        """The end of the text from `at` on whose meaning the next piece decides."""
        if self._in_string:
            return "\\" if text.endswith("\\", at) else ""
        size = _begun(text, CLOSING)
        return text[len(text) - size :]

    def _keep(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_CALL_CHARACTERS:
            raise BadToolCall(f"a tool call in the text of over {MAX_CALL_CHARACTERS} characters")
        self._pieces.append(text)


def _begun(text: str, tag: str) -> int:
    """How many characters of a tag the text ends in, short of all."""
    at = text.rfind("<", -len(tag) + 1)
    return len(text) - at if at >= 0 and tag.startswith(text[at:]) else 0


def _held_from(text: str, run: str) -> int:
    """From where on a text without an opening tag may turn out to be what stands before a call, or its beginning."""
    end = len(text[: len(text) - _begun(text, OPENING)].rstrip())
    fence = _BEGUN.search((run + text[max(0, end - _FENCE_CHARACTERS) : end])[-_FENCE_CHARACTERS:])
    return end if fence is None else len(text[: end - len(fence[0])].rstrip())
