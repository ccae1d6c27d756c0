"""A probe that goes on after its call was answered by another target: only its own health learns how it ends (streams.md)."""

from __future__ import annotations

import asyncio
import logging

from ..core.events import Delta
from ..core.reasons import Reason
from .alarm import Alarm
from .attempt import Attempt
from .limits import believed, local_verdict
from .services import Services

log = logging.getLogger("remora.engine")


def go_on_unseen(attempt: Attempt, limit_s: float, services: Services) -> None:
    """From now on nobody waits for the attempt, which is booked already. `limit_s`: to its first content, from when it is sent.

    Its first content closes the breaker; without any by then it is a TIMEOUT. Either ends it upstream.
    """
    task = asyncio.create_task(_watch(attempt, limit_s, services))
    services.tasks.add(task)
    task.add_done_callback(services.tasks.discard)
    task.add_done_callback(
        lambda _: _give_back(attempt, services)
    )  # also where the task was cancelled before its first step


async def _watch(attempt: Attempt, limit_s: float, services: Services) -> None:
    alarm = Alarm()
    attempt.wake_by(alarm.ring)
    try:
        while not _is_told(attempt, limit_s, services):
            await alarm.sleep(attempt.asked_at + limit_s - services.clock.now())
    finally:
        alarm.stop()


def _give_back(attempt: Attempt, services: Services) -> None:
    attempt.abort()
    services.health.neutral(attempt.ticket, services.clock.now())  # says nothing where its end was told already
    if attempt.reservation is not None:
        attempt.reservation.release(None)


def _is_told(attempt: Attempt, limit_s: float, services: Services) -> bool:
    """Whether the attempt has shown what its target is worth, and health knows."""
    health, now = services.health, services.clock.now()
    has_content = any(isinstance(event, Delta) for event in attempt.take())
    if has_content:
        health.content(attempt.ticket, now)
        health.finished(attempt.ticket, now)
    elif attempt.failure is not None:
        verdict = believed(attempt.failure, services.stated_limit_s)
        health.failed(attempt.ticket, verdict, services.redactor.redact_then_cut(verdict.shown, 500), now)
    elif now >= attempt.asked_at + limit_s:
        verdict = local_verdict(Reason.TIMEOUT, f"no content within {limit_s:.1f} s", attempt.status)
        health.failed(attempt.ticket, verdict, verdict.message, now)
    else:
        if attempt.crash is not None:
            log.error("a probe that went on unseen has crashed", exc_info=attempt.crash)
        return attempt.ended
    return True
