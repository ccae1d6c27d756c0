"""A probe that goes on after its call was answered by another target: only its own health learns how it ends (streams.md)."""

from __future__ import annotations

import asyncio

from ..core.events import Delta
from ..core.reasons import Reason
from .alarm import Alarm
from .attempt import Attempt
from .limits import believed, local_verdict
from .services import Services


def go_on_unseen(attempt: Attempt, limit_s: float, services: Services) -> None:
    """From now on nobody waits for the attempt, which is booked already. `limit_s`: from its start to its first content.

    Its first content closes the breaker; without any by then it is a TIMEOUT. Either ends it upstream.
    """
    task = asyncio.create_task(_watch(attempt, attempt.started_at + limit_s, services))
    services.tasks.add(task)
    task.add_done_callback(services.tasks.discard)


async def _watch(attempt: Attempt, until: float, services: Services) -> None:
    health, ticket, clock = services.health, attempt.ticket, services.clock
    alarm = Alarm()
    attempt.wake_by(alarm.ring)
    try:
        while not _is_told(attempt, until, services):
            await alarm.sleep(until - clock.now())
    finally:
        attempt.abort()
        health.neutral(ticket, clock.now())  # says nothing where its end was told already
        if attempt.reservation is not None:
            attempt.reservation.release(None)


def _is_told(attempt: Attempt, until: float, services: Services) -> bool:
    """Whether the attempt has shown what its target is worth, and health knows."""
    health, now = services.health, services.clock.now()
    has_content = any(isinstance(event, Delta) for event in attempt.take())
    if has_content:
        health.content(attempt.ticket, now)
        health.finished(attempt.ticket, now)
    elif attempt.failure is not None:
        verdict = believed(attempt.failure, services.stated_limit_s)
        health.failed(attempt.ticket, verdict, services.redactor.redact_then_cut(verdict.shown, 500), now)
    elif now >= until:
        verdict = local_verdict(Reason.TIMEOUT, f"no content within {until - attempt.started_at:.1f} s", attempt.status)
        health.failed(attempt.ticket, verdict, verdict.message, now)
    else:
        return attempt.ended
    return True
