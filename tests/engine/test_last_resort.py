"""The last resort through the engine, in virtual time: nothing callable, and a target asked before its time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play

from .rig import Heard, Rig, ask, error, good, hear, provider
from .virtual import run

A, B = provider("a"), provider("b")
NEVER = Policy(last_resort=False)


async def condemned(rig: Rig) -> None:
    """Two calls whose failures open the breaker of a/m, for 20 s."""
    for _ in range(2):
        await hear(rig, ask("a/m", Policy(last_resort=False)))
    assert rig.engine.services.health.unavailable(rig.target("a/m"), rig.engine.services.clock.now()) is not None
    rig.transport.sent.clear()


def down(then: Play | None = None, **more: object) -> Rig:
    """One provider that fails as often as `condemned` asks it, then as said."""
    return Rig({"a/m": [*[error(503)] * 4, then or good()]}, (A,), **more)  # type: ignore[arg-type]


def test_the_only_entry_is_asked_before_its_breaker_would_let_it_and_from_then_on() -> None:
    rig = down()

    async def two() -> list[Heard]:
        await condemned(rig)
        return [await hear(rig), await hear(rig)]

    first, second = run(two())
    assert (first.text, first.took_s, first.kinds) == ("Hello world", 0.0, ["first"])
    assert first.completed.report.skipped == ()
    assert second.text == "Hello world"
    assert rig.asked == ["a/m/k1", "a/m/k1"]


@pytest.mark.parametrize("where", ["caller", "operator"])
def test_switched_off_the_error_tells_when_it_returns(where: str) -> None:
    rig = down(policy=NEVER if where == "operator" else Policy())

    async def call() -> Heard:
        await condemned(rig)
        return await hear(rig, ask(policy=NEVER if where == "caller" else None))

    heard = run(call())
    assert rig.asked == []
    assert heard.error is not None
    assert heard.error.reason is Reason.ALL_UNAVAILABLE
    assert heard.error.retry_after_s == pytest.approx(20.0)


def test_a_failed_last_resort_is_the_calls_error_and_the_opening_ends_when_it_would_have() -> None:
    rig = down(error(503))

    async def call() -> list[Heard]:
        await condemned(rig)
        heard = await hear(rig)
        await asyncio.sleep(19.7)
        rig.plays["a/m"] = [good()]
        return [heard, await hear(rig)]

    failed, later = run(call())
    assert failed.error is not None
    assert failed.error.reason is Reason.SERVER_ERROR
    assert failed.reasons == ["SERVER_ERROR"]
    assert later.text == "Hello world"
    assert rig.engine.services.health.entry(rig.target("a/m")).breaker.openings == 1


def test_of_calls_at_the_same_time_one_asks_early_and_the_next_two_seconds_later() -> None:
    rig = down(error(500))

    async def crowd() -> list[str]:
        await condemned(rig)
        said = []
        for pause_s in (0.0, 0.0, 1.9, 0.1):
            await asyncio.sleep(pause_s)
            heard = await hear(rig)
            assert heard.error is not None
            said.append(heard.error.reason.value)
        return said

    tried, untried = "SERVER_ERROR", "ALL_UNAVAILABLE"
    assert run(crowd()) == [tried, untried, untried, tried]
    assert len(rig.asked) == 2


def test_a_caller_who_goes_away_gives_the_early_permit_back() -> None:
    rig = down()

    async def leave_and_ask() -> Heard:
        await condemned(rig)
        async with rig.engine.call(ask(), None, buffered=False) as call:
            task = asyncio.ensure_future(anext(call))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(rig.asked) == 1
        await asyncio.sleep(2.0)
        return await hear(rig)

    assert run(leave_and_ask()).text == "Hello world"


def test_after_every_other_entry_has_failed_it_is_tried() -> None:
    plays = {"a/m": [*[error(503)] * 4, good()], "b/m": [error(401)]}
    rig = Rig(plays, (A, B), ("b/m",))

    async def call() -> Heard:
        await condemned(rig)
        return await hear(rig)

    heard = run(call())
    assert rig.asked == ["b/m/k1", "a/m/k1"]
    assert heard.kinds == ["first", "failover"]
    assert heard.completed.report.skipped == ()
    assert not heard.completed.failed_over


def test_our_own_ladder_is_cut_short_and_a_stated_wait_is_not() -> None:
    for stated, asked in (("", 2), ("15", 1)):
        limited = error(429, retry_after=stated) if stated else error(429)
        rig = Rig({"a/m": [limited]}, (A,))

        async def two(rig: Rig = rig) -> None:
            for _ in range(2):
                await hear(rig, ask(policy=Policy(max_wait_s=0.0)))

        run(two())
        assert len(rig.asked) == asked


def test_a_limit_of_ours_is_never_passed_over() -> None:
    limited = replace(A, profiles=tuple(replace(profile, rpm=4) for profile in A.profiles))
    rig = Rig({"a/m": [error(503)]}, (limited,))

    async def call() -> Heard:
        await condemned(rig)
        return await hear(rig)

    heard = run(call())
    assert rig.asked == []
    assert heard.error is not None
    assert heard.error.reason is Reason.ALL_UNAVAILABLE


def test_a_refused_key_is_not_asked_early() -> None:
    rig = Rig({"a/m": [error(401)]}, (A,))

    async def two() -> list[Heard]:
        return [await hear(rig), await hear(rig)]

    run(two())
    assert len(rig.asked) == 1
