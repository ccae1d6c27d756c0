"""A sidecar that stood still (its CPU quota used up, its machine paused) does not take that for a provider's silence."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.pb import policy_pb2
from sidecar.simulator import answer_text

from .conversation import question
from .process import Sidecar
from .provider import Provider

LIMIT = Duration(nanos=1_500_000_000)
#: Half a second apart: from the first to the last is more than the limit.
PACE = {"words": 6, "tokens_per_s": 2, "first_token_s": 0.5}


@pytest.fixture
def still(sidecar: Sidecar) -> Iterator[Sidecar]:
    """The shared sidecar, running again in any case afterwards."""
    yield sidecar
    sidecar.process.send_signal(signal.SIGCONT)


def test_what_came_while_the_sidecar_stood_still_is_no_idle_stream(still: Sidecar, provider: Provider) -> None:
    provider.when("standing", **PACE)
    policy = policy_pb2.Policy(idle_duration=LIMIT, on_stream_break=policy_pb2.ON_STREAM_BREAK_FAIL)
    call = still.chat.Chat(question("standing", policy=policy), timeout=30)
    said = next(event.text_delta.text for event in call if event.text_delta.text)
    still.process.send_signal(signal.SIGSTOP)
    assert provider.ended("standing").outcome == "completed"
    still.process.send_signal(signal.SIGCONT)
    said += "".join(event.text_delta.text for event in call)
    assert said == answer_text("hi", 6)
    assert call.code() is grpc.StatusCode.OK


def test_a_first_content_that_came_while_the_sidecar_stood_still_is_not_slow(
    still: Sidecar, provider: Provider
) -> None:
    provider.when("standing-first", **PACE)
    policy = policy_pb2.Policy(first_content_duration=LIMIT, on_slow=policy_pb2.ON_SLOW_FAILOVER)
    request = question("standing-first", policy=policy, fallback_models=["sim/ok+standing"])
    call = still.chat.Chat(request, timeout=30)
    provider.wait_for("standing-first", lambda entry: True)
    still.process.send_signal(signal.SIGSTOP)
    assert provider.ended("standing-first").outcome == "completed"
    still.process.send_signal(signal.SIGCONT)
    assert "".join(event.text_delta.text for event in call) == answer_text("hi", 6)
    assert provider.entries("ok+standing") == []
