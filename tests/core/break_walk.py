"""One call walked by hand whose answer breaks off after the caller had some of it, as the engine does it."""

from __future__ import annotations

from collections.abc import Iterable

from sidecar.core.classify import Verdict
from sidecar.core.reasons import Reason
from sidecar.core.step import Start

from .build import verdict
from .walk import Walk

GAVE_UP = Verdict(Reason.CANCELLED, message="it began again")


class BreakWalk(Walk):
    """`able`: providers whose entries can go on with a broken answer; None: all of them."""

    able: tuple[str, ...] | None = None
    or_restart = False

    def breaks(self, reason: Reason | Verdict = Reason.STREAM_BROKEN, after_s: float = 0.25) -> str:
        """The answer breaks off, and goes on; gives what follows."""
        self._break(reason, after_s)
        links = [leg.link for leg in self.course._legs]
        able = {link.entry for link in links if self.able is None or link.entry.provider in self.able}
        self.course.breaks.go_on(able, or_restart=self.or_restart)
        return self.go()

    def restarts(self, reason: Reason | Verdict = Reason.STREAM_BROKEN, after_s: float = 0.25) -> str:
        """The answer breaks off, and begins again; gives what follows."""
        self._break(reason, after_s)
        return self.go()

    def breaks_unseen(self, after_s: float = 0.25) -> str:
        """It breaks off while all of it was still held back; gives what follows."""
        self._break(Reason.STREAM_BROKEN, after_s, seen=False)
        return self.go()

    def gives_up(self) -> str:
        """What it wrote is no continuation, and it has no other way; gives what follows."""
        self._ends_blameless()
        self.course.passes(self._start, GAVE_UP)
        return self.go()

    def asks_otherwise(self, told: Verdict = GAVE_UP) -> bool:
        """It is asked in another way, if it may be; the next step is not taken yet."""
        self._ends_blameless()
        return self.course.asks_otherwise(self._start, told, self.now)

    def run(self, outcomes: Iterable[str]) -> list[str]:
        """Who is asked first, and after each of these outcomes: one of the methods above, or a reason."""
        return [self.go(), *(self._outcome(told) for told in outcomes)]

    def _outcome(self, told: str) -> str:
        match told:
            case "breaks":
                return self.breaks()
            case "breaks_unseen":
                return self.breaks_unseen()
            case "restarts":
                return self.restarts()
            case "gives_up":
                return self.gives_up()
            case _:
                return self.fail(Reason(told))

    @property
    def kinds(self) -> list[str]:
        """Of every attempt."""
        return [kind.value for _, kind in self.made]

    @property
    def _start(self) -> Start:
        assert isinstance(self.last, Start)
        return self.last

    def _break(self, reason: Reason | Verdict, after_s: float, *, seen: bool = True) -> None:
        told = verdict(reason) if isinstance(reason, Reason) else reason
        assert self._ticket is not None
        self.now += after_s
        self.health.failed(self._ticket, told, "", self.now)
        assert self.course.may_recover(self._start, told)
        self.course.broke(self._start, told, self.now, seen=seen)

    def _ends_blameless(self) -> None:
        assert self._ticket is not None
        self.now += 0.25
        self.health.neutral(self._ticket, self.now)
