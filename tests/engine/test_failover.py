"""One call through the engine, in virtual time, with the test as the upstream: what moves on, where to, and when."""

from __future__ import annotations

import pickle

import pytest

from sidecar.core.catalog import Model
from sidecar.core.events import AttemptEnded, CallFailed, Completed, Delta, PartCompleted, Started
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.providers.codec import Decoder
from sidecar.providers.openai import OpenAI
from sidecar.transport.double import Cut, Play, Wait

from .rig import DONE, Heard, Rig, ask, chunk, error, good, hear, provider, steps, text, usage
from .virtual import run

A, B = provider("a", "k1", "k2"), provider("b")
ONE = provider("a")
FALLBACK = ("b/m",)


def test_a_healthy_stream_gives_started_then_deltas_then_completed() -> None:
    rig = Rig({"a/m": [good("Hel", "lo")]}, (A,))
    heard = run(hear(rig))
    kinds = [type(event) for event in heard.events]
    assert kinds[0] is Started
    assert kinds[-1] is Completed
    assert set(kinds[1:-1]) == {Delta, PartCompleted}
    assert heard.text == "Hello"
    assert heard.completed.message is not None
    assert [part.content.text for part in heard.completed.message.parts] == ["Hello"]  # type: ignore[union-attr]
    assert not heard.completed.failed_over


def test_a_rate_limited_key_rotates_to_the_next_key_at_once() -> None:
    rig = Rig({"a/m/k1": [error(429)], "a/m/k2": [good()]}, (A,))
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "a/m/k2"]
    assert rig.times == [0.0, 0.0]
    assert heard.kinds == ["first", "rotation"]
    assert not heard.completed.failed_over


def test_a_stated_wait_is_kept_and_the_same_key_then_answers() -> None:
    rig = Rig({"a/m": [error(429, retry_after="2"), good()]}, (ONE,))
    heard = run(hear(rig))
    assert rig.times == [0.0, 2.0]
    assert heard.text == "Hello world"
    assert heard.kinds == ["first", "retry"]


def test_a_stated_wait_that_is_too_long_ends_the_call_with_its_return() -> None:
    rig = Rig({"a/m": [error(429, retry_after="60")]}, (ONE,))
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None
    assert heard.error.reason is Reason.RATE_LIMITED
    assert heard.error.retry_after_s == 60.0


