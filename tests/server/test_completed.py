"""The end of a successful call: its fields and trailers."""

from __future__ import annotations

import re

import grpc

from sidecar import __version__
from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import answer_text

from .conversation import question, whole
from .outcome import ask, chat
from .provider import Provider

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_completed_tells_what_was_asked_for_and_what_answered(stub: ChatServiceStub) -> None:
    done = chat(stub, question("smart")).completed
    assert done.requested_model == "smart"
    assert (done.target.provider, done.target.model, done.target.profile) == ("sim", "ok", "main")
    assert done.response_id.startswith("chatcmpl-")
    assert not done.failed_over
    assert not done.end_inferred
    assert [part.text for part in done.message.parts] == [answer_text("hi", 20)]
    assert done.message.parts[0].issuer == "sim"


def test_an_empty_model_is_the_default_model(stub: ChatServiceStub) -> None:
    done = chat(stub, question("")).completed
    assert (done.requested_model, done.target.model) == ("sim/ok", "ok")


def test_usage_is_the_providers_with_cached_and_reasoning_tokens(stub: ChatServiceStub, provider: Provider) -> None:
    provider.when(
        "counted",
        usage={"prompt_tokens": 100, "completion_tokens": 30, "cached_tokens": 64, "reasoning_tokens": 8},
    )
    done = chat(stub, question("counted")).completed
    usage = done.usage
    assert (usage.input_tokens, usage.output_tokens) == (100, 30)
    assert (usage.cached_input_tokens, usage.reasoning_tokens) == (64, 8)
    assert not usage.HasField("cache_write_input_tokens")
    assert not usage.estimated
    assert done.total_usage == usage
    assert not done.HasField("cost")


def test_usage_the_provider_leaves_out_is_estimated_and_says_so(stub: ChatServiceStub) -> None:
    usage = chat(stub, question("no-usage")).completed.usage
    assert usage.estimated
    assert usage.output_tokens > 0


def test_cost_is_counted_in_nano_dollars_where_the_price_is_known(stub: ChatServiceStub) -> None:
    done = chat(stub, question("sim/ok")).completed
    assert done.cost.nano_dollars == done.usage.input_tokens * 2000 + done.usage.output_tokens * 8000 > 0
    assert not done.cost.estimated


def test_total_usage_includes_what_broken_attempts_used(stub: ChatServiceStub) -> None:
    # Nothing of a broken attempt reaches the caller of Complete, and its tokens were paid for all the same.
    request = whole(question("sim/cut-at-6+paid", fallback_models=["sim/ok+paid"]))
    done = ask(stub.Complete, request).response
    assert done.total_usage.output_tokens > done.usage.output_tokens
    assert done.total_usage.estimated
    assert not done.usage.estimated


def test_omit_message_leaves_the_message_out_and_nothing_else(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("ok", omit_message=True))
    assert not outcome.completed.HasField("message")
    assert outcome.text == answer_text("hi", 20)
    assert outcome.completed.usage.output_tokens == 20


def test_the_trace_goes_on_from_the_callers_traceparent(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("ok"), metadata=[("traceparent", PARENT)])
    assert outcome.completed.trace_id == TRACE
    assert outcome.completed.report.trace_id == TRACE
    assert outcome.trailers["remora-trace-id"] == TRACE


def test_a_traceparent_that_is_not_valid_gets_a_fresh_trace(stub: ChatServiceStub) -> None:
    for broken in (f"00-{'0' * 32}-b7ad6b7169203331-01", f"ff-{TRACE}-b7ad6b7169203331-01", "nonsense"):
        trace_id = chat(stub, question("ok"), metadata=[("traceparent", broken)]).completed.trace_id
        assert re.fullmatch(r"[0-9a-f]{32}", trace_id)
        assert trace_id not in (TRACE, "0" * 32)


def test_trailers_of_a_success(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("sim/ok", request_id="my-call"))
    assert outcome.code is grpc.StatusCode.OK
    trailers = {name: value for name, value in outcome.trailers.items() if name.startswith("remora-")}
    assert trailers == {
        "remora-model": "ok",
        "remora-provider": "sim",
        "remora-attempts": "1",
        "remora-request-id": "my-call",
        "remora-trace-id": outcome.completed.trace_id,
        "remora-version": __version__,
    }
    assert outcome.pushback is None


def test_trailers_of_an_error_name_what_was_tried_last(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("sim/status-404+trailers", request_id="my-error"))
    assert outcome.code is grpc.StatusCode.NOT_FOUND
    trailers = outcome.trailers
    assert (trailers["remora-model"], trailers["remora-provider"]) == ("status-404+trailers", "sim")
    assert trailers["remora-attempts"] == "1"
    assert trailers["remora-request-id"] == outcome.info.metadata["request_id"] == "my-error"
    assert trailers["remora-trace-id"] == outcome.info.metadata["trace_id"] == outcome.report.trace_id
    assert trailers["remora-version"] == __version__


def test_a_request_id_is_generated_where_the_caller_gives_none(stub: ChatServiceStub) -> None:
    first, second = chat(stub, question("ok")), chat(stub, question("ok"))
    ids = {outcome.trailers["remora-request-id"] for outcome in (first, second)}
    assert len(ids) == 2
    assert first.completed.report.request_id in ids


def test_the_report_of_a_success_has_every_attempt_with_its_times(stub: ChatServiceStub) -> None:
    request = question("sim/status-404+times", fallback_models=["sim/ok+times"])
    report = chat(stub, request).completed.report
    failed, answered = report.attempts
    assert (failed.index, answered.index) == (1, 2)
    assert failed.upstream_status == 404
    assert failed.message
    assert answered.reason == 0
    assert answered.first_content_duration.ToMicroseconds() > 0
    assert answered.total_duration.ToMicroseconds() >= answered.first_content_duration.ToMicroseconds()
    assert report.start_time.ToMicroseconds() <= failed.start_time.ToMicroseconds()
    assert failed.start_time.ToMicroseconds() <= answered.start_time.ToMicroseconds()
    assert report.actual_target.model == "ok+times"
    assert report.failed_over
