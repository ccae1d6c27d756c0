"""The attempts of one call that are under way: what they say, which of them is the answer, and when each has failed.

One at a time as a rule; beside a slow one, its hedge. The call starts what its course says and asks here what came of it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.chain import Chain
from ..core.classify import Verdict
from ..core.content import Request
from ..core.course import Course
from ..core.deadline import Deadline, LimitedBy
from ..core.events import Citation, Completed, Delta, Finish, PartCompleted, Said, Upstream, Vectors
from ..core.reasons import Reason, Then
from ..core.step import Start
from .admission import Admission
from .attempt import Attempt
from .closing import Closing
from .delivery import MAX_ANSWER_BYTES, Delivery
from .failing import Failing
from .hedging import Hedging
from .launch import launch
from .ledger import Ledger
from .limits import clocks_of, local_verdict, slow_verdict
from .services import Services
from .settling import Settling
from .state import Ticket


class Race:
    """Of one call. `buffered`: nothing is committed before the end. `wake`: called when something came. `completed`: the end of
    the answer; `delivery`: what the caller gets; `closing`: how the call ends."""

    def __init__(
        self,
        services: Services,
        request: Request,
        chain: Chain,
        course: Course,
        admission: Admission,
        deadline: Deadline,
        number: int,
        *,
        buffered: bool,
        wake: Callable[[], None],
    ) -> None:
        self._services = services
        self._clock = services.clock
        self._request = request
        self._course = course
        self._deadline = deadline
        self._admission = admission
        self._wake = wake
        self._ledger = ledger = Ledger(request, services.redactor, self._clock.now(), self._clock.wall())
        ledger.requested_model = chain.requested
        self.delivery = Delivery(buffered=buffered, wants_message=not request.omit_message)
        self.closing = Closing(services, request, chain, course, ledger, self.delivery)
        self._settling = Settling(services, request, ledger, self.delivery.tell)
        self._failing = Failing(services, request, chain, course, ledger, self.delivery, self._settling)
        self._recovering = self._failing.recovering
        self._number = number
        self._live: list[Attempt] = []
        self.completed: Completed | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no attempt is under way."""
        return not self._live

    def begins_again(self) -> None:
        """What is started next gives the answer from its beginning."""
        self._recovering.restart()

    def look_at(self) -> float:
        """When to `collect` next, unless woken before."""
        look_at = min(self._call_due_at(), self.delivery.held_until)
        for attempt in self._live:
            if attempt.ended or attempt.has_events:
                return self._clock.now()
            look_at = min(look_at, attempt.look_at())
        return look_at

    def start(self, start: Start, ticket: Ticket, now: float) -> None:
        """An attempt is made."""
        self._course.started(start)
        timing = self._services.timing
        usual_s = None
        if timing.adaptive:
            usual_s = self._services.paces.usual_s(start.target.entry, timing.adaptive_after, now)
        clocks = clocks_of(
            start,
            self._request,
            self._deadline,
            timing,
            now,
            is_silent_probe=ticket.is_silent_probe,
            usual_s=usual_s,
        )
        attempt = Attempt(start, ticket, clocks, self._services.max_pending_bytes, self._clock, self._wake)
        if self._request.trace is not None:
            attempt.span_id = self._services.new_span_id()
        attempt.splice = self._recovering.splice(start.link, self._request.stop)
        attempt.reservation = self._admission.reserve(start, now)
        self._live.append(attempt)
        attempt.index = self._course.attempts
        self._services.observer.attempt_started(start.target.entry.provider, start.target.entry.model)
        mending = self._failing.mending
        self._ledger.repaired(attempt.index, *mending.told(start.link, start.target, now))
        launch(attempt, self._request, mending.adjustment(start.link, start.target, now), self._services)

    # Taking what came.

    def collect(self) -> None:
        """Takes what came, and judges the clocks. Raises CallError where the call has failed."""
        now = self._clock.now()
        for attempt in list(self._live):
            if attempt not in self._live:
                continue  # another answered first, just now
            ended, failure, events = attempt.ended, attempt.failure, attempt.take()
            for event in events:
                self._event(attempt, event, now)
            if attempt.crash is not None:
                raise attempt.crash
            if attempt.splice is not None and attempt.splice.given_up:
                self._not_continued(attempt, now)
            elif attempt.splice is not None and attempt.splice.is_stopped:
                attempt.finish = Finish.STOP
                self._complete(attempt, now)
            elif attempt.content_bytes > self.delivery.most_bytes:
                self._refuse_size(attempt, now)
            elif attempt.is_complete:
                self._complete(attempt, now)
            elif failure is not None and ended:
                self._fail_attempt(attempt, failure, now)
            elif not events or now >= attempt.due_at():
                self._judge_clocks(attempt, now)
            if self.completed is not None:
                return
        self.delivery.release(now)
        if self._live and now >= self._call_due_at():
            self._run_out_of_time(now)

    def _event(self, attempt: Attempt, event: Upstream, now: float) -> None:
        if isinstance(event, Delta):
            is_first = attempt.first_content_at is None
            attempt.content(event, now)
            if is_first:
                self._content_came()
                self._services.health.content(attempt.ticket, now)
                self._note_pace(attempt, now)
            else:
                self._services.health.progress(attempt.ticket, now)
        elif isinstance(event, Vectors):
            attempt.embedded(event, now)
            self._content_came()
            self._services.health.content(attempt.ticket, now)
            self._win(attempt, now)
            return
        elif not isinstance(event, (PartCompleted, Citation)):
            attempt.note(event, now)
            return
        if attempt.splice is None:
            self._say(attempt, event, now)
            return
        for said in attempt.splice.feed(event):
            self._say(attempt, said, now)

    def _content_came(self) -> None:
        self._deadline = self._course.content_came()

    def _note_pace(self, attempt: Attempt, now: float) -> None:
        if self._services.timing.adaptive:
            self._services.paces.note(attempt.start.target.entry, now - attempt.asked_at, now)

    def _say(self, attempt: Attempt, said: Said, now: float) -> None:
        if not attempt.has_won and isinstance(said, Delta):
            self._win(attempt, now)
        self.delivery.deliver(attempt, said)

    def _win(self, attempt: Attempt, now: float) -> None:
        """The attempt is the answer from now on; what is under way beside it has lost."""
        attempt.has_won = True
        for other in [other for other in self._live if other is not attempt]:
            self._leave(other)
            self._note_pace(other, now)
            verdict = self._settling.lost(other, now)
            if verdict is not None:
                self._course.failed(other.start, verdict, now, beside=True)
        self.delivery.begin(attempt, now, failed_over=self.closing.failed_over(attempt))

    def _complete(self, attempt: Attempt, now: float) -> None:
        finish, splice = attempt.finish or Finish.OTHER, attempt.splice
        rest = splice.end(finish) if splice is not None else []
        if splice is not None and splice.given_up:
            self._not_continued(attempt, now)
            return
        is_silent = attempt.first_content_at is None or (splice is not None and splice.is_echo)
        if is_silent and (verdict := self._unsaid(attempt)) is not None:
            self._fail_attempt(attempt, verdict, now)
            return
        for said in rest:
            self._say(attempt, said, now)
        if not attempt.has_won:
            self._win(attempt, now)
        self._live.remove(attempt)
        message = self.delivery.finish(attempt, now)
        self._settling.answered(attempt, now)
        self._tell_end(self.closing.completed(attempt, message, now, finish))

    def _unsaid(self, attempt: Attempt) -> Verdict | None:
        """Why an answer without any content is none; None where its end is the answer."""
        message = "the model finished without saying anything"
        if attempt.first_content_at is not None:
            message = f"{message} that was not sent already"
        if attempt.finish is Finish.STOP and not self._recovering.may_be_whole(attempt.splice):
            return local_verdict(Reason.EMPTY_RESPONSE, message, attempt.status)
        row = self._services.tuning.row(Reason.CONTENT_FILTERED, attempt.start.link.policy)
        if attempt.finish is Finish.CONTENT_FILTERED and row.then is not Then.STOP:
            return local_verdict(
                Reason.CONTENT_FILTERED, "the provider's filter ended it before it began", attempt.status
            )
        return None

    # Failing.

    def _judge_clocks(self, attempt: Attempt, now: float) -> None:
        if now < attempt.due_at():
            return
        if attempt.finish is not None:
            self._complete(attempt, now)
        elif attempt.first_content_at is not None:
            reason = Reason.DEADLINE if attempt.clocks.idle_is_callers else Reason.STREAM_BROKEN
            self._fail_attempt(attempt, local_verdict(reason, "the answer fell silent", attempt.status), now)
        elif attempt.is_slow or attempt.clocks.outer is None:
            self._fail_attempt(attempt, slow_verdict(attempt.first_content, attempt.status), now)
        else:
            attempt.is_slow = True
            self._help(attempt, now)

    def _help(self, attempt: Attempt, now: float) -> None:
        """Its first limit has run out. One hedge at the most is under way beside it: where both have used up their shares of
        a deadline, the older one makes room for the next entry."""
        if len(self._live) > 1:
            older, share = self._live[0], attempt.clocks.first_content
            if older is not attempt and share.limited_by is LimitedBy.SPLIT and self._course.hedge(now) is not None:
                self._give_up_slow(older, slow_verdict(older.clocks.first_content, older.status), now)
            return
        found = Hedging(self._services, self._course, self._admission, self._number).decide(attempt, now)
        if isinstance(found, Verdict):
            self._give_up_slow(attempt, found, now)
        elif found is not None:
            self.start(found.start, found.ticket, now)

    def _give_up_slow(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """It is not waited for any longer. A probe goes on without the call."""
        if attempt.ticket.is_silent_probe and attempt.is_silent:
            self._leave(attempt)
            self._settling.unseen(attempt, f"{verdict.message}; it goes on unseen, as a probe", now)
            self._course.failed(attempt.start, verdict, now, beside=True)
        else:
            attempt.is_slow = False  # its first limit is the one that ends it, and is judged for blame
            self._fail_attempt(attempt, verdict, now)

    def _refuse_size(self, attempt: Attempt, now: float) -> None:
        """Nobody's fault, and no other model would do better: the call ends here."""
        message = (
            f"the answer passed {MAX_ANSWER_BYTES} bytes, the most one message can carry; Chat with omit_message can"
        )
        self._leave(attempt)
        self._settling.blameless(attempt, local_verdict(Reason.STREAM_BROKEN, message, attempt.status), now)
        raise self.closing.failed(Reason.STREAM_BROKEN, message, None, now)

    def _run_out_of_time(self, now: float) -> None:
        for attempt in list(self._live):
            self._leave(attempt)
            self._settling.blameless(
                attempt, local_verdict(Reason.DEADLINE, "the call's time ran out", attempt.status), now
            )
        made = self._course.attempts
        message = f"the deadline ran out after {made} attempt{'s' if made != 1 else ''}"
        raise self.closing.failed(Reason.DEADLINE, message, None, now)

    def _fail_attempt(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """Ends it. What follows is the course's business, or the answer ends here."""
        is_committed = attempt is self.delivery.committed
        self._leave(attempt)
        finish = self._failing.failed(attempt, verdict, now, committed=is_committed, beside=bool(self._live))
        if finish is not None:
            self._end(attempt, finish, now)
        elif self._live:
            self._go_on_with_others(now)

    def _not_continued(self, attempt: Attempt, now: float) -> None:
        self._leave(attempt)
        self._failing.not_continued(attempt, now, beside=bool(self._live))
        self._go_on_with_others(now)

    def _end(self, attempt: Attempt, finish: Finish, now: float) -> None:
        """The answer broke off, and is over all the same."""
        is_inferred = finish is Finish.TOOL_CALLS
        message = self.delivery.message()
        self._tell_end(self.closing.completed(attempt, message, now, finish, inferred=is_inferred))

    def _tell_end(self, completed: Completed) -> None:
        self.completed = completed
        self.delivery.tell(completed)

    def _call_due_at(self) -> float:
        return self._deadline.first_content_by

    def abandon(self, message: str) -> None:
        """Ends everything upstream; says nothing of anybody's health."""
        live, self._live = self._live, []
        for attempt in live:
            self._settling.abandoned(attempt, message, self._clock.now())

    def _leave(self, attempt: Attempt) -> None:
        """The attempt is not to be heard any more."""
        self._live.remove(attempt)
        self.delivery.drop(attempt)

    def _go_on_with_others(self, now: float) -> None:
        """One of two has failed: if the other is slow, the next entry may take its place."""
        for other in list(self._live):
            if other.is_slow and other.first_content_at is None:
                self._help(other, now)
