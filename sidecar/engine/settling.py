"""The end of an attempt: upstream, in the health of its target, in the limits it held, and in the books."""

from __future__ import annotations

from collections.abc import Callable

from ..core.classify import Verdict
from ..core.content import Request
from ..core.deadline import LimitedBy
from ..core.events import AttemptEnded
from ..core.leg import CREDENTIAL_REASONS
from ..core.reasons import Reason
from .attempt import Attempt
from .ledger import Ledger, log_refused_key
from .limits import local_verdict, slow_verdict
from .services import Services
from .unseen import go_on_unseen


class Settling:
    """Of one call. `tell`: where callers who want to know of attempts are told."""

    def __init__(
        self, services: Services, request: Request, ledger: Ledger, tell: Callable[[AttemptEnded], None]
    ) -> None:
        self._services = services
        self._request = request
        self._ledger = ledger
        self._tell = tell

    def answered(self, attempt: Attempt, now: float) -> None:
        """It gave the whole answer."""
        self._services.health.finished(attempt.ticket, now)
        attempt.abort()
        self._book(attempt, None, now)

    def failed(self, attempt: Attempt, verdict: Verdict, now: float, *, narrow: bool = False) -> None:
        """It failed, by what it met or by its own clocks. `narrow`: a missing model may be a missing permission."""
        health, limited_by = self._services.health, attempt.first_content.limited_by
        attempt.abort()
        if verdict.reason is Reason.STREAM_BROKEN and attempt.was_stalled_by_us:
            health.neutral(attempt.ticket, now)
        elif verdict.reason is not Reason.DEADLINE:
            health.failed(attempt.ticket, verdict, self._ledger.redacted(verdict.shown), now, narrow=narrow)
            if verdict.reason in CREDENTIAL_REASONS:
                log_refused_key(attempt.start.target, verdict.reason, self._request.request_id)
        elif limited_by is LimitedBy.SPLIT and attempt.first_content_at is None:
            health.timed_out(attempt.ticket, now, self._services.deadline.split_blame_s)
        else:
            health.neutral(attempt.ticket, now)
        self._book(attempt, verdict, now)

    def lost(self, attempt: Attempt, now: float) -> Verdict | None:
        """Another answered first. What was silent for longer than its own limit has timed out; a probe of a target parked
        for its silence goes on unseen; else nothing is said of the target. Why it should not be asked again; None: it may."""
        message = "another target answered first"
        attempt.give_up()
        slow = slow_verdict(attempt.clocks.first_content, attempt.status) if attempt.is_slow else None
        if attempt.ticket.is_silent_probe and attempt.is_silent:
            self.unseen(attempt, f"{message}; it goes on unseen, as a probe", now)
        elif now >= attempt.asked_at + attempt.clocks.own_s:
            slow = local_verdict(Reason.TIMEOUT, f"no content, and {message}", attempt.status)
            self.failed(attempt, slow, now)
        elif attempt.is_slow and attempt.clocks.first_content.limited_by is LimitedBy.SPLIT:
            attempt.abort()
            self._services.health.timed_out(attempt.ticket, now, self._services.deadline.split_blame_s)
            self._book(attempt, slow_verdict(attempt.clocks.first_content, attempt.status), now)
        else:
            self.abandoned(attempt, message, now)
        return slow

    def unseen(self, attempt: Attempt, message: str, now: float) -> None:
        """The call does not wait for a probe any more, which goes on to tell what its target is worth."""
        attempt.give_up()
        self._book(attempt, local_verdict(Reason.CANCELLED, message), now)
        go_on_unseen(attempt, attempt.clocks.own_s, self._services)

    def blameless(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """It ended for a reason that says nothing of its target."""
        attempt.abort()
        self._services.health.neutral(attempt.ticket, now)
        self._book(attempt, verdict, now)

    def abandoned(self, attempt: Attempt, message: str, now: float) -> None:
        """Nobody waits for it any more."""
        attempt.give_up()
        self.blameless(attempt, local_verdict(Reason.CANCELLED, message, attempt.status), now)

    def _book(self, attempt: Attempt, verdict: Verdict | None, now: float) -> None:
        if attempt.reservation is not None and attempt.ended:
            attempt.reservation.release(self._ledger.tokens_of(attempt))
        record = self._ledger.book(attempt, verdict, now)
        self._services.observer.attempt_ended(record)
        if self._request.include_attempts:
            self._tell(AttemptEnded(record))
