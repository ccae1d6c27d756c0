"""What follows when an attempt has failed: the same target again, another, or the answer goes on elsewhere, or is over."""

from __future__ import annotations

import re
from dataclasses import replace

from ..core.adjustment import PREFILL
from ..core.chain import Chain
from ..core.classify import Verdict
from ..core.content import Request
from ..core.course import Course
from ..core.events import Finish
from ..core.mending import Mended, Mending
from ..core.reasons import Again, Reason, Then
from ..core.recovery import After
from ..core.seam import Way
from ..core.step import Start
from .attempt import Attempt
from .delivery import Delivery
from .ledger import Ledger
from .limits import believed, local_verdict
from .recovering import Recovering
from .services import Services
from .settling import Settling

_REFUSALS = frozenset({Reason.UNSUPPORTED_PARAMETER, Reason.INVALID_REQUEST, Reason.UNKNOWN, Reason.EMPTY_RESPONSE})
"""How a request is refused, or not understood, that ends with the beginning of the answer."""
_NAMES_PREFILL = re.compile(r"\bpre-?fill", re.IGNORECASE | re.ASCII)


def _as_refused_prefill(attempt: Attempt, verdict: Verdict) -> Verdict:
    """A provider may refuse the prefill that we added by any status; its words decide then, for this attempt alone."""
    is_ours = attempt.splice is not None and attempt.splice.way is Way.PREFILL and attempt.first_content_at is None
    if not is_ours or verdict.is_own or not _NAMES_PREFILL.search(verdict.message):
        return verdict
    return replace(verdict, reason=Reason.UNSUPPORTED_PARAMETER, parameter=PREFILL)


class Failing:
    """Of one call."""

    def __init__(
        self,
        services: Services,
        request: Request,
        chain: Chain,
        course: Course,
        ledger: Ledger,
        delivery: Delivery,
        settling: Settling,
    ) -> None:
        self._services = services
        self._request = request
        self._chain = chain
        self._course = course
        self._ledger = ledger
        self._delivery = delivery
        self._settling = settling
        self.mending = Mending(request, services.lessons)
        self.recovering = Recovering(services.lessons)

    def failed(self, attempt: Attempt, verdict: Verdict, now: float, *, committed: bool, beside: bool) -> Finish | None:
        """Ends it, and tells the course what follows. `committed`: the caller has some of it; `beside`: others are under way.

        How the answer ends, where its break is its end; else None.
        """
        start, course = attempt.start, self._course
        verdict = _as_refused_prefill(attempt, believed(verdict, self._services.stated_limit_s))
        self._settling.failed(attempt, verdict, now, narrow=course.asks_other_profile(start, verdict, now))
        if committed:
            return self._broke(start, verdict, now)
        if not beside and self._is_unseen_break(attempt, verdict):
            course.broke(start, verdict, now, seen=False)
        elif beside:
            self._learn(attempt, verdict, now)
            if not self._is_prefill_refused(attempt, verdict) or not self._goes_otherwise(attempt):
                course.failed(start, verdict, now, beside=True)
        elif not self._is_renewed(start, verdict, now) and not self._is_repaired(attempt, verdict, now):
            course.failed(start, verdict, now)
        return None

    def not_continued(self, attempt: Attempt, now: float, *, beside: bool) -> None:
        """It did not go on with the answer: nothing of it is used, and nobody is to blame."""
        splice, start = attempt.splice, attempt.start
        verdict = local_verdict(Reason.CANCELLED, splice.given_up if splice is not None else "", attempt.status)
        self._settling.blameless(attempt, verdict, now)
        if not self._goes_otherwise(attempt) or not (beside or self._course.asks_otherwise(start, verdict, now)):
            self._course.passes(start, verdict)

    def _goes_otherwise(self, attempt: Attempt) -> bool:
        """Whether its entry can be asked to go on in another way, which is the next one then."""
        return attempt.splice is not None and self.recovering.has_other_way(attempt.splice, attempt.start.link.entry)

    def _broke(self, start: Start, verdict: Verdict, now: float) -> Finish | None:
        course, delivery = self._course, self._delivery
        found = delivery.recovery(start.link.policy, self._request) if course.may_recover(start, verdict) else None
        if found is None or found.after is After.ERROR:
            course.failed(start, verdict, now, committed=True)
            return None
        delivery.broke()
        if found.after is After.END:
            return found.finish
        course.broke(start, verdict, now, seen=True)
        if found.resumption is None:
            self.recovering.restart()
        else:
            able = self.recovering.resume(found.resumption, self._chain.links, now)
            course.breaks.go_on(able, or_restart=found.or_restart)
        return None

    def _is_unseen_break(self, attempt: Attempt, verdict: Verdict) -> bool:
        """It broke off while all of it was still held back."""
        row = self._services.tuning.row(verdict.reason, attempt.start.link.policy)
        return attempt.first_content_at is not None and row.then is Then.STREAM

    def _is_renewed(self, start: Start, verdict: Verdict, now: float) -> bool:
        """The key that was refused has another value by now."""
        renewed = self._services.vault.reread(start.target) if self._course.may_renew(start, verdict, now) else None
        if renewed is None:
            return False
        self._course.renewed(start, renewed, verdict, now)
        return True

    def _is_repaired(self, attempt: Attempt, verdict: Verdict, now: float) -> bool:
        """The same target is asked again, with what it refused left out or done in another way."""
        start, course = attempt.start, self._course
        self._learn(attempt, verdict, now)
        if self._is_prefill_refused(attempt, verdict):
            if not self._goes_otherwise(attempt) or not course.asks_otherwise(start, verdict, now):
                course.passes(start, verdict)
                return True
            mended = Mended(
                Reason.UNSUPPORTED_PARAMETER, "asked to go on by an instruction, since a prefill did not do"
            )
            self._ledger.repaired(attempt.index, mended)
            return True
        if not course.may_repair(start, verdict, now):
            if course.may_truncate_later(start, verdict):
                self._truncate_later(start, verdict, now)
            return False
        mended_ = self.mending.mend(start.link, start.target, verdict, now)
        if mended_ is None:
            return False
        self._ledger.repaired(attempt.index, mended_)
        course.repaired(start, verdict, now)
        return True

    def _truncate_later(self, start: Start, verdict: Verdict, now: float) -> None:
        if self.mending.mend_later(start.link, start.target, verdict, now):
            self._course.truncates_later(start)

    def _is_prefill_refused(self, attempt: Attempt, verdict: Verdict) -> bool:
        """A refusal of what we have added: vendors say so in many ways, or only that the request is invalid."""
        if attempt.splice is None or attempt.splice.way is not Way.PREFILL or verdict.reason not in _REFUSALS:
            return False
        is_named = verdict.reason is Reason.UNSUPPORTED_PARAMETER and verdict.parameter == PREFILL
        is_other = verdict.reason is Reason.UNSUPPORTED_PARAMETER or attempt.first_content_at is not None
        return is_named or verdict.reason is Reason.EMPTY_RESPONSE or not is_other

    def _learn(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        start = attempt.start
        if self._services.tuning.row(verdict.reason, start.link.policy).again is Again.REPAIRED:
            is_prefilled = attempt.splice is not None and attempt.splice.way is Way.PREFILL
            self.mending.learn(start.link.entry, verdict, now, prefilled=is_prefilled)
