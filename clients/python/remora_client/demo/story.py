"""What a story is: a scenery, what the caller does in it, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .scenery import Endpoint, Scenery
from .stage import Stage
from .verdict import Check, Evidence


@dataclass(frozen=True, slots=True)
class Story:
    """One promise, played and judged. `judge` is pure and strict: the exact requests, not roughly so."""

    scenery: Scenery
    title: str
    play: Callable[[Stage], None]
    judge: Callable[[Evidence], Sequence[Check]]


def story(
    name: str,
    title: str,
    endpoints: Sequence[Endpoint],
    play: Callable[[Stage], None],
    judge: Callable[[Evidence], Sequence[Check]],
) -> Story:
    """A story; `name` is the alias that is asked for."""
    return Story(Scenery(name, tuple(endpoints)), title, play, judge)
