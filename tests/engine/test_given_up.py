"""What the books say of attempts that were given up while they were under way: their prompt was sent, and is paid for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.catalog import Model, Price
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.usage import Usage
from sidecar.transport.double import Play, Wait

from .hedged import HEDGE, SILENT, attempts, blame, heard_beside_others, late, spend_hedges, two
from .rig import DONE, Heard, Rig, ask, chunk, good, hear, provider, steps, text, usage
from .test_observation import watched
from .virtual import run

PRICED = (Model("m", price=Price(input=2_000_000, output=8_000_000)),)
"""2,000 nano-dollars a token of the prompt, 8,000 of the answer."""
REQUEST = ask(size_bytes=4000)
PROMPT = REQUEST.estimated_tokens
TOLD = steps(*text("B"), chunk({}, "stop"), usage(90, 7), DONE)


def priced(first: Play, second: Play, policy: Policy = HEDGE) -> Rig:
    """Two entries whose prices are known."""
    owners = (provider("a", models=PRICED), provider("b", models=PRICED))
    return Rig({"a/m": [first], "b/m": [second]}, owners, ("b/m",), policy)


def test_what_was_given_up_is_booked_with_estimated_input() -> None:
    rig = priced(SILENT, TOLD)
    heard = run(hear(rig, REQUEST))
    lost, won = heard.completed.report.attempts
    assert (lost.reason, lost.usage, lost.cost) == (
        Reason.TIMEOUT,
        Usage(PROMPT, 0, estimated=True),
        PROMPT * 2000,
    )
    assert won.usage is not None
    assert (won.usage.input_tokens, won.usage.output_tokens, won.usage.estimated) == (90, 7, False)


def test_the_usage_of_the_answer_is_its_own_and_the_total_has_what_was_given_up() -> None:
    completed = run(hear(priced(SILENT, TOLD), REQUEST)).completed
    assert (completed.usage.input_tokens, completed.usage.output_tokens, completed.usage.estimated) == (90, 7, False)
    total = completed.total_usage
    assert (total.input_tokens, total.output_tokens, total.estimated) == (90 + PROMPT, 7, True)
    assert completed.cost == (90 + PROMPT) * 2000 + 7 * 8000


def test_a_hedge_that_has_lost_is_booked_too() -> None:
    heard = run(hear(priced(late(12), SILENT), REQUEST))
    assert attempts(heard) == [("a/m", "first", ""), ("b/m", "hedge", "CANCELLED")]
    assert heard.completed.report.attempts[1].usage == Usage(PROMPT, 0, estimated=True)


@pytest.mark.parametrize(
    "play", [Play(refused=True, connect_s=1.0), Play((Wait(1000),), connect_s=4.9)], ids=["refused", "still connecting"]
)
def test_what_was_never_sent_costs_nothing(play: Play) -> None:
    heard = run(hear(priced(late(11), play), REQUEST))
    unsent = heard.completed.report.attempts[1]
    assert (unsent.usage, unsent.cost) == (None, None)
    assert heard.completed.total_usage == heard.completed.usage


def test_a_total_with_an_attempt_whose_price_is_not_known_is_not_known() -> None:
    owners = (provider("a"), provider("b", models=PRICED))
    rig = Rig({"a/m": [SILENT], "b/m": [TOLD]}, owners, ("b/m",), HEDGE)
    assert run(hear(rig, REQUEST)).completed.cost is None


def test_a_probe_that_goes_on_unseen_is_booked_when_its_call_leaves_it() -> None:
    rig = priced(SILENT, good("B"))

    async def scenario() -> Heard:
        blame(rig, "a/m", Reason.TIMEOUT, times=3)
        await asyncio.sleep(20.0)
        spend_hedges(rig)
        heard = await heard_beside_others(rig, REQUEST)
        await asyncio.sleep(10.0)
        return heard

    probe, answer = run(scenario()).completed.report.attempts
    assert probe.usage == Usage(PROMPT, 0, estimated=True)
    assert answer.kind == "failover"


def test_a_caller_who_leaves_two_attempts_has_both_booked() -> None:
    rig = two(SILENT, SILENT)
    observer = watched(rig)

    async def leave() -> None:
        task = asyncio.create_task(hear(rig, REQUEST))
        await asyncio.sleep(15.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(leave())
    assert [(a.reason, a.usage) for a in observer.ended] == [
        (Reason.CANCELLED, Usage(PROMPT, 0, estimated=True)),
    ] * 2


def test_tokens_of_what_was_given_up_count_against_the_limit_of_its_profile() -> None:
    owner = provider("a")
    owner = replace(owner, profiles=tuple(replace(profile, tpm=PROMPT + 1100) for profile in owner.profiles))
    rig = Rig({"a/m": [SILENT, good()], "b/m": [good("B")]}, (owner, provider("b")), ("b/m",), HEDGE)

    async def calls() -> list[Heard]:
        return [await hear(rig, REQUEST) for _ in range(2)]

    first, second = run(calls())
    assert attempts(first) == [("a/m", "first", "TIMEOUT"), ("b/m", "hedge", "")]
    assert attempts(second) == [("b/m", "first", "")]
    (skip,) = second.completed.report.skipped
    assert skip.cause == "rate_budget"
