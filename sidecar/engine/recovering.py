"""How one call goes on with an answer that broke off: by which way at which entry (streams.md, "Resume, exactly")."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.adjustment import PREFILL
from ..core.catalog import Entry, Prefill
from ..core.chain import Link
from ..core.lessons import Lessons
from ..core.recovery import Resumption
from ..core.seam import Way, stops_inside
from .splice import Splice


class Recovering:
    """Of one call. `resumption`: where what is asked next goes on; None: it begins at the beginning."""

    def __init__(self, lessons: Lessons) -> None:
        self._lessons = lessons
        self._ways: dict[Entry, list[Way]] = {}
        self._void: set[tuple[Entry, Way]] = set()
        self._silences = 0
        self.resumption: Resumption | None = None

    def resume(self, resumption: Resumption, links: Iterable[Link], now: float) -> set[Entry]:
        """From now on the answer goes on from there; returns the entries that can."""
        self.resumption = resumption
        self._ways = {link.entry: self._ways_of(link, resumption, now) for link in links}
        return {entry for entry, ways in self._ways.items() if ways}

    def restart(self) -> None:
        """From now on it begins again."""
        self.resumption = None

    def may_be_whole(self, splice: Splice | None) -> bool:
        """Whether an attempt that ends without a word says that nothing is missing: one that has the sent text before it as
        its own does; one that was asked by instruction has to say so twice. Nobody is believed where the sent text stops inside
        a sentence."""
        if splice is None or not splice.resumption.given or stops_inside(splice.resumption.given):
            return False
        self._silences += 1
        return splice.way is Way.PREFILL or self._silences > 1

    def splice(self, link: Link, stop: tuple[str, ...]) -> Splice | None:
        """For an attempt at this entry; None where it gives the answer from its beginning."""
        if self.resumption is None:
            return None
        return Splice(self.resumption, self._ways[link.entry][0], stop)

    def has_other_way(self, splice: Splice, entry: Entry) -> bool:
        """The way of this attempt did not do, in this call; whether another is left for its entry, which is the next one
        then."""
        self._void.add((entry, splice.way))
        left = [way for way in self._ways[entry] if (entry, way) not in self._void]
        self._ways[entry] = left or self._ways[entry]
        return bool(left)

    def _ways_of(self, link: Link, resumption: Resumption, now: float) -> list[Way]:
        if not resumption.given:
            return [Way.INSTRUCTION]
        lesson = self._lessons.of(link.entry, now)
        takes_prefill = link.prefill is not Prefill.NONE and (lesson is None or PREFILL not in lesson.left_out)
        ways = [Way.PREFILL] if takes_prefill else []
        ways += [] if resumption.is_structured else [Way.INSTRUCTION]
        return [way for way in ways if (link.entry, way) not in self._void]
