"""The caller's time: its deadline ends the call with our own status before gRPC's, and its cancellation ends the upstream."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.pb import health_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .conversation import question, whole
from .outcome import ask, chat
from .process import Sidecar
from .provider import Provider

TRIES = 4
"""Our status leaves 5 % of the time before the deadline. A machine that stands still for as long may hold any one of them up,
in front of the caller as well as behind it; a status that is sent too late is late every time."""


@pytest.mark.parametrize("model", ["silence", "headers-then-silence", "stall-at-2", "slow-first-30s"])
def test_our_status_arrives_before_the_callers_deadline(stub: ChatServiceStub, provider: Provider, model: str) -> None:
    name = f"{model}+deadline"
    for _ in range(TRIES):
        outcome = chat(stub, question(name), timeout_s=1.5)
        assert outcome.code is grpc.StatusCode.DEADLINE_EXCEEDED
        if outcome.is_ours:
            break
    assert outcome.reason == "DEADLINE"
    assert outcome.tried == [(f"sim/{name}", "DEADLINE")]
    assert outcome.pushback == "-1"
    assert provider.ended(name).outcome == "caller_hung_up"


def test_a_deadline_ends_complete_too(stub: ChatServiceStub, provider: Provider) -> None:
    for _ in range(TRIES):
        outcome = ask(stub.Complete, whole(question("stall-at-2+complete")), timeout_s=1.5)
        if outcome.is_ours:
            break
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE")
    assert provider.ended("stall-at-2+complete").outcome == "caller_hung_up"


def test_a_deadline_leaves_time_for_the_next_entry(stub: ChatServiceStub) -> None:
    request = question("silence+split", fallback_models=["sim/ok+split"])
    outcome = chat(stub, request, timeout_s=3)
    assert outcome.code is grpc.StatusCode.OK
    assert outcome.completed.failed_over


def test_a_deadline_that_has_all_but_passed_starts_nothing(stub: ChatServiceStub, provider: Provider) -> None:
    outcome = chat(stub, question("ok+late"), timeout_s=0.3)
    assert outcome.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert provider.entries("ok+late") == []


def test_a_limit_of_the_callers_own_is_a_deadline_and_nobodys_fault(sidecar: Sidecar) -> None:
    limit = Duration(nanos=200_000_000)
    policy = policy_pb2.Policy(first_content_duration=limit, first_content_limit_duration=limit)
    for _ in range(4):
        outcome = chat(sidecar.chat, question("silence+own-limit", policy=policy))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE")
    snapshot = next(iter(sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)))
    (entry,) = [entry for entry in snapshot.entries if entry.entry == "sim/silence+own-limit"]
    assert (entry.state, entry.failures) == (health_pb2.BREAKER_STATE_CLOSED, 0)


@pytest.mark.parametrize("model", ["stall-at-2", "silence", "headers-then-silence", "slow-first-90s"])
def test_a_cancelled_call_hangs_up_upstream_at_once(
    stub: ChatServiceStub, provider: Provider, sidecar: Sidecar, model: str
) -> None:
    name = f"{model}+cancel"
    call = stub.Chat(question(name, request_id=name), timeout=120)
    provider.wait_for(name, lambda entry: True)
    if model == "stall-at-2":
        next(iter(call))
    call.cancel()
    assert provider.ended(name).outcome == "caller_hung_up"
    assert "error" not in [line["level"] for line in sidecar.lines]


def test_a_cancelled_calls_report_says_so(stub: ChatServiceStub, provider: Provider, sidecar: Sidecar) -> None:
    call = stub.Chat(question("stall-at-2+report", request_id="cancelled-1"), timeout=20)
    next(iter(call))
    call.cancel()
    provider.ended("stall-at-2+report")
    limit = time.monotonic() + 5
    while True:
        kept = ask(sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="cancelled-1"))
        if kept.response is not None or time.monotonic() > limit:
            break
        time.sleep(0.01)  # the upstream end is seen a moment before the report is kept
    (report,) = kept.response.reports
    assert report.reason == report.attempts[0].reason != 0
    assert report.message == "the caller went away"


def test_a_caller_whose_connection_dies_hangs_up_upstream_too(sidecar: Sidecar, provider: Provider) -> None:
    channel = sidecar.channel()
    call = ChatServiceStub(channel).Chat(question("stall-at-2+gone"), timeout=20)
    next(iter(call))
    channel.close()
    assert provider.ended("stall-at-2+gone").outcome == "caller_hung_up"
