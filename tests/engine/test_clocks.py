"""The clocks of a call, in virtual time: slow first content, silence, deadlines, and who is blamed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sidecar.core.policy import OnSlow, OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play, Wait

from .rig import DONE, Rig, ask, chunk, error, good, hear, provider, steps, text
from .virtual import run

A, B, C = provider("a"), provider("b"), provider("c")
SILENT = Play((Wait(1000),))
ROLE_ONLY = steps(chunk({"role": "assistant"}), Wait(1000))
SHORT = Policy(first_content_s=2.0)
FAIL = Policy(on_stream_break=OnStreamBreak.FAIL)
PINGS = tuple(step for _ in range(30) for step in (b": ping\n\n", Wait(5)))


def failures(rig: Rig, reference: str) -> int:
    return rig.engine.services.health.entry(rig.target(reference)).failures


def test_silence_fails_over_at_the_first_content_limit() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig))
    assert rig.times == [0.0, 10.0]
    assert heard.reasons == ["TIMEOUT", ""]
    assert failures(rig, "a/m") == 1


def test_the_silent_upstream_is_hung_up_on_at_once() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig))
    aborted_at = rig.transport.sent[0].aborted_at
    assert aborted_at is not None
    assert aborted_at - 1010.0 < 0.01


def test_a_role_and_pings_are_no_content() -> None:
    for play in (ROLE_ONLY, steps(*PINGS)):
        rig = Rig({"a/m": [play], "b/m": [good()]}, (A, B), ("b/m",))
        run(hear(rig))
        assert rig.times == [0.0, 10.0]


def test_wait_gives_the_first_content_until_the_outer_limit() -> None:
    slow = steps(Wait(50), *text("Late"), chunk({}, "stop"), DONE)
    rig = Rig({"a/m": [slow], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, ask(policy=Policy(on_slow=OnSlow.WAIT))))
    assert heard.text == "Late"
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig, ask(policy=Policy(on_slow=OnSlow.WAIT))))
    assert rig.times == [0.0, 60.0]


def test_a_long_prompt_earns_more_time_to_its_first_content() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig, ask(size_bytes=400_000)))
    assert rig.times == [0.0, 15.0]


def test_a_limit_the_caller_tightened_blames_nobody() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, ask(policy=Policy(first_content_s=1.0))))
    assert rig.times == [0.0, 1.0]
    assert heard.reasons == ["CANCELLED", ""]
    assert failures(rig, "a/m") == 0


def test_a_caller_cannot_loosen_the_operators_limit() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",), policy=Policy(first_content_s=2.0))
    run(hear(rig, ask(policy=Policy(first_content_s=30.0))))
    assert rig.times == [0.0, 2.0]


def test_a_deadline_is_split_among_the_callable_entries() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [SILENT], "c/m": [good()]}, (A, B, C), ("b/m", "c/m"))
    heard = run(hear(rig, deadline_s=9.25))
    assert rig.times == [0.0, 3.0, 6.0]
    assert heard.text == "Hello world"


def test_a_split_limit_blames_a_target_that_gave_nobody_content_for_two_seconds() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, deadline_s=8.25))
    assert heard.reasons == ["DEADLINE", ""]
    assert failures(rig, "a/m") == 1


def test_a_split_limit_under_two_seconds_blames_nobody() -> None:
    rig = Rig({"a/m": [SILENT], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig, deadline_s=3.0))
    assert failures(rig, "a/m") == 0


def test_a_deadline_ends_the_call_in_time_for_the_status_to_arrive() -> None:
    rig = Rig({"a/m": [steps(*text("Hel"), *(s for _ in range(99) for s in (Wait(1.0), *text("."))))]}, (A,))
    heard = run(hear(rig, deadline_s=5.0))
    assert heard.error is not None
    assert heard.error.reason is Reason.DEADLINE
    assert heard.took_s == 4.75
    assert failures(rig, "a/m") == 0


def test_no_attempt_starts_with_less_than_half_a_second_left() -> None:
    late = Play((b"oops",), 500, before_headers_s=1.5)
    rig = Rig({"a/m": [late]}, (A,))
    heard = run(hear(rig, deadline_s=2.0))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None
    assert heard.error.reason is Reason.SERVER_ERROR


def test_a_connection_that_never_comes_up_costs_only_its_share_of_a_deadline() -> None:
    rig = Rig({"a/m": [Play(connect_s=60)], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, deadline_s=4.2))
    assert rig.times == [0.0, 1.995]
    assert heard.text == "Hello world"


def test_a_late_connection_does_not_stretch_a_share_of_a_deadline() -> None:
    late = Play((Wait(1000),), connect_s=3.0)
    rig = Rig({"a/m": [late], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, deadline_s=8.25))
    assert rig.times == [0.0, 4.0]
    assert heard.text == "Hello world"
    assert failures(rig, "a/m") == 1


def test_a_configured_limit_counts_from_when_the_connection_is_up() -> None:
    rig = Rig({"a/m": [Play((Wait(1000),), connect_s=4.0)], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig))
    assert rig.times == [0.0, 14.0]


@pytest.mark.parametrize("connect_s", [1.0, 3.0, 4.5])
def test_a_short_limit_counts_from_a_late_connection_too(connect_s: float) -> None:
    rig = Rig({"a/m": [Play((Wait(1000),), connect_s=connect_s)], "b/m": [good()]}, (A, B), ("b/m",), policy=SHORT)
    run(hear(rig))
    assert rig.times == [0.0, connect_s + 2.0]


def test_a_deadline_that_is_already_over_sends_nothing() -> None:
    rig = Rig({"a/m": [good()]}, (A,))
    heard = run(hear(rig, deadline_s=0.1))
    assert heard.error is not None
    assert heard.error.reason is Reason.DEADLINE
    assert rig.asked == []


def test_fifteen_seconds_without_a_byte_break_a_committed_stream() -> None:
    rig = Rig({"a/m": [steps(*text("Hel"), Wait(1000))], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig, ask(policy=FAIL)))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.took_s == 15.0
    assert rig.asked == ["a/m/k1"]
    assert failures(rig, "a/m") == 1


def test_pings_without_content_keep_a_committed_stream_for_forty_five_seconds() -> None:
    rig = Rig({"a/m": [steps(*text("Hel"), *PINGS)]}, (A,))
    assert run(hear(rig, ask(policy=FAIL))).took_s == 45.0


def test_pings_inside_a_tool_call_keep_it_for_ninety_seconds() -> None:
    call = {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{"}}]}
    rig = Rig({"a/m": [steps(chunk(call), *PINGS)]}, (A,))
    assert run(hear(rig, ask(policy=FAIL))).took_s == 90.0


def test_an_idle_limit_the_caller_tightened_blames_nobody() -> None:
    rig = Rig({"a/m": [steps(*text("Hel"), Wait(1000))]}, (A,))
    heard = run(hear(rig, ask(policy=replace(FAIL, idle_s=3.0))))
    assert heard.error is not None
    assert heard.error.reason is Reason.DEADLINE
    assert heard.took_s == 3.0
    assert failures(rig, "a/m") == 0


def test_a_slow_error_body_does_not_hold_up_the_failover() -> None:
    slow = Play((b'{"error":', Wait(60)), 503, {"content-type": "application/json"})
    rig = Rig({"a/m": [slow], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig))
    assert heard.reasons[0] == "SERVER_ERROR"
    assert rig.times[1] < 6.0


def test_waits_end_when_the_caller_goes() -> None:
    rig = Rig({"a/m": [error(429, retry_after="3"), good()]}, (A,))

    async def leave() -> float:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(hear(rig))
        await asyncio.sleep(1.0)
        task.cancel()
        began = loop.time()
        await asyncio.gather(task, return_exceptions=True)
        return loop.time() - began

    assert run(leave()) == 0.0
    assert rig.asked == ["a/m/k1"]


def test_without_a_deadline_nothing_to_say_for_three_hundred_seconds_ends_the_call() -> None:
    policy = Policy(on_slow=OnSlow.WAIT, first_content_limit_s=1000.0, first_content_s=1000.0)
    rig = Rig({"a/m": [Play((Wait(5000),))]}, (A,), policy=policy)
    heard = run(hear(rig))
    assert heard.error is not None
    assert heard.error.reason is Reason.DEADLINE
    assert heard.took_s == 300.0
