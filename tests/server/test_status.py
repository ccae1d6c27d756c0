"""How calls fail: the gRPC code and reason of each kind of failure, its metadata, RetryInfo and pushback."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from sidecar.pb import content_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .conftest import Start
from .conversation import image, question, tool, user
from .outcome import chat
from .provider import Provider

ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)
CODE = grpc.StatusCode
FOREIGN = {"error": {"message": "messages.1.content.0: Invalid `signature` in `thinking` block", "type": "x"}}


@pytest.mark.parametrize(
    ("model", "code", "reason", "status"),
    [
        ("auth/status-401", CODE.FAILED_PRECONDITION, "AUTHENTICATION", "401"),
        ("permission/status-403", CODE.FAILED_PRECONDITION, "PERMISSION", "403"),
        ("billing/quota", CODE.RESOURCE_EXHAUSTED, "BILLING", "429"),
        ("sim/retry-after-77", CODE.RESOURCE_EXHAUSTED, "RATE_LIMITED", "429"),
        ("sim/overloaded", CODE.UNAVAILABLE, "OVERLOADED", "503"),
        ("sim/status-500", CODE.UNAVAILABLE, "SERVER_ERROR", "500"),
        ("dead/any", CODE.UNAVAILABLE, "CONNECTION", None),
        ("lonely/reset", CODE.UNAVAILABLE, "CONNECTION", None),
        ("lonely/close", CODE.UNAVAILABLE, "CONNECTION", None),
        ("sim/status-504", CODE.UNAVAILABLE, "TIMEOUT", "504"),
        ("sim/html", CODE.UNAVAILABLE, "MALFORMED_RESPONSE", "200"),
        ("sim/not-json", CODE.UNAVAILABLE, "MALFORMED_RESPONSE", "200"),
        ("sim/no-body", CODE.UNAVAILABLE, "MALFORMED_RESPONSE", "200"),
        ("sim/malformed-at-0", CODE.UNAVAILABLE, "MALFORMED_RESPONSE", "200"),
        ("sim/empty", CODE.UNAVAILABLE, "EMPTY_RESPONSE", "200"),
        ("sim/role-only", CODE.UNAVAILABLE, "EMPTY_RESPONSE", "200"),
        ("sim/cut-at-3", CODE.UNAVAILABLE, "STREAM_BROKEN", "200"),
        ("sim/fin-at-3", CODE.UNAVAILABLE, "STREAM_BROKEN", "200"),
        ("sim/end-at-3", CODE.UNAVAILABLE, "STREAM_BROKEN", "200"),
        ("sim/malformed-at-3", CODE.UNAVAILABLE, "STREAM_BROKEN", "200"),
        ("sim/status-404", CODE.NOT_FOUND, "MODEL_NOT_FOUND", "404"),
        ("sim/context-length", CODE.INVALID_ARGUMENT, "CONTEXT_LENGTH", "400"),
        ("sim/prompt-filtered", CODE.INVALID_ARGUMENT, "CONTENT_FILTERED", "400"),
        ("sim/status-400", CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "400"),
        ("sim/status-307", CODE.UNAVAILABLE, "UNKNOWN", "307"),
        ("sim/status-418", CODE.UNAVAILABLE, "UNKNOWN", "418"),
    ],
)
def test_each_failure_of_a_provider_has_its_code(
    stub: ChatServiceStub, model: str, code: grpc.StatusCode, reason: str, status: str | None
) -> None:
    outcome = chat(stub, question(model, policy=ONCE))
    assert (outcome.code, outcome.reason) == (code, reason)
    metadata = outcome.info.metadata
    assert f"{metadata['provider']}/{metadata['model']}" == model
    assert metadata["profile"] == "main"
    assert metadata.get("upstream_status") == status
    assert outcome.tried == [(model, reason)]
    assert outcome.pushback == "-1"
    assert "\n" not in outcome.message
    assert outcome.status.message == outcome.message


def test_a_redirect_says_what_to_check(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("sim/status-307", policy=ONCE, include_attempts=True))
    assert outcome.report.attempts[0].message == "redirected (not followed): check base_url"


@pytest.mark.parametrize(
    ("model", "fields", "reason", "metadata"),
    [
        ("max-output-5", {"max_output_tokens": 9}, "MAX_TOKENS", {"limit": "5"}),
        ("refuses-temperature", {"temperature": 1}, "UNSUPPORTED_PARAMETER", {"parameter": "temperature"}),
        ("context-3", {}, "CONTEXT_LENGTH", {"limit": "3"}),
    ],
)
def test_refusals_of_the_request_name_the_limit_or_parameter(
    stub: ChatServiceStub, model: str, fields: dict[str, Any], reason: str, metadata: dict[str, str]
) -> None:
    outcome = chat(stub, question(model, user("one two three four five six"), policy=ONCE, **fields))
    assert (outcome.code, outcome.reason) == (CODE.INVALID_ARGUMENT, reason)
    assert {name: outcome.info.metadata[name] for name in metadata} == metadata


def test_a_refused_signature_is_foreign_reasoning(stub: ChatServiceStub, provider: Provider) -> None:
    provider.when("signed", status=400, body=FOREIGN)
    outcome = chat(stub, question("signed", policy=ONCE))
    assert (outcome.code, outcome.reason) == (CODE.INVALID_ARGUMENT, "FOREIGN_REASONING")


def test_a_stated_wait_is_retry_info(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("retry-after-120", policy=ONCE))
    assert outcome.retry_s is not None
    assert 110 < outcome.retry_s <= 120
    assert outcome.report.attempts[0].retry_after_duration.ToMilliseconds() == 120_000


def test_the_message_is_one_line_with_every_entry(stub: ChatServiceStub) -> None:
    request = question("status-404+line", fallback_models=["sim/retry-after-99+line", "sim/status-500+line"])
    request.policy.max_attempts = 3
    outcome = chat(stub, request)
    assert outcome.message == (
        "3 entries failed: sim/status-404+line MODEL_NOT_FOUND 404; sim/retry-after-99+line RATE_LIMITED 429; "
        "sim/status-500+line SERVER_ERROR 500"
    )
    assert outcome.reason == "RATE_LIMITED"


def test_an_entry_that_rests_is_all_unavailable_with_a_return_and_without_another_call(
    stub: ChatServiceStub, provider: Provider
) -> None:
    request = question("cooling/retry-after-300", policy=ONCE)
    chat(stub, request)
    outcome = chat(stub, request)
    assert (outcome.code, outcome.reason) == (CODE.UNAVAILABLE, "ALL_UNAVAILABLE")
    assert outcome.retry_s is not None
    assert 290 < outcome.retry_s <= 300
    assert outcome.pushback == "-1"
    assert outcome.trailers["remora-attempts"] == "0"
    assert [skip.target.model for skip in outcome.report.skipped] == ["retry-after-300"]
    assert len(provider.entries("retry-after-300")) == 1


def test_an_unknown_model_names_the_closest(start: Start) -> None:
    config = """
