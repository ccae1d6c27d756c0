"""Slots: what an attempt holds of its profile is given back once, however the attempt or the call ends."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from sidecar.core.catalog import Catalog, Strategy
from sidecar.core.content import Request
from sidecar.core.errors import CallError
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause
from sidecar.engine.limiter import MAX_QUOTAS, Limiter
from sidecar.transport.double import Cut, Play, Wait
from sidecar.transport.http import Post

from .rig import DONE, Rig, ask, chunk, error, good, hear, provider, steps, text
from .test_profiles import slow, together, with_limits
from .virtual import run

MOST = 2


def rig(*plays: Play, most: int = MOST, keys: tuple[str, ...] = ("k1",)) -> Rig:
    own = with_limits(provider("a", *keys), {key: {"max_concurrency": most} for key in keys})
    return Rig({"a/m": list(plays)}, (own,))


def limiter(it: Rig) -> Limiter:
    return it.engine.services.limiter


def loads(it: Rig) -> list[tuple[int, int]]:
    """(attempts under way, calls that wait) of each credential."""
    return [(load.under_way, len(load.waiting)) for load in limiter(it)._loads.values()]


def test_never_more_than_allowed_run_at_once_and_those_that_wait_follow_at_once() -> None:
    it = rig(slow(2.0))
    heard = run(together(it, 6))
    assert it.times == [0.0, 0.0, 2.0, 2.0, 4.0, 4.0]
    assert [one.completed.report.attempts[0].wait_s for one in heard] == [0.0, 0.0, 2.0, 2.0, 4.0, 4.0]
    assert loads(it) == [(0, 0)]


def test_a_full_profile_is_skipped_for_another_and_a_freed_slot_of_any_is_taken() -> None:
    it = rig(good(), most=1, keys=("k1", "k2"))
    it.plays |= {"a/m/k1": [slow(6.0)], "a/m/k2": [slow(1.0)]}
    run(together(it, 4))
    assert it.asked == ["a/m/k1", "a/m/k2", "a/m/k2", "a/m/k2"]
    assert it.times == [0.0, 0.0, 1.0, 2.0]


def test_a_call_that_gets_no_slot_in_time_fails_and_cools_nobody() -> None:
    it = rig(slow(14.0), most=1)

    async def main() -> CallError:
        first = asyncio.create_task(together(it, 1))
        await asyncio.sleep(1.0)
        with pytest.raises(CallError) as caught:
            await together(it, 1)
        await first
        return caught.value

    failed = run(main())
    assert (failed.reason, failed.retry_after_s) == (Reason.ALL_UNAVAILABLE, 1.0)
    assert failed.report is not None
    assert (failed.report.duration_s, failed.report.attempts) == (10.0, ())
    assert [skip.cause for skip in failed.report.skipped] == [SkipCause.RATE_BUDGET]
    assert it.engine.services.health.profile_cooldown(it.target("a/m").key_id) is None
    assert loads(it) == [(0, 0)]


def test_a_caller_who_leaves_the_queue_holds_nobody_up() -> None:
    it = rig(slow(2.0), most=1)

    async def main() -> None:
        tasks = []
        for _ in range(3):
            tasks.append(asyncio.create_task(together(it, 1)))
            await asyncio.sleep(0.1)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(main())
    assert it.times == [0.0, 2.0]
    assert loads(it) == [(0, 0)]


def test_draining_ends_a_wait_for_a_slot() -> None:
    it = rig(slow(2.0), most=1)

    async def main() -> list[object]:
        tasks = [asyncio.create_task(together(it, 1)) for _ in range(2)]
        await asyncio.sleep(1.0)
        it.engine.interrupt_all()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    ends = run(main())
    assert [end.reason for end in ends if isinstance(end, CallError)] == [Reason.DRAINING] * 2
    assert loads(it) == [(0, 0)]


def test_a_retry_has_the_slot_that_its_failed_attempt_gave_back() -> None:
    it = rig(error(500), good(), most=1)
    assert run(hear(it)).kinds == ["first", "retry"]


PLAYS = (
    good(),
    slow(3.0),
    slow(30.0),
    error(429, retry_after="1"),
    error(500),
    error(400, code="invalid"),
    steps(chunk({"role": "assistant"}), *text("Hi"), Cut()),
    steps(chunk({"role": "assistant"}), b"data: nonsense\n\n"),
    steps(chunk({"role": "assistant"}), *text("Hi"), Wait(100.0)),
    steps(chunk({}, "stop"), DONE),
    Play(connect_s=30.0),
    Play(refused=True),
    Play(before_headers_s=30.0),
)


class CrashError(Exception):
    """A bug inside."""


@pytest.mark.parametrize("seed", range(25))
def test_whatever_becomes_of_calls_each_slot_is_given_back_once_and_no_limit_is_passed(seed: int) -> None:
    rand = random.Random(seed)
    keys = ("k1", "k2")
    it = rig(*rand.choices(PLAYS, k=400), most=3, keys=keys)
    it.rand = rand.random
    most: list[int] = []
    inner = it.transport._upstream

    def played(post: Post) -> Play:
        most.extend(limiter(it).under_way(it.target("a/m", place)) for place in range(len(keys)))
        if rand.random() < 0.03:
            raise CrashError
        return inner(post)

    it.transport._upstream = played

    async def one(request: Request, deadline_s: float | None) -> None:
        async with it.engine.call(request, deadline_s, buffered=rand.random() < 0.3) as call:
            async for _ in call:
                if rand.random() < 0.05:
                    return

    async def main() -> None:
        tasks = []
        for _ in range(120):
            request = ask(affinity_key=rand.choice(["", "x", "y"]), include_attempts=rand.random() < 0.5)
            tasks.append(asyncio.create_task(one(request, rand.choice([None, 2.0, 8.0, 30.0]))))
            await asyncio.sleep(rand.choice([0.0, 0.0, 0.3, 1.0]))
            if rand.random() < 0.15:
                rand.choice(tasks).cancel()
            if rand.random() < 0.05:
                it.engine.services.health.reset_all()
            if rand.random() < 0.02:
                it.engine.interrupt_all()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(end is None or isinstance(end, (CallError, CrashError, asyncio.CancelledError)) for end in ends)

    run(main())
    assert limiter(it).held == 0
    assert set(loads(it)) == {(0, 0)}
    assert max(most) <= 3
    assert it.engine.services.health.open_tickets == 0


def test_giving_back_twice_changes_nothing() -> None:
    one = Limiter()
    target = rig(good()).target("a/m")
    first, _ = one.reserve(target, 10, 0.0), one.reserve(target, 10, 0.0)
    first.release(10)
    first.release(10)
    assert (one.held, one.under_way(target)) == (1, 1)


def test_a_new_configuration_keeps_what_is_under_way_and_its_limits_hold_at_once() -> None:
    it = rig(slow(5.0), most=2)
    services = it.engine.services

    async def main() -> list[float]:
        calls = asyncio.create_task(together(it, 2))
        await asyncio.sleep(1.0)
        stricter = with_limits(it.engine.catalog.providers["a"], {"k1": {"max_concurrency": 1}})
        it.engine.adopt(Catalog({"a": stricter}, it.engine.catalog.aliases), services, 10, 2**30, it.engine._breaker)
        await together(it, 2)
        await calls
        return it.times

    assert run(main()) == [0.0, 0.0, 5.0, 10.0]
    assert loads(it) == [(0, 0)]


def test_what_is_known_of_a_credential_that_is_gone_is_forgotten_and_its_reservations_stay_good() -> None:
    it = rig(good())
    one, target = limiter(it), it.target("a/m")
    held = one.reserve(target, 10, 0.0)
    one.told(target, {"x-ratelimit-remaining-requests": "3"}, 0.0, 0.0)
    one.adopt([it.engine.catalog], frozenset())
    assert (one.quotas(target.key_id), one.under_way(target), one.held) == ({}, 0, 1)
    held.release(None)
    assert one.held == 0


def test_quotas_of_models_that_nobody_named_are_bounded() -> None:
    one, target = Limiter(), rig(good()).target("a/m")
    for number in range(MAX_QUOTAS + 5):
        entry = replace(target.entry, model=f"m{number}")
        one.told(replace(target, entry=entry), {"x-ratelimit-remaining-requests": "3"}, 0.0, 0.0)
    models = list(one.quotas(target.key_id))
    assert (len(models), models[0]) == (MAX_QUOTAS, "m5")


def test_a_profile_without_limits_is_never_asked_for_its_load() -> None:
    it = Rig({"a/m": [slow(2.0)]}, (provider("a", strategy=Strategy.SEQUENTIAL),))
    run(together(it, 20))
    assert it.times == [0.0] * 20
