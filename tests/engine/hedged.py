"""A rig whose slow attempts are hedged, and what is seen of it afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sidecar.core.catalog import Provider
from sidecar.core.classify import Verdict
from sidecar.core.content import Request
from sidecar.core.errors import CallError
from sidecar.core.events import CallerEvent
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.engine.state import Ticket
from sidecar.transport.double import Play, Wait

from .rig import DONE, Heard, Rig, ask, chunk, error, good, hear, provider, steps, text
from .virtual import run

A, B, C, D = provider("a"), provider("b"), provider("c"), provider("d")
HEDGE = Policy(on_slow=OnSlow.HEDGE)
SILENT = Play((Wait(1000),))


def late(after_s: float, *pieces: str) -> Play:
    """An answer whose headers come at once, and whose content takes so long."""
    return steps(Wait(after_s), *text(*(pieces or ("Late",))), chunk({}, "stop"), DONE)


def fails(after_s: float, status: int = 500, message: str = "no", code: str | None = None) -> Play:
    """An error answer that takes so long."""
    return replace(error(status, message, code), before_headers_s=after_s)


def two(first: Play, second: Play | None = None, policy: Policy = HEDGE) -> Rig:
    """Two entries."""
    return several(first, second or good(), policy=policy)


def several(*plays: Play, policy: Policy = HEDGE) -> Rig:
    """As many entries: a/m, b/m, …"""
    owners: tuple[Provider, ...] = (A, B, C, D)[: len(plays)]
    names = [f"{owner.name}/m" for owner in owners]
    return Rig({name: [play] for name, play in zip(names, plays, strict=True)}, owners, tuple(names[1:]), policy)


def now(rig: Rig) -> float:
    return rig.engine.services.clock.now()


def spend_hedges(rig: Rig) -> None:
    """Other calls have used up the budget."""
    while rig.engine.services.hedges.draw(now(rig)):
        pass


def blame(rig: Rig, reference: str, reason: Reason, times: int = 1) -> None:
    """Other calls have failed there, at this instant."""
    health, target = rig.engine.services.health, rig.target(reference)
    for request in range(times):
        ticket = health.acquire(target, 900 + request, now(rig))
        assert isinstance(ticket, Ticket)
        health.failed(ticket, Verdict(reason), "", now(rig))


def failures(rig: Rig, reference: str) -> int:
    """Of an entry, as its breaker counts them."""
    return outcomes(rig, reference)[1]


def outcomes(rig: Rig, reference: str) -> tuple[int, int]:
    """Successes and failures of an entry."""
    state = rig.engine.services.health.entry(rig.target(reference))
    return state.successes, state.failures


def hung_up(rig: Rig) -> list[float | None]:
    """When each upstream was hung up on, in seconds since the loop began; None: it was not."""
    return [None if sent.aborted_at is None else round(sent.aborted_at - 1000.0, 2) for sent in rig.transport.sent]


def attempts(heard: Heard) -> list[tuple[str, str, str]]:
    """Of the report: where, of which kind, and why it ended; "" for the answer."""
    report = heard.error.report if heard.error is not None else heard.completed.report
    assert report is not None
    return [(str(a.target.entry), a.kind.value, a.reason or "") for a in report.attempts]


def nothing_is_held(rig: Rig) -> bool:
    """No permit, no slot and no upstream task is left."""
    services = rig.engine.services
    return (services.health.open_tickets, services.limiter.held, len(services.tasks)) == (0, 0, 0)


def took(heard: Heard) -> float:
    """Seconds, to a hundredth: the virtual loop is up to a millisecond late."""
    return round(heard.took_s, 2)


def run_calls(rig: Rig, count: int) -> list[Heard]:
    """So many calls, one after the other."""

    async def calls() -> list[Heard]:
        return [await hear(rig) for _ in range(count)]

    return run(calls())


async def heard_beside_others(rig: Rig, request: Request | None = None, *, buffered: bool = False) -> Heard:
    """Makes one call to its end; something of others, or unseen, may be under way then."""
    loop = asyncio.get_running_loop()
    began, events = loop.time(), list[CallerEvent]()
    try:
        async with rig.engine.call(request or ask(), None, buffered=buffered) as call:
            async for batch in call:
                events += batch
    except CallError as failed:
        return Heard(events, failed, loop.time() - began)
    return Heard(events, None, loop.time() - began)