listen: {grpc: ["127.0.0.1:0"]}
providers: {sim: {protocol: openai, base_url: "http://127.0.0.1:9/v1", api_key: env:SIM_KEY, models: {gpt-large: {}}}}
aliases: {smart: {targets: [sim/gpt-large]}}
"""
    stub = start(config=config).chat
    outcome = chat(stub, question("gpt-lage"))
    assert (outcome.code, outcome.reason) == (CODE.NOT_FOUND, "UNKNOWN_MODEL")
    assert "gpt-large" in outcome.info.metadata["closest"]
    assert "gpt-large" in outcome.message
    assert outcome.pushback is None
    nameless = chat(stub, question(""))
    assert (nameless.code, nameless.reason) == (CODE.INVALID_ARGUMENT, "INVALID_INPUT")
    assert list(nameless.fields) == ["model"]
    fallback = chat(stub, question("smart", fallback_models=["sim/gpt-large", "no-such"]))
    assert list(fallback.fields) == ["fallback_models[1]"]


def test_a_capability_nothing_has_is_named(stub: ChatServiceStub, provider: Provider) -> None:
    before = provider.received
    outcome = chat(stub, question("sim/blind", user("look", image(b"png"))))
    assert (outcome.code, outcome.reason) == (CODE.INVALID_ARGUMENT, "CAPABILITY")
    assert outcome.info.metadata["missing"] == "images"
    assert outcome.pushback is None
    assert provider.received == before


def test_an_image_over_every_entrys_limit_is_refused_and_over_some_skips_those(
    stub: ChatServiceStub, provider: Provider
) -> None:
    large = user("look", image(b"x" * 1001))
    refused = chat(stub, question("sim/small-eyes", large))
    assert refused.code is CODE.INVALID_ARGUMENT
    assert provider.entries("small-eyes") == []
    outcome = chat(stub, question("sim/small-eyes", large, fallback_models=["sim/ok+eyes"]))
    assert outcome.code is CODE.OK
    assert [skip.target.model for skip in outcome.completed.report.skipped] == ["small-eyes"]
    assert outcome.completed.failed_over


def test_a_tool_the_model_refuses_is_tool_schema(stub: ChatServiceStub, provider: Provider) -> None:
    said = (
        "Invalid schema for function 'look': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'."
    )
    body = {"error": {"message": said, "type": "invalid_request_error", "code": "invalid_function_parameters"}}
    provider.when("toolless", status=400, body=body)
    outcome = chat(stub, question("toolless", tools=[tool("look")], policy=ONCE))
    assert (outcome.code, outcome.reason) == (CODE.INVALID_ARGUMENT, "TOOL_SCHEMA")


def test_over_the_limit_of_calls_a_call_is_busy_with_a_second_to_wait(start: Start, provider: Provider) -> None:
    stub = start("policy: {max_concurrent_requests: 1}").chat
    first = stub.Chat(question("stall-at-1+busy"), timeout=20)
    next(iter(first))
    outcome = chat(stub, question("ok+busy"))
    assert (outcome.code, outcome.reason) == (CODE.RESOURCE_EXHAUSTED, "BUSY")
    assert outcome.retry_s == 1.0
    assert provider.entries("ok+busy") == []
    first.cancel()
    provider.ended("stall-at-1+busy")
    assert chat(stub, question("ok+free")).code is CODE.OK


def test_usage_of_a_broken_answer_is_in_its_report(stub: ChatServiceStub) -> None:
    (attempt,) = chat(stub, question("cut-at-6+usage", policy=ONCE)).report.attempts
    assert attempt.usage.estimated
    assert attempt.usage.output_tokens > 0
    assert attempt.first_content_duration.ToMicroseconds() > 0


def test_an_audio_part_nothing_known_forbids_goes_through(stub: ChatServiceStub, provider: Provider) -> None:
    sound = content_pb2.Part(audio=content_pb2.AudioPart(data=b"RIFF", media_type="audio/wav"))
    assert chat(stub, question("ok+sound", user("listen", sound))).code is CODE.OK
    assert provider.bodies("ok+sound")[0]["messages"][0]["content"][1]["input_audio"]["format"] == "wav"
