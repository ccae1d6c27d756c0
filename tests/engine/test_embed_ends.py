"""How a call for vectors ends early: its deadline, a silent target, a caller who leaves, a sidecar that shuts down."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.engine.embed import EmbedCall
from sidecar.transport.double import Play, Wait

from .embedding import BATCH, JSON, ONE, THREE, TWO, A, Got, ask, get, kept, rigged, vectors
from .rig import error, provider
from .virtual import run


def test_the_deadline_is_that_of_all_batches_together() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO, before_s=4.0)]}, A)
    got = run(get(rig, ask("1", "2", "3", "4", "5"), 10.0))
    assert rig.times == [0.0, 4.0, 8.0]
    assert got.failed.reason is Reason.DEADLINE
    assert got.took_s == 9.75
    assert len(got.attempts) == 3


def test_without_a_deadline_each_batch_may_take_as_long_as_the_first() -> None:
    slow = replace(BATCH, policy=Policy(first_content_limit_s=280.0))
    rig = rigged({"a/m": [vectors(ONE, TWO, before_s=250.0)]}, provider("a", models=(slow,)))
    got = run(get(rig, ask("1", "2", "3", "4", "5", "6")))
    assert len(got.call.vectors) == 6
    assert got.took_s == 750.0


def test_a_silent_target_is_left_at_the_outer_limit_since_vectors_do_not_stream() -> None:
    rig = rigged({"a/m": [Play((Wait(1e6),), 200, JSON)], "b/m": [vectors(ONE)]})
    got = run(get(rig, ask("1")))
    assert [reason for *_, reason in got.attempts] == ["TIMEOUT", ""]
    assert got.took_s == 60.0


def test_a_caller_who_leaves_in_the_second_batch_leaves_nothing_behind() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), vectors(THREE, before_s=30.0)]})

    async def leave() -> EmbedCall:
        call = rig.engine.embed(ask("1", "2", "3"), None)

        async def answer() -> None:
            async with call:
                await call.answer()

        task = asyncio.create_task(answer())
        await asyncio.sleep(5.0)
        task.cancel()
        await asyncio.wait([task])
        return call

    call = run(leave())
    assert rig.engine.calls_under_way == 0
    assert rig.engine.services.health.open_tickets == 0
    assert rig.transport.sent[1].aborted_at == 1005.0
    assert call.report is not None
    assert call.report.reason is Reason.CANCELLED
    assert [(made.index, made.reason) for made in call.report.attempts] == [(1, None), (2, Reason.CANCELLED)]
    assert kept(rig) == [call.report]


def test_a_sidecar_that_shuts_down_ends_the_call_with_its_report() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), vectors(THREE, before_s=30.0)]})

    async def drain() -> Got:
        asyncio.get_running_loop().call_later(5.0, rig.engine.interrupt_all)
        return await get(rig, ask("1", "2", "3"))

    got = run(drain())
    assert got.failed.reason is Reason.DRAINING
    assert [reason for *_, reason in got.attempts] == ["", "CANCELLED"]


def test_one_call_of_many_batches_is_one_request_to_a_breaker() -> None:
    rig = rigged({"a/m": [vectors(ONE, TWO), error(503)]}, A)
    run(get(rig, ask("1", "2", "3")))
    assert rig.engine.services.health.unavailable(rig.target("a/m"), 1e9) is None
