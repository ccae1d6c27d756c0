"""One call walked by hand: each attempt's outcome is told, and time passes only by waits and by what is told."""

from __future__ import annotations

from collections.abc import Callable

from sidecar.core.backoff import Rand
from sidecar.core.budget import Budget
from sidecar.core.catalog import Target
from sidecar.core.chain import Link
from sidecar.core.classify import Verdict
from sidecar.core.course import Course
from sidecar.core.deadline import Deadline
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import AttemptKind
from sidecar.core.step import Start, Stop
from sidecar.core.tuning import Tuning
from sidecar.engine.state import HealthState, Ticket

from .build import catalog, chain, link, middle, plenty, target, verdict

KIND = AttemptKind
DEFAULTS = Tuning()


def new_health(rand: Rand = middle) -> HealthState:
    return HealthState(catalog(), BreakerSettings(), rand)


class Walk:
    """A course over real health. `last`: what the newest step said."""

    def __init__(
        self,
        *links: Link,
        deadline_s: float | None = None,
        budget: Budget | None = None,
        health: HealthState | None = None,
        rand: Rand = middle,
        now: float = 100.0,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        self.now = now
        self.health = health or new_health()
        self.budget = budget or plenty()
        deadline = Deadline.starting(now, deadline_s)
        self.course = Course(chain(*links), deadline, self.health, self.budget, rand, tuning)
        self.last: Start | Stop | None = None
        self.made: list[tuple[str, AttemptKind]] = []
        self._ticket: Ticket | None = None

    def go(self, before: Callable[[], None] | None = None) -> str:
        """Takes the next step; gives the profile asked (after its wait), or the reason of the stop."""
        step = self.last = self.course.step(self.now)
        if isinstance(step, Stop):
            return step.reason
        self.now += step.wait_s
        if before is not None:
            before()
        ticket = self.health.acquire(step.target, 1, self.now, short=step.short, early=step.early)
        if not isinstance(ticket, Ticket):
            self.course.refused(step, self.now)
            return f"refused {step.target.profile}"
        self._ticket = ticket
        self.course.started(step)
        self.made.append((step.target.profile, step.kind))
        return step.target.profile

    def fail(
        self,
        reason: Reason | Verdict,
        retry_after_s: float | None = None,
        status: int | None = None,
        *,
        after_s: float = 0.25,
        should_retry: bool | None = None,
        other_profile: bool = False,
        before: Callable[[], None] | None = None,
    ) -> str:
        """The attempt under way fails; gives what follows. `before`: what others do while the call waits."""
        assert isinstance(self.last, Start)
        assert self._ticket is not None
        self.now += after_s
        told = (
            verdict(reason, retry_after_s, status, should_retry=should_retry, other_profile=other_profile)
            if isinstance(reason, Reason)
            else reason
        )
        narrow = self.course.asks_other_profile(self.last, told, self.now)
        self.health.failed(self._ticket, told, "", self.now, narrow=narrow)
        self.course.failed(self.last, told, self.now)
        return self.go(before)

    @property
    def waited_s(self) -> float:
        """The wait before the newest attempt."""
        assert isinstance(self.last, Start)
        return self.last.wait_s

    @property
    def stop(self) -> Stop:
        assert isinstance(self.last, Stop)
        return self.last


def entry(owner: str, *profiles: str, model: str = "m", policy: Policy | None = None, **urls: str) -> Link:
    """An entry whose profiles are named for it: `entry("p")` has the one profile `p`. `urls`: of profiles."""
    names = profiles or (owner,)
    return link(*(target(owner, model, name, urls.get(name)) for name in names), policy=policy)


def only(owner: str) -> Target:
    """The one target of `entry(owner)`."""
    return target(owner, profile=owner)


def cool(health: HealthState, held: Target, told: Verdict, now: float) -> None:
    """Another call fails on a target."""
    ticket = health.acquire(held, 77, now)
    assert isinstance(ticket, Ticket)
    health.failed(ticket, told, "", now)


def open_breaker(
    health: HealthState, held: Target, now: float, failures: int = 3, reason: Reason = Reason.SERVER_ERROR
) -> None:
    """So many other calls fail on a target."""
    for request in range(failures):
        ticket = health.acquire(held, 70 + request, now)
        assert isinstance(ticket, Ticket)
        health.failed(ticket, verdict(reason), "", now)
