"""Continuations played through a splice: what upstream says, and what the caller has of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from sidecar.core.events import Delta, Finish, Kind, Said
from sidecar.core.recovery import Resumption
from sidecar.core.seam import Way
from sidecar.engine.splice import Splice


def pieces(text: str, ends: Iterable[int]) -> list[str]:
    """The text cut at these places."""
    places = [0, *sorted(min(end, len(text)) for end in ends), len(text)]
    return [text[one:other] for one, other in pairwise(places)]


def resuming(sent: str, way: Way, *stops: str, is_structured: bool = False) -> Splice:
    """Behind an answer of one text, part 0, that is open."""
    return Splice(Resumption(sent, 0, len(sent), 1, is_structured=is_structured), way, stops)


def text(piece: str, part: int = 0) -> Delta:
    """A piece of text, as upstream counts its parts."""
    return Delta(Kind.TEXT, part, piece)


def play(splice: Splice, events: Iterable[Said], finish: Finish | None = Finish.STOP) -> list[Said]:
    """What the caller gets of all this; `finish` None: upstream does not come to its end."""
    got = [said for event in events for said in splice.feed(event)]
    return got + (splice.end(finish) if finish is not None else [])


def texts(events: Iterable[Said], part: int = 0) -> str:
    """All the text of the caller's part."""
    return "".join(said.text for said in events if isinstance(said, Delta) and said.part_index == part)


def continued(sent: str, way: Way, answer: list[str]) -> str | None:
    """The caller's whole text after a continuation in these pieces; None: it was given up."""
    splice = resuming(sent, way)
    got = play(splice, [text(piece) for piece in answer])
    assert all(isinstance(said, Delta) and said.part_index == 0 and said.text for said in got)
    if splice.given_up:
        assert got == []
        return None
    assert texts(got) == "".join(answer)[splice.cut :]
    return sent + texts(got)
