"""What the caller got from one call, as plain values for the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..answer import Answer
from ..errors import RemoraError
from ..event import AttemptEnded, Completed, Event, Resumed
from ..report import Attempt, FailoverReport, Target

Place = Callable[[str], str]
"""From a provider's name in the configuration to its name in the story."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt as the caller was told. who: as in `Asked`; reason None: it answered."""

    who: str
    reason: str | None = None
    status: int | None = None

    def __str__(self) -> str:
        status = f" {self.status}" if self.status is not None else ""
        return f"{self.who} {self.reason or 'answered'}{status}"


@dataclass(slots=True)
class Heard:
    """One call, from the caller's side. Times in seconds on the simulator's clock.

    finish, by: of the completion. code, reason, message, retry_after_s: of the error. tried: the final report's
    attempts; told: those shown while the call ran; skipped: endpoints passed over. seams: who went on with a broken answer, and
    where, in code points. closed_s: when the caller hung up.
    """

    asked_s: float = 0.0
    ended_s: float = 0.0
    first_text_s: float | None = None
    text: str = ""
    finish: str | None = None
    by: str | None = None
    failed_over: bool = False
    code: str | None = None
    reason: str | None = None
    message: str = ""
    retry_after_s: float | None = None
    tried: tuple[Tried, ...] = ()
    told: tuple[Tried, ...] = ()
    skipped: tuple[str, ...] = ()
    seams: tuple[tuple[str, int], ...] = ()
    closed_s: float | None = None

    @property
    def took_s(self) -> float:
        """From asking to the end."""
        return self.ended_s - self.asked_s


@dataclass(slots=True)
class Listener:
    """Gathers what a call gives into a `Heard`. `now_s`: the simulator's clock."""

    now_s: Callable[[], float]
    place: Place
    heard: Heard = field(default_factory=Heard)

    def event(self, event: Event, text_so_far: str) -> None:
        """Takes an event of a stream."""
        heard = self.heard
        heard.text = text_so_far
        if heard.text and heard.first_text_s is None:
            heard.first_text_s = self.now_s()
        if isinstance(event, AttemptEnded):
            heard.told = (*heard.told, tried_from(event.attempt, self.place))
        elif isinstance(event, Resumed):
            heard.seams = (*heard.seams, (who(event.target, self.place), event.offset))
        elif isinstance(event, Completed):
            self.answered(event)

    def answered(self, answer: Answer) -> None:
        """Takes the end of a call that went well."""
        heard = self.heard
        heard.finish = answer.finish_reason
        heard.by = who(answer.target, self.place)
        heard.failed_over = answer.failed_over
        self._report(answer.report)

    def failed(self, error: RemoraError) -> None:
        """Takes the error of a call."""
        heard = self.heard
        heard.code = error.code.name if error.code is not None else None
        heard.reason, heard.message, heard.retry_after_s = error.reason, error.message, error.retry_after_s
        if error.report is not None:
            self._report(error.report)

    def _report(self, report: FailoverReport) -> None:
        self.heard.tried = tuple(tried_from(attempt, self.place) for attempt in report.attempts)
        self.heard.skipped = tuple(self.place(skipped.target.provider) for skipped in report.skipped)


def who(target: Target, place: Place) -> str:
    """The key that answered, as the story names it."""
    return f"{place(target.provider)} {target.profile}"


def tried_from(attempt: Attempt, place: Place) -> Tried:
    """The attempt in the story's names."""
    return Tried(who(attempt.target, place), attempt.reason, attempt.upstream_status)
