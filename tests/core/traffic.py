"""Calls in virtual time: arrivals, latencies and outcomes over HealthState and Course, driven by an event queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from sidecar.core.backoff import Rand
from sidecar.core.budget import Budget, retry_budget
from sidecar.core.catalog import Target
from sidecar.core.chain import Chain
from sidecar.core.classify import Verdict
from sidecar.core.course import Course
from sidecar.core.deadline import Deadline
from sidecar.core.evidence import BreakerSettings
from sidecar.core.reasons import Reason
from sidecar.core.step import Start, Stop
from sidecar.engine.state import HealthState, Ticket

from .build import catalog


@dataclass(frozen=True, slots=True)
class Answer:
    """What an upstream does with one attempt: after `after_s` it fails with `verdict`, or gives content for `stream_s`."""

    after_s: float
    verdict: Verdict | None = None
    stream_s: float = 0.0


Upstream = Callable[[Target, float, Random], Answer]
"""The answer to an attempt on a target that starts at an instant."""


@dataclass(slots=True)
class Sent:
    """One attempt as it was made. `verdict` None: it answered, or is under way."""

    start: Start
    at: float
    verdict: Verdict | None = None
    failed_at: float | None = None


@dataclass(slots=True)
class Call:
    """One call: its attempts in order, and how it ended."""

    number: int
    arrived_at: float
    course: Course
    deadline: Deadline
    sent: list[Sent] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    answered_by: Target | None = None
    stop: Stop | None = None
    stopped_at: float | None = None


class Traffic:
    """A world of its own: one health, one retry budget, one clock. `budget` None: the process's usual one."""

    def __init__(self, upstream: Upstream, seed: int, budget: Budget | None = None, rand: Rand | None = None) -> None:
        self.random = Random(seed)
        self.rand = rand or self.random.random
        self.health = HealthState(catalog(), BreakerSettings(), self.rand)
        self.budget = budget or retry_budget()
        self.calls: list[Call] = []
        self.now = 0.0
        self.watch: Callable[[Call, Start], None] = lambda call, start: None
        self._upstream = upstream
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Does something at an instant."""
        heappush(self._queue, (when, next(self._order), act))

    def arrive(self, when: float, chain: Chain, deadline_s: float | None = None) -> None:
        """A call arrives."""
        self.at(when, lambda: self._begin(chain, deadline_s))

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Lets time pass until nothing is left to happen, or `until` holds."""
        while self._queue and not until():
            self.now, _, act = heappop(self._queue)
            act()

    def _begin(self, chain: Chain, deadline_s: float | None) -> None:
        self.budget.request(self.now)
        deadline = Deadline.starting(self.now, deadline_s)
        course = Course(chain, deadline, self.health, self.budget, self.rand)
        call = Call(len(self.calls), self.now, course, deadline)
        self.calls.append(call)
        self._step(call)

    def _step(self, call: Call) -> None:
        step = call.course.step(self.now)
        if isinstance(step, Stop):
            call.stop, call.stopped_at = step, self.now
            return
        self.watch(call, step)
        if step.wait_s > 0.0:
            call.waits.append(step.wait_s)
            self.at(self.now + step.wait_s + 1e-6, lambda: self._launch(call, step))
        else:
            self._launch(call, step)

    def _launch(self, call: Call, start: Start) -> None:
        ticket = self.health.acquire(start.target, call.number, self.now, short=start.short, early=start.early)
        if not isinstance(ticket, Ticket):
            call.course.refused(start, self.now)
            self._step(call)
            return
        call.course.started(start)
        sent = Sent(start, self.now)
        call.sent.append(sent)
        answer = self._upstream(start.target, self.now, self.random)
        if answer.verdict is None:
            self.at(self.now + answer.after_s, lambda: self._content(call, ticket, answer))
        else:
            self.at(self.now + answer.after_s, lambda: self._failed(call, sent, ticket, answer.verdict))

    def _content(self, call: Call, ticket: Ticket, answer: Answer) -> None:
        self.health.content(ticket, self.now)
        call.answered_by = ticket.target
        if answer.stream_s > 2.0:
            self.at(self.now + 2.0, lambda: self.health.progress(ticket, self.now))
        self.at(self.now + answer.stream_s, lambda: self.health.finished(ticket, self.now))

    def _failed(self, call: Call, sent: Sent, ticket: Ticket, verdict: Verdict | None) -> None:
        assert verdict is not None
        sent.verdict, sent.failed_at = verdict, self.now
        if verdict.reason is Reason.DEADLINE:
            self.health.neutral(ticket, self.now)
        else:
            narrow = call.course.asks_other_profile(sent.start, verdict, self.now)
            self.health.failed(ticket, verdict, "", self.now, narrow=narrow)
        call.course.failed(sent.start, verdict, self.now)
        self._step(call)


def evenly(rate: float, until: float, since: float = 0.0) -> Iterator[float]:
    """Instants, `rate` a second."""
    for i in range(int((until - since) * rate)):
        yield since + i / rate


def poisson(rate: float, until: float, random: Random, since: float = 0.0) -> Iterator[float]:
    """Instants of independent arrivals, `rate` a second on average."""
    now = since
    while (now := now + random.expovariate(rate)) < until:
        yield now
