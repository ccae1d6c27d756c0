"""An orderly end: not ready at once, new calls sent elsewhere, running ones finished or told why not, exit code 0."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import grpc
from grpc_health.v1 import health_pb2 as pb

from sidecar.pb import chat_pb2, report_pb2
from sidecar.simulator import answer_text

from .conftest import Start
from .conversation import question, whole
from .outcome import Outcome, ask, chat
from .process import Sidecar
from .provider import Provider

NOT_SERVING = pb.HealthCheckResponse.NOT_SERVING
WORDS = 15


def watch(sidecar: Sidecar) -> Iterator[pb.HealthCheckResponse]:
    """A watcher that has seen the process serve."""
    statuses: Iterator[pb.HealthCheckResponse] = sidecar.standard.Watch(pb.HealthCheckRequest(), timeout=20)
    assert next(statuses).status == pb.HealthCheckResponse.SERVING
    return statuses


class Running:
    """A Chat call heard on a thread; its first content has come."""

    def __init__(self, sidecar: Sidecar, model: str) -> None:
        self._begun = threading.Event()
        self.outcome: Outcome | None = None
        self._call = sidecar.chat.Chat(question(model, include_attempts=True), timeout=30)
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()
        assert self._begun.wait(10)

    def _hear(self) -> None:
        events: list[chat_pb2.ChatResponse] = []
        try:
            for event in self._call:
                events.append(event)
                self._begun.set()
        except grpc.RpcError:
            pass  # the status says it
        trailers = dict(self._call.trailing_metadata())
        self.outcome = Outcome(self._call.code(), self._call.details() or "", trailers, events)

    def end(self) -> Outcome:
        self._thread.join(20)
        assert self.outcome is not None
        return self.outcome


def test_a_running_stream_finishes_while_new_calls_are_sent_elsewhere(start: Start, provider: Provider) -> None:
    provider.when("unhurried", words=WORDS, tokens_per_s=10)
    sidecar = start()
    statuses = watch(sidecar)
    running = Running(sidecar, "unhurried")
    sidecar.terminate()
    assert next(statuses).status == NOT_SERVING
    assert sidecar.standard.Check(pb.HealthCheckRequest(service="remora.v1.ChatService")).status == NOT_SERVING
    for refused in (chat(sidecar.chat, question("ok+new")), ask(sidecar.chat.Complete, whole(question("ok+new")))):
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert refused.pushback is None
    assert provider.entries("ok+new") == []
    outcome = running.end()
    assert outcome.code is grpc.StatusCode.OK
    assert outcome.text == answer_text("hi", WORDS)
    assert sidecar.wait() == 0


def test_a_stream_that_outlasts_the_drain_ends_with_draining_and_its_report(start: Start, provider: Provider) -> None:
    sidecar = start("policy: {drain_timeout_s: 0.5}")
    running = Running(sidecar, "stall-at-3+drained")
    sidecar.terminate()
    outcome = running.end()
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert outcome.pushback is None
    assert outcome.text == answer_text("hi", 3)
    assert [attempt.target.model for attempt in outcome.report.attempts] == ["stall-at-3+drained"]
    assert isinstance(outcome.of("failed")[0].report, report_pb2.FailoverReport)
    assert sidecar.wait() == 0
    assert provider.ended("stall-at-3+drained").outcome == "caller_hung_up"


def test_with_a_drain_delay_new_calls_are_taken_for_that_long(start: Start) -> None:
    sidecar = start("policy: {drain_delay_s: 1.5}")
    statuses = watch(sidecar)
    sidecar.terminate()
    assert next(statuses).status == NOT_SERVING
    assert chat(sidecar.chat, question("ok+delay")).code is grpc.StatusCode.OK
    assert sidecar.wait() == 0


def test_an_idle_sidecar_with_a_watcher_and_a_reader_who_went_to_sleep_still_ends(
    start: Start, provider: Provider
) -> None:
    provider.when("asleep", words=220_000, burst=True)
    sidecar = start("policy: {drain_timeout_s: 0.5}")
    watch(sidecar)
    channel = sidecar.channel(grpc__http2__bdp_probe=0, grpc__http2__lookahead_bytes=65536)
    call = type(sidecar.chat)(channel).Chat(question("asleep"), timeout=30)
    next(call)
    began = time.monotonic()
    sidecar.terminate()
    assert sidecar.wait() == 0
    assert time.monotonic() - began < 10  # a bound, not a measure: it would wait for the sleeper otherwise


def test_ctrl_c_drains_too(start: Start) -> None:
    sidecar = start()
    sidecar.process.send_signal(2)
    assert sidecar.wait() == 0
    assert [line["message"] for line in sidecar.lines][-1] == "draining"
