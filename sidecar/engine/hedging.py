"""What to do about an attempt that is slow: wait on, hedge it, or leave it (streams.md, "Clocks")."""

from __future__ import annotations

from ..core.classify import Verdict
from ..core.course import Course
from ..core.deadline import LimitedBy
from ..core.step import Start
from ..core.value import value_type
from .admission import Admission
from .attempt import Attempt
from .limits import slow_verdict
from .services import Services
from .state import Ticket


@value_type
class Hedge:
    """Start this beside the slow attempt; its ticket is taken."""

    start: Start
    ticket: Ticket


class Hedging:
    """Of one call."""

    def __init__(self, services: Services, course: Course, admission: Admission, number: int) -> None:
        self._services = services
        self._course = course
        self._admission = admission
        self._number = number

    def decide(self, slow: Attempt, now: float) -> Hedge | Verdict | None:
        """A hedge; a verdict: the attempt is to be left for the next entry; None: it is waited for.

        Where no hedge may be made and another entry is callable, a target under suspicion is left, and one that was only given
        a share of the deadline.
        """
        start = self._course.hedge(now, slow.start)
        if start is None or self._services.hedges.available(now) < 1.0:
            is_shared = slow.clocks.first_content.limited_by is LimitedBy.SPLIT
            is_left = is_shared or self._services.health.is_suspect(slow.start.target, now)
            may_leave = start is not None or self._course.has_others(slow.start, now)
            return slow_verdict(slow.clocks.first_content, slow.status) if is_left and may_leave else None
        ticket = self._admission.acquire(start, self._number, now)
        if not isinstance(ticket, Ticket):
            self._course.refused(start, now)
            return None
        self._services.hedges.draw(now)
        return Hedge(start, ticket)