def test_a_503_is_retried_once_after_a_backoff_and_then_fails_over() -> None:
    rig = Rig({"a/m": [error(503)], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "a/m/k1", "b/m/k1"]
    assert rig.times == [0.0, 0.375, 0.375]
    assert heard.kinds == ["first", "retry", "failover"]
    assert heard.completed.failed_over


def test_an_invalid_key_is_not_asked_again_by_the_next_call() -> None:
    rig = Rig({"a/m/k1": [error(401)], "a/m/k2": [good()]}, (A,))

    async def two() -> None:
        await hear(rig)
        await hear(rig)

    run(two())
    assert rig.asked == ["a/m/k1", "a/m/k2", "a/m/k2"]


def test_a_refused_connection_fails_over_without_asking_again() -> None:
    rig = Rig({"a/m": [Play(refused=True)], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1", "b/m/k1"]
    assert heard.reasons == ["CONNECTION", ""]


def test_the_last_entry_gets_two_retries_when_its_connection_is_refused() -> None:
    rig = Rig({"a/m": [Play(refused=True)]}, (ONE,))
    heard = run(hear(rig))
    assert len(rig.asked) == 3
    assert heard.error is not None
    assert heard.error.reason is Reason.CONNECTION


def test_a_connection_that_never_comes_up_is_a_timeout_after_five_seconds() -> None:
    rig = Rig({"a/m": [Play(connect_s=60)], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert rig.times == [0.0, 5.0]
    assert heard.reasons == ["TIMEOUT", ""]


def test_an_invalid_request_is_sent_to_nobody_else() -> None:
    rig = Rig({"a/m": [error(400, "temperature must be a number")], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None
    assert heard.error.reason is Reason.INVALID_REQUEST


def test_an_empty_answer_is_asked_for_once_more_and_then_fails_over() -> None:
    empty = steps(chunk({"role": "assistant"}), chunk({}, "stop"), DONE)
    rig = Rig({"a/m": [empty], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert heard.reasons == ["EMPTY_RESPONSE", "EMPTY_RESPONSE", ""]
    assert rig.engine.services.health.entry(rig.target("a/m")).failures == 0


def test_an_answer_that_is_not_the_protocol_is_asked_for_once_more_and_then_fails_over() -> None:
    html = Play((b"<html>hello</html>",), headers={"content-type": "text/html"})
    rig = Rig({"a/m": [html], "b/m": [good()]}, (ONE, B), FALLBACK)
    assert run(hear(rig)).reasons == ["MALFORMED_RESPONSE", "MALFORMED_RESPONSE", ""]


def test_an_error_event_before_content_is_classified_like_any_error() -> None:
    event = b'data: {"error":{"message":"Provider returned error","code":429}}\n\n'
    rig = Rig({"a/m": [steps(event)], "b/m": [good()]}, (ONE, B), FALLBACK)
    assert run(hear(rig)).reasons == ["RATE_LIMITED", ""]


def test_everything_down_is_one_error_with_every_attempt_in_its_report() -> None:
    rig = Rig({"a/m": [error(503)], "b/m": [error(401)]}, (ONE, B), FALLBACK)
    heard = run(hear(rig))
    assert heard.error is not None
    assert heard.error.reason is Reason.SERVER_ERROR
    assert heard.reasons == ["SERVER_ERROR", "SERVER_ERROR", "AUTHENTICATION"]
    assert heard.error.message == "2 entries failed: a/m SERVER_ERROR 503; b/m AUTHENTICATION 401"


def test_a_dead_entry_is_left_alone_by_later_calls() -> None:
    rig = Rig({"a/m": [error(503)], "b/m": [good()]}, (ONE, B), FALLBACK)

    async def three() -> list[str]:
        for _ in range(2):
            await hear(rig)
        before = len(rig.asked)
        heard = await hear(rig)
        skipped = heard.completed.report.skipped
        assert [(str(skip.entry), skip.cause.value) for skip in skipped] == [("a/m", "open")]
        return rig.asked[before:]

    assert run(three()) == ["b/m/k1"]


def test_the_primary_is_preferred_again_once_a_probe_has_closed_its_breaker() -> None:
    rig = Rig({"a/m": [error(503)] * 4 + [good()], "b/m": [good()]}, (ONE, B), FALLBACK)

    async def outage() -> list[str]:
        import asyncio

        for _ in range(2):
            await hear(rig)
        rig.plays["a/m"] = [good()]
        await asyncio.sleep(23)
        before = len(rig.asked)
        await hear(rig)
        await hear(rig)
        return rig.asked[before:]

    assert run(outage()) == ["a/m/k1", "a/m/k1"]


def test_a_model_that_cannot_stream_is_asked_for_one_whole_answer() -> None:
    body = b'{"id":"r1","choices":[{"message":{"role":"assistant","content":"Whole"},"finish_reason":"stop"}]}'
    play = Play((body,), headers={"content-type": "application/json"})
    rig = Rig({"a/m": [play]}, (provider("a", models=(Model("m", streaming=False),)),))
    heard = run(hear(rig))
    assert heard.text == "Whole"
    assert b'"stream"' not in rig.transport.sent[0].post.body


def test_usage_is_the_answers_and_total_usage_is_of_all_attempts() -> None:
    broken = steps(*text("Hel"), usage(7, 3), Cut())
    whole = steps(*text("Hello"), chunk({}, "stop"), usage(7, 5), DONE)
    rig = Rig({"a/m": [broken], "b/m": [whole]}, (ONE, B), FALLBACK)
    done = run(hear(rig, buffered=True)).completed
    assert (done.usage.input_tokens, done.usage.output_tokens) == (7, 5)
    assert (done.total_usage.input_tokens, done.total_usage.output_tokens) == (14, 8)
    assert not done.total_usage.estimated


def test_usage_the_provider_does_not_tell_is_estimated_and_says_so() -> None:
    rig = Rig({"a/m": [good("x" * 40)]}, (ONE,))
    done = run(hear(rig)).completed
    assert done.usage.estimated
    assert (done.usage.input_tokens, done.usage.output_tokens) == (10, 10)


def test_no_estimate_of_the_output_is_above_the_limit_that_was_asked_for() -> None:
    rig = Rig({"a/m": [good("x" * 40)]}, (ONE,))
    assert run(hear(rig, ask(max_output_tokens=6))).completed.usage.output_tokens == 6


def test_attempts_are_told_as_they_end_and_the_failure_before_the_status() -> None:
    rig = Rig({"a/m": [error(401)], "b/m": [error(402)]}, (ONE, B), FALLBACK)
    heard = run(hear(rig, ask(include_attempts=True)))
    assert [type(event) for event in heard.events] == [AttemptEnded, AttemptEnded, CallFailed]
    assert heard.error is not None


def test_max_attempts_of_the_caller_ends_the_walk() -> None:
    rig = Rig({"a/m": [error(503)], "b/m": [good()]}, (ONE, B), FALLBACK)
    heard = run(hear(rig, ask(policy=Policy(max_attempts=1))))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None


def test_a_shared_key_that_is_refused_is_not_tried_on_the_providers_other_models() -> None:
    rig = Rig({"a/m": [error(401)], "a/n": [good()]}, (ONE,), ("a/n",))
    heard = run(hear(rig))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None
    assert heard.error.reason is Reason.AUTHENTICATION


def test_the_upstream_is_told_the_entrys_own_model_and_key() -> None:
    rig = Rig({"a/m": [error(503)], "b/other": [good()]}, (ONE, B), ("b/other",))
    run(hear(rig))
    assert rig.asked[-1] == "b/other/k1"


def test_content_after_a_pause_is_waited_for() -> None:
    rig = Rig({"a/m": [steps(*text("Hel"), Wait(10), *text("lo"), chunk({}, "stop"), DONE)]}, (ONE,))
    heard = run(hear(rig))
    assert heard.text == "Hello"
    assert heard.took_s == 10.0


def test_a_wait_is_kept_whole_though_the_attempt_before_it_ends_late() -> None:
    limited = error(429, retry_after="12")
    rig = Rig({"a/m": [Play((Wait(1000),))], "b/m": [limited, good()]}, (ONE, B), FALLBACK)

    async def both() -> Heard:
        await hear(rig, ask("b/m"), deadline_s=1.0)
        return await hear(rig)

    heard = run(both())
    assert heard.text == "Hello world"
    limited_at = rig.times[0]
    assert all(at - limited_at >= 12.0 for at in rig.times[2:])


def test_a_bug_in_a_codec_ends_the_call_and_leaves_nothing_behind() -> None:
    class Broken(OpenAI):
        def decoder(self, **options: object) -> Decoder:  # type: ignore[override]
            raise ZeroDivisionError("inside")

    rig = Rig({"a/m": [good()]}, (ONE,))
    rig.engine.services.codecs["openai"] = Broken()  # type: ignore[index]
    with pytest.raises(ZeroDivisionError):
        run(hear(rig))
    (packed,) = rig.engine.services.reports.find("q1", 1000.0)
    assert pickle.loads(packed).reason is Reason.INTERNAL


def test_an_error_before_any_attempt_leaves_the_callers_own_retries_alone() -> None:
    rig = Rig({"a/m": [good()]}, (ONE,))
    heard = run(hear(rig, deadline_s=0.2))
    assert heard.error is not None
    assert not heard.error.attempted


def test_media_are_no_text_when_the_window_and_the_clocks_are_judged() -> None:
    small = provider("a", models=(Model("m", context_window=1000),))
    rig = Rig({"a/m": [good()]}, (small,))
    assert run(hear(rig, ask(size_bytes=1_000_000, media_bytes=999_000))).text == "Hello world"
    refused = run(hear(rig, ask(size_bytes=1_000_000))).error
    assert refused is not None
    assert refused.reason is Reason.CONTEXT_LENGTH


def test_the_cooldown_of_a_declared_model_outlives_a_thousand_undeclared_ones() -> None:
    declared = provider("a", models=(Model("m"),))
    rig = Rig({"a/m": [error(429, retry_after="3600")]}, (declared,))

    async def crowd() -> None:
        await hear(rig)
        for number in range(1100):
            rig.plays[f"a/x{number}"] = [error(429, retry_after="3600")]
            await hear(rig, ask(f"a/x{number}"))
        health, clock = rig.engine.services.health, rig.engine.services.clock
        assert health.unavailable(rig.target("a/m"), clock.now()) is not None
        assert health.unavailable(rig.target("a/x0"), clock.now()) is None

    run(crowd())
