"""What an answer that goes on costs, and that it leaves nothing behind: usage, sizes, cancellation, back-pressure."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.catalog import Model, Price
from sidecar.core.errors import CallError
from sidecar.core.events import AttemptEnded, CallerEvent, CallFailed, Completed, Resumed
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.core.recovery import MAX_RESUMED_CHARACTERS
from sidecar.core.usage import Usage
from sidecar.transport.double import Cut, Play, Step, Wait

from .hedged import SILENT, failures, nothing_is_held
from .resuming import EITHER, PREFILLED, A, B, Breaking, C, chain, cut, plain, restarts, seams, told, whole
from .rig import DONE, Heard, ask, chunk, error, good, hear, steps, text, usage
from .virtual import run

LONG = "The quick brown fox jumps over the lazy dog"
PRICED = Model("m", price=Price(input=1_000_000, output=2_000_000))


def counted(prompt: int, output: int, *pieces: str) -> Play:
    """A whole answer with its usage."""
    return steps(*text(*pieces), chunk({}, "stop"), usage(prompt, output), DONE)


# Usage and cost.


def test_the_usage_is_the_input_once_and_the_output_as_delivered_and_the_total_is_of_all_attempts() -> None:
    rig = chain((A, steps(*text("x" * 40), usage(100, 10), Cut())), (B, counted(130, 7, "rest")))
    completed = told(rig).completed
    assert (completed.usage.input_tokens, completed.usage.output_tokens) == (100, 17)
    assert (completed.total_usage.input_tokens, completed.total_usage.output_tokens) == (230, 17)


def test_what_broke_off_without_a_word_of_its_usage_is_estimated_and_said_to_be() -> None:
    rig = chain((A, cut("x" * 40)), (B, counted(130, 7, "rest")))
    completed = told(rig).completed
    assert completed.usage == Usage(10, 17, estimated=True)
    assert completed.total_usage == Usage(140, 17, estimated=True)


def test_what_was_repeated_and_cut_is_no_output_of_the_answer_but_is_paid_for() -> None:
    rest = " " + "and runs over the hills and away".ljust(42, "!")
    rig = chain((A, cut(LONG)), (PREFILLED, counted(130, 20, LONG, rest)))
    completed = told(rig).completed
    assert completed.usage.output_tokens == len(LONG) // 4 + 10
    assert completed.usage.estimated
    assert completed.total_usage.output_tokens == len(LONG) // 4 + 20


def test_an_attempt_that_did_not_go_on_counts_in_the_total_alone() -> None:
    rig = chain((A, cut(LONG)), (B, counted(130, 50, "The quick brown fox jumps high.")), (C, counted(140, 5, " now")))
    completed = told(rig).completed
    assert completed.usage.output_tokens == len(LONG) // 4 + 5
    assert completed.total_usage.input_tokens >= 130 + 140
    assert completed.total_usage.output_tokens > completed.usage.output_tokens


def test_of_an_answer_that_began_again_only_the_new_one_is_its_usage() -> None:
    rig = chain((A, cut("x" * 40)), (B, counted(130, 7, "rest")))
    completed = told(rig, ask(policy=Policy(on_stream_break=OnStreamBreak.RESTART))).completed
    assert completed.usage == Usage(130, 7)
    assert completed.total_usage == Usage(140, 17, estimated=True)


def test_the_cost_is_of_all_attempts() -> None:
    first, second = plain("a", model=PRICED), plain("b", model=PRICED)
    rig = chain((first, steps(*text("x" * 40), usage(100, 10), Cut())), (second, counted(130, 7, "rest")))
    assert told(rig).completed.cost == (100 + 130) * 1000 + (10 + 7) * 2000


def test_an_error_behind_content_has_the_usage_of_every_attempt_in_its_report() -> None:
    heard = told(chain((A, cut("x" * 40)), (B, error(401))), ask(policy=Policy(max_attempts=2)))
    assert heard.error is not None
    assert heard.error.report is not None
    assert heard.error.report.attempts[0].usage == Usage(10, 10, estimated=True)


# Whoever leaves.


def leaving(rig: Breaking, after_s: float) -> list[CallerEvent]:
    """A caller that goes after so many seconds; nothing is left behind it then."""
    events: list[CallerEvent] = []

    async def listen() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for batch in call:
                events.extend(batch)

    async def leave() -> None:
        task = asyncio.create_task(listen())
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
        assert nothing_is_held(rig)
        assert rig.engine.calls_under_way == 0

    run(leave())
    return events


def held_back() -> Play:
    """It repeats what was sent, and nobody can tell yet what it is up to."""
    return steps(*text(LONG[:20]), Wait(500))


UNDER_WAY: dict[str, Play] = {
    "silent": SILENT,
    "held back": held_back(),
    "going on": steps(*text(" and runs."), Wait(500)),
    "connecting": Play((Wait(500),), connect_s=4.0),
}


@pytest.mark.parametrize("name", UNDER_WAY)
def test_who_leaves_while_the_answer_goes_on_leaves_nothing_behind(name: str) -> None:
    rig = chain((A, cut(LONG)), (B, UNDER_WAY[name]))
    leaving(rig, 1.0)
    assert failures(rig, "b/m") == 0
    if name != "connecting":
        assert rig.transport.sent[1].aborted_at == 1001.0


def test_who_leaves_while_two_are_asked_to_go_on_leaves_nothing_behind() -> None:
    rig = chain((A, cut(LONG)), (B, SILENT), (C, held_back()))
    leaving(rig, 12.0)
    assert rig.who == ["a", "b", "c"]


def test_who_leaves_in_the_pause_before_the_target_is_asked_again_leaves_nothing_behind() -> None:
    rig = chain((A, cut("One ")))
    leaving(rig, 0.2)
    assert len(rig.who) == 2


def test_draining_ends_an_answer_that_goes_on_with_its_report() -> None:
    rig = chain((A, cut("Hel")), (B, steps(*text("lo"), Wait(500))))

    async def drained() -> Heard:
        asyncio.get_running_loop().call_later(5, rig.engine.interrupt_all)
        return await hear(rig)

    heard = run(drained())
    assert heard.error is not None
    assert heard.error.reason is Reason.DRAINING
    assert (heard.text, heard.reasons) == ("Hello", ["STREAM_BROKEN", "CANCELLED"])


# A slow caller, and large answers.


def test_a_slow_caller_holds_up_the_piece_behind_the_seam_and_loses_nothing() -> None:
    pieces = ["y" * 10_000] * 100
    rig = chain((A, cut("x" * 500)), (B, good(*pieces)), more={"max_pending_bytes": 20_000})
    seen: list[int] = []

    async def slowly() -> int:
        got = 0
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for batch in call:
                got += sum(len(getattr(event, "text", "")) for event in batch)
                await asyncio.sleep(1.0)
                if len(rig.transport.sent) > 1:
                    seen.append(rig.transport.sent[1].bytes_read - got)
        return got

    assert run(slowly()) == 500 + 1_000_000
    assert max(seen) < 60_000


def test_a_break_behind_our_own_back_pressure_blames_nobody_and_is_recovered() -> None:
    big: tuple[Step, ...] = text("x" * 10_000) * 10
    rig = chain((A, steps(*big, Cut())), (B, good("rest")), more={"max_pending_bytes": 20_000})

    async def slowly() -> tuple[str, Completed]:
        out = ""
        async with rig.engine.call(ask(), None, buffered=False) as call:
            async for batch in call:
                out += "".join(getattr(event, "text", "") for event in batch)
                await asyncio.sleep(3.0)
        assert call.completed is not None
        return out, call.completed

    out, completed = run(slowly())
    assert out == "x" * 100_000 + "rest"
    assert [attempt.reason for attempt in completed.report.attempts] == [Reason.STREAM_BROKEN, None]
    assert failures(rig, "a/m") == 0


def too_large() -> Play:
    return steps(*text("x" * 100_000) * (MAX_RESUMED_CHARACTERS // 100_000), *text("x"), Cut())


def test_a_text_of_over_a_million_characters_is_not_gone_on_with() -> None:
    for omits in (False, True):
        rig = chain((A, too_large()), (B, good("rest")))
        heard = told(rig, ask(omit_message=omits))
        assert heard.error is not None
        assert heard.error.reason is Reason.STREAM_BROKEN
        assert rig.who == ["a"]


def test_a_text_of_a_million_characters_is() -> None:
    rig = chain((A, steps(*text("x" * 99_999 + "y") * 10, Cut())), (B, good("rest")))
    assert whole(told(rig)).endswith("yrest")


def test_a_text_too_large_to_go_on_with_begins_again_where_that_is_allowed() -> None:
    heard = told(chain((A, too_large()), (B, good("Hi"))), ask(policy=EITHER))
    assert restarts(heard) == ["b"]
    assert whole(heard) == "Hi"


def test_the_pieces_of_an_answer_share_the_limit_of_one_message() -> None:
    rig = chain((A, cut("x" * 999_999)), (B, good(*["y" * 1_000_000] * 31)))
    heard = told(rig)
    assert heard.error is not None
    assert "omit_message" in heard.error.message
    assert failures(rig, "b/m") == 0
    heard = told(chain((A, cut("x" * 999_999)), (B, good(*["y" * 1_000_000] * 31))), ask(omit_message=True))
    assert len(whole(heard)) == 31_999_999


def test_who_omits_the_message_gets_the_same_events_without_it() -> None:
    heard = told(chain((A, cut("Hel")), (B, good("lo"))), ask(omit_message=True))
    assert (whole(heard), seams(heard)) == ("Hello", [("b", 0, 3)])
    assert heard.completed.message is None


# What is told of attempts.


def test_who_wants_to_know_of_attempts_hears_of_the_broken_one_before_the_seam() -> None:
    heard = told(chain((A, cut("Hel")), (B, good("lo"))), ask(include_attempts=True))
    told_of = [event for event in heard.events if isinstance(event, (AttemptEnded, Resumed))]
    assert [type(event) for event in told_of] == [AttemptEnded, Resumed, AttemptEnded]
    ended = [event.attempt for event in told_of if isinstance(event, AttemptEnded)]
    assert [(one.kind.value, one.reason) for one in ended] == [("first", Reason.STREAM_BROKEN), ("resume", None)]


def test_a_call_that_fails_behind_content_tells_its_report_as_the_last_event() -> None:
    request = ask(include_attempts=True, policy=Policy(max_attempts=2))
    heard = told(chain((A, cut("Hel")), (B, error(401))), request)
    last = heard.events[-1]
    assert isinstance(last, CallFailed)
    assert last.reason is Reason.STREAM_BROKEN


def test_the_retry_budget_is_not_needed_to_go_on() -> None:
    rig = chain((A, [cut("Hel"), good("lo")]))

    async def call() -> Heard:
        clock = rig.engine.services.clock
        while rig.engine.services.retries.draw(clock.now()):
            pass
        return await hear(rig)

    assert whole(run(call())) == "Hello"


def test_an_error_is_raised_once_and_nothing_follows_it() -> None:
    rig = chain((A, cut("Hel")), (B, error(401)), policy=replace(Policy(), max_attempts=2))

    async def listen() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            with pytest.raises(CallError):
                async for _ in call:
                    pass
            assert [batch async for batch in call] == []

    run(listen())
