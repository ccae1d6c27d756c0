"""Complete: one answer at the end, by the same loop; nothing is committed before it, so every break is silent."""

from __future__ import annotations

import grpc
import pytest

from sidecar.pb import chat_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import answer_text

from .conversation import question, tool, whole
from .outcome import ask, tried
from .provider import Provider


def test_it_gives_the_whole_answer(stub: ChatServiceStub, provider: Provider) -> None:
    outcome = ask(stub.Complete, whole(question("sim/ok", request_id="whole")))
    done = outcome.response
    assert [part.text for part in done.message.parts] == [answer_text("hi", 20)]
    assert done.finish_reason == chat_pb2.FINISH_REASON_STOP
    assert (done.usage.output_tokens, done.requested_model, done.target.model) == (20, "sim/ok", "ok")
    assert done.response_id
    assert done.trace_id == outcome.trailers["remora-trace-id"]
    assert outcome.trailers["remora-request-id"] == done.report.request_id == "whole"
    assert outcome.trailers["remora-attempts"] == "1"
    assert provider.entries("ok")[-1].stream is True


def test_tools_and_reasoning_come_as_parts(stub: ChatServiceStub) -> None:
    request = whole(question("think+parallel-tools", tools=[tool("a"), tool("b")]))
    parts = ask(stub.Complete, request).response.message.parts
    assert [part.WhichOneof("content") for part in parts] == ["reasoning", "tool_call", "tool_call"]


def test_omit_message_holds_for_it_too(stub: ChatServiceStub) -> None:
    done = ask(stub.Complete, whole(question("ok", omit_message=True))).response
    assert not done.HasField("message")
    assert done.usage.output_tokens == 20


@pytest.mark.parametrize("broken", ["cut-at-5", "fin-at-5", "end-at-5", "malformed-at-5", "error-event-at-5"])
def test_a_break_in_the_middle_is_recovered_silently(stub: ChatServiceStub, broken: str) -> None:
    model = f"{broken}+silently"
    outcome = ask(stub.Complete, whole(question(model, fallback_models=["sim/ok+recovers"])))
    done = outcome.response
    assert [part.text for part in done.message.parts] == [answer_text("hi", 20)]
    assert done.failed_over
    assert [target for target, _ in tried(done.report)][-1] == "sim/ok+recovers"
    assert outcome.trailers["remora-model"] == "ok+recovers"


def test_a_break_with_nothing_left_is_the_error(stub: ChatServiceStub) -> None:
    request = whole(question("cut-at-5+alone", policy=policy_pb2.Policy(max_attempts=1)))
    outcome = ask(stub.Complete, request)
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAVAILABLE, "STREAM_BROKEN")
    assert outcome.response is None
    assert outcome.pushback == "-1"
    assert outcome.report.attempts[0].usage.output_tokens > 0


def test_an_error_has_the_same_code_and_details_as_in_chat(stub: ChatServiceStub) -> None:
    outcome = ask(stub.Complete, whole(question("status-404+complete")))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")
    assert outcome.tried == [("sim/status-404+complete", "MODEL_NOT_FOUND")]


def test_cancelling_it_hangs_up_upstream(stub: ChatServiceStub, provider: Provider) -> None:
    pending = stub.Complete.future(whole(question("stall-at-2+unary")), timeout=20)
    provider.wait_for("stall-at-2+unary", lambda entry: entry.tokens_sent == 2)
    pending.cancel()
    assert provider.ended("stall-at-2+unary").outcome == "caller_hung_up"
