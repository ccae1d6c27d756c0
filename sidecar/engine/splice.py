"""What of a resuming attempt goes to the caller: its text behind what was sent, its other parts as new ones.

Held back until it is clear that the attempt goes on and has not begun again (`core.seam`); of an answer that must be JSON,
until it is whole and the joined text is JSON.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ..core.events import Citation, Delta, Finish, Kind, PartCompleted, Said
from ..core.recovery import Resumption
from ..core.rest import StopAcrossSeam
from ..core.seam import Seam, Verdict, Way

_WHY = {
    Verdict.BEGAN_AGAIN_DIFFERENTLY: "it began the answer again, and differently, instead of going on",
    Verdict.UNSURE: "it repeated what may or may not be meant twice, instead of going on",
}


class Splice:
    """Of one attempt. `given_up`: why nothing of it may follow what was sent; "" while it may. `is_stopped`: a stop sequence
    that began in the sent text has ended the answer."""

    def __init__(self, resumption: Resumption, way: Way, stop: tuple[str, ...]) -> None:
        self.resumption = resumption
        self.way = way
        self.given_up = ""
        self.is_stopped = False
        self._seam = Seam(resumption.sent, way)
        self._stop = StopAcrossSeam(resumption.sent, stop)
        self._is_settled = not resumption.given
        self._is_whole = not resumption.is_structured or not resumption.given
        self._next_index = resumption.next_index
        self._text_part: int | None = None
        self._has_left_text = False
        self._indexes: dict[int, int] = {}
        self._has_passed = False
        self._held: list[Said] = []
        self._cited: list[Citation] = []

    @property
    def part_index(self) -> int:
        """Of the part at the seam."""
        here = self.resumption
        return here.text_index if here.text_index is not None else here.next_index

    @property
    def cut(self) -> int:
        """Characters of the attempt's text that the caller had already."""
        return self._seam.cut

    @property
    def is_echo(self) -> bool:
        """Whether it said again what was sent, and nothing more."""
        return self._seam.verdict is Verdict.BEGAN_AGAIN_SAME and not self._has_passed and not self.is_stopped

    def feed(self, event: Said) -> list[Said]:
        """Takes what upstream said; returns what the caller gets now."""
        if self.given_up or self.is_stopped:
            return []
        out: list[Said] = []
        if self._is_at_seam(event):
            if isinstance(event, Delta):
                out += self._told(event.part_index, self._stop.feed(self._seam.feed(event.text)))
            elif isinstance(event, PartCompleted):
                out += self._leave_text()
                out.append(replace(event, part_index=self._index(event.part_index)))
            elif self._seam.verdict is Verdict.HELD:
                self._cited.append(event)
            else:
                out.append(self._moved(event))
        else:
            out += self._leave_text() if isinstance(event, Delta) and event.kind is not Kind.REASONING else []
            out.append(replace(event, part_index=self._index(event.part_index)))
        return self._released(out)

    def end(self, finish: Finish) -> list[Said]:
        """Upstream has completed its answer: what is left of it."""
        if self.given_up or self.is_stopped:
            return []
        out = self._leave_text()
        self._is_settled = True
        if not self._is_whole and not self.given_up:
            self._is_whole = True
            if finish is Finish.STOP and not _is_json(self.resumption.sent + _text(self._held + out)):
                self.given_up = "what it wrote does not make one JSON text with what was sent"
        return self._released(out)

    def _is_at_seam(self, event: Said) -> bool:
        if self._text_part is None and isinstance(event, Delta) and event.kind is Kind.TEXT and not self._has_left_text:
            self._text_part = event.part_index
        return event.part_index == self._text_part

    def _told(self, part_index: int, text: str) -> list[Said]:
        self._is_settled = self._is_settled or self._seam.verdict is not Verdict.HELD
        self.given_up = _WHY.get(self._seam.verdict, "")
        self.is_stopped = self._stop.stopped_by is not None
        said: list[Said] = [Delta(Kind.TEXT, self._index(part_index), text)] if text else []
        if self._cited and self._seam.verdict is not Verdict.HELD:
            said += [self._moved(event) for event in self._cited]
            self._cited.clear()
        return said

    def _leave_text(self) -> list[Said]:
        """No more text stands at the seam."""
        if self._has_left_text:
            return []
        self._has_left_text = True
        text = self._stop.feed(self._seam.end())
        return self._told(self._text_part if self._text_part is not None else -1, text + self._stop.end())

    def _moved(self, event: Citation) -> Said:
        """Offsets count from the beginning of the caller's part."""
        index = self._index(event.part_index)
        behind = (self.resumption.offset if index == self.resumption.text_index else 0) - self._seam.cut
        start = None if event.start_offset is None else max(0, event.start_offset + behind)
        end = None if event.end_offset is None else max(0, event.end_offset + behind)
        return replace(event, part_index=index, start_offset=start, end_offset=end)

    def _index(self, upstream: int) -> int:
        if upstream == self._text_part and self.resumption.text_index is not None:
            return self.resumption.text_index
        if upstream not in self._indexes:
            self._indexes[upstream] = self._next_index
            self._next_index += 1
        return self._indexes[upstream]

    def _released(self, out: list[Said]) -> list[Said]:
        if self.given_up:
            self._held.clear()
            return []
        if not self._is_settled or not self._is_whole:
            self._held += out
            return []
        if self._held:
            out, self._held = self._held + out, []
        self._has_passed = self._has_passed or any(isinstance(event, Delta) for event in out)
        return out


def _text(events: list[Said]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta) and event.kind is Kind.TEXT)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
