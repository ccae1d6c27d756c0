"""Answers of a model that calls tools in its text: the events of any codec's decoder, with ordinary tool calls in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..core.content import Tool
from ..core.errors import BadToolCall, ProtocolViolation
from ..core.events import Citation, Delta, Finish, Finished, Kind, PartCompleted, Upstream
from .codec import Decoder
from .prompted_call import Called
from .prompted_text import CallText

_CUT = (Finish.LENGTH, Finish.CONTENT_FILTERED)
"""The provider itself says that the answer is not whole: a call that breaks off is no fault, and is left out."""


class PromptedDecoder:
    """Wraps the decoder of an answer to a `prompted` request.

    Text passes at once, but for what may still belong to a call; a call is a part of its own, told when it is whole.
    Reasoning, refusals and calls that came natively pass as they are. STOP becomes TOOL_CALLS where a tool was called.

    `tools`: those that were `offered`; without any, text is not searched. `issuer`: marks the parts completed here.
    `digits`: fresh letters and digits, 24 of them, for the id of a call. Raises, beside what `inner` raises,
    BadToolCall for a call that is no JSON object, of a tool not offered, or without an end in a whole answer; which tags
    open a call is `CallText`'s to say.
    """

    def __init__(self, inner: Decoder, tools: Iterable[Tool], issuer: str, digits: Callable[[], str]) -> None:
        self._inner = inner
        self._names = frozenset(tool.name for tool in tools)
        self._issuer = issuer
        self._digits = digits
        self._out: list[Upstream] = []
        self._numbers = _Numbers()
        self._source: int | None = None
        self._text = CallText(self._names)
        self._open: int | None = None
        self._has_calls = False
        self._is_cut = False

    @property
    def is_in_call(self) -> bool:
        """Whether a call is being written: its bytes are content, though no event tells of it yet."""
        return self._text.is_in_call

    def feed(self, data: bytes) -> list[Upstream]:
        """The events that `data` completes. Any chunking gives the same events."""
        self._take(self._inner.feed(data))
        return self._given()

    def end(self) -> list[Upstream]:
        """The body ended cleanly: the events still held back."""
        self._take(self._inner.end())
        return self._given()

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        try:
            self._take(self._inner.taken())
        except ProtocolViolation:
            pass  # the fault that was raised already is the one to be told
        return self._given()

    def _given(self) -> list[Upstream]:
        out, self._out = self._out, []
        return out

    def _take(self, events: list[Upstream]) -> None:
        for event in events:
            self._event(event)

    def _event(self, event: Upstream) -> None:
        match event:
            case Delta(kind=Kind.TEXT) if self._names:
                self._begin_text(event.part_index)
                for piece in self._text.feed(event.text):
                    self._piece(piece)
            case Delta():
                self._end_text()
                self._has_calls = self._has_calls or event.kind is Kind.TOOL_CALL
                self._out.append(replace(event, part_index=self._numbers.of(event.part_index)))
            case Citation():
                self._cite(event)
            case PartCompleted(index):
                self._complete(event, index)
            case Finished(finish):
                self._finish(finish)
            case _:
                self._out.append(event)

    def _piece(self, piece: str | Called) -> None:
        """Something said, or a call; both end what came before, and pieces that arrive together are one event."""
        if isinstance(piece, Called):
            self._close()
            self._has_calls = True
            part = self._numbers.new()
            self._out.append(Delta(Kind.TOOL_CALL, part, piece.arguments, f"call_{self._digits()}", piece.name))
            self._out.append(PartCompleted(part, self._issuer))
            return
        delta = Delta(Kind.TEXT, self._opened(), piece)
        last = self._out[-1] if self._out else None
        both = last.joined(delta) if isinstance(last, Delta) else None
        if both is None:
            self._out.append(delta)
        else:
            self._out[-1] = both

    def _begin_text(self, index: int) -> None:
        """Text of the inner decoder's part `index`. A call does not go on from one part into another."""
        if self._source != index:
            self._end_text()
            self._numbers.split(index)
            self._source = index

    def _end_text(self) -> None:
        if self._source is None:
            return
        for piece in self._text.end():
            self._piece(piece)
        self._is_cut = self._is_cut or self._text.is_cut
        self._close()
        self._source = None
        self._text = CallText(self._names)

    def _opened(self) -> int:
        if self._open is None:
            self._open = self._numbers.new()
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._out.append(PartCompleted(self._open, self._issuer))
            self._open = None

    def _cite(self, event: Citation) -> None:
        """A citation of the text under way. Its offsets are left out: they count what the caller is not shown."""
        if self._names:
            self._begin_text(event.part_index)
            event = replace(event, part_index=self._opened(), start_offset=None, end_offset=None)
        else:
            event = replace(event, part_index=self._numbers.of(event.part_index))
        self._out.append(event)

    def _complete(self, event: PartCompleted, index: int) -> None:
        if index == self._source:
            self._end_text()
        elif not self._numbers.is_split(index):
            self._out.append(replace(event, part_index=self._numbers.of(index)))

    def _finish(self, finish: Finish) -> None:
        self._end_text()
        if self._is_cut and finish not in _CUT:
            raise BadToolCall("a tool call in the text that has no end")
        self._out.append(Finished(Finish.TOOL_CALLS if finish is Finish.STOP and self._has_calls else finish))


class _Numbers:
    """Numbers the parts anew, in their order. The inner decoder counts one by one; a part of lower number that it has not
    told of yet, such as reasoning that is not shown, keeps its place."""

    def __init__(self) -> None:
        self._count = 0
        self._known = 0
        self._parts: dict[int, int] = {}
        self._split: set[int] = set()

    def new(self) -> int:
        """A part that the inner decoder does not have."""
        self._count += 1
        return self._count - 1

    def of(self, index: int) -> int:
        """The number of the inner decoder's part."""
        self._reserve(index + 1)
        return self._parts[index]

    def split(self, index: int) -> None:
        """The inner decoder's part becomes new ones: what is said, and calls."""
        self._reserve(index)
        self._known = max(self._known, index + 1)
        self._split.add(index)

    def is_split(self, index: int) -> bool:
        """Whether the inner decoder's part became new ones."""
        return index in self._split

    def _reserve(self, count: int) -> None:
        for index in range(self._known, count):
            self._parts[index] = self.new()
        self._known = max(self._known, count)
