"""Sizes and paces: message limits, large images, eager pings, slow readers."""

from __future__ import annotations

import time

import grpc

from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import answer_text

from .conversation import image, question, user
from .outcome import chat
from .process import Sidecar
from .provider import Provider

MIB = 2**20
# At some 240 bytes a word on the provider's side: more than the sockets between (at most tcp_rmem + tcp_wmem, 36 MiB) can hold.
WORDS = 220_000


def test_a_request_over_32_mib_is_refused_by_grpc_itself(stub: ChatServiceStub, provider: Provider) -> None:
    outcome = chat(stub, question("ok+33", user("x" * 33 * MIB)))
    assert outcome.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert provider.entries("ok+33") == []
    assert chat(stub, question("ok+after-33")).code is grpc.StatusCode.OK


def test_an_image_of_10_mib_passes(stub: ChatServiceStub, provider: Provider, sidecar: Sidecar) -> None:
    outcome = chat(stub, question("ok+10", user("look", image(b"\xff" * 10 * MIB))))
    assert outcome.code is grpc.StatusCode.OK
    assert provider.entries("ok+10")[-1].body_bytes > 13 * MIB
    assert "error" not in [line["level"] for line in sidecar.lines]


def test_a_client_that_pings_eagerly_is_not_hung_up_on(sidecar: Sidecar, provider: Provider) -> None:
    provider.when("slowly", words=30, tokens_per_s=12)
    channel = sidecar.channel(
        grpc__keepalive_time_ms=100,
        grpc__keepalive_timeout_ms=5000,
        grpc__keepalive_permit_without_calls=1,
        grpc__http2__max_pings_without_data=0,
    )
    outcome = chat(ChatServiceStub(channel), question("slowly"))
    assert outcome.code is grpc.StatusCode.OK, outcome.message
    assert outcome.text == answer_text("hi", 30)


def test_a_slow_reader_slows_the_provider_down_and_gets_every_word(sidecar: Sidecar, provider: Provider) -> None:
    provider.when("flood", words=WORDS, burst=True)
    channel = sidecar.channel(grpc__http2__bdp_probe=0, grpc__http2__lookahead_bytes=65536)
    before = sidecar.resident_bytes
    call = ChatServiceStub(channel).Chat(question("flood", omit_message=True), timeout=90)
    said = next(event.text_delta.text for event in call if event.text_delta.text)
    sent = settled(provider)
    assert 0 < sent < WORDS * 0.9, "nothing slowed the provider down"
    assert provider.entries("flood")[-1].outcome is None
    assert sidecar.resident_bytes - before < 64 * MIB
    said += "".join(event.text_delta.text for event in call)
    assert said == answer_text("hi", WORDS)
    assert call.code() is grpc.StatusCode.OK


def settled(provider: Provider) -> int:
    """What the provider has sent, once it has not been able to send more for a while."""
    sent, since = -1, time.monotonic()
    while time.monotonic() - since < 0.7:
        now = provider.entries("flood")[-1].tokens_sent
        if now != sent:
            sent, since = now, time.monotonic()
        time.sleep(0.02)
    return sent
