"""Whatever went wrong, the status arrives: its details are within 4 KiB, and what was cut is counted."""

from __future__ import annotations

import grpc
import pytest

from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .conversation import question
from .outcome import Outcome, chat
from .provider import Provider

DETAILS_BYTES = 4096
TRAILER_BYTES = 8192


def details_bytes(outcome: Outcome) -> int:
    return sum(detail.ByteSize() for detail in outcome.status.details)


def trailer_bytes(outcome: Outcome) -> int:
    """As grpc counts it at most: binary in base64, the message percent-encoded, 32 bytes around each."""
    message = sum(1 if " " <= char <= "~" else 3 * len(char.encode()) for char in outcome.message)
    others = sum(
        len(name) + (len(value) * 4 // 3 + 4 if isinstance(value, bytes) else len(value)) + 32
        for name, value in outcome.trailers.items()
    )
    return message + others


def assert_it_arrived(outcome: Outcome, code: grpc.StatusCode) -> None:
    assert outcome.code is code
    assert details_bytes(outcome) <= DETAILS_BYTES
    assert trailer_bytes(outcome) <= TRAILER_BYTES


def test_a_long_chain_with_long_messages_is_cut_and_the_whole_is_in_the_failed_event(
    stub: ChatServiceStub, provider: Provider
) -> None:
    models = [f"long-{i}" for i in range(8)]
    for model in models:
        provider.when(model, status=404, body={"error": {"message": "no such model: " + "why " * 400, "code": "x"}})
    request = question(models[0], fallback_models=[f"sim/{model}" for model in models[1:]], include_attempts=True)
    outcome = chat(stub, request)
    assert_it_arrived(outcome, grpc.StatusCode.NOT_FOUND)
    assert outcome.report.truncated.messages
    assert len(outcome.report.attempts) + outcome.report.truncated.attempts == 8
    assert all(len(attempt.message) <= 120 for attempt in outcome.report.attempts)
    (failed,) = outcome.of("failed")
    assert len(failed.report.attempts) == 8
    assert not failed.report.HasField("truncated")
    assert outcome.report.attempts[0].index == 1
    assert outcome.report.attempts[-1].index == 8


def test_many_skipped_entries_are_dropped_with_their_count(stub: ChatServiceStub) -> None:
    skipped = [f"spare/{'very-long-model-name-' * 8}{i}" for i in range(40)]
    request = question("sim/status-404+skips", fallback_models=skipped)
    request.policy.never_providers.append("spare")
    outcome = chat(stub, request)
    assert_it_arrived(outcome, grpc.StatusCode.NOT_FOUND)
    report = outcome.report
    assert len(report.attempts) == 1
    assert report.truncated.skipped > 0
    assert len(report.skipped) + report.truncated.skipped == 40


@pytest.mark.parametrize("model", ["漢" * 300, "\U0001f988" * 500])
def test_long_names_outside_ascii_do_not_make_the_status_too_large(
    stub: ChatServiceStub, provider: Provider, model: str
) -> None:
    request = question(f"sim/{model}", fallback_models=[f"spare/{model}"], request_id="r" * 128)
    provider.when(model, status=404, body={"error": {"message": model * 3, "code": model, "type": model}})
    outcome = chat(stub, request)
    assert_it_arrived(outcome, grpc.StatusCode.UNAVAILABLE)
    assert outcome.report.attempts


def test_long_codes_and_request_ids_of_the_provider_do_not_make_it_too_large(
    stub: ChatServiceStub, provider: Provider
) -> None:
    body = {"error": {"message": "m" * 3000, "code": "c" * 3000, "type": "t" * 3000}}
    provider.when("wordy-*", status=404, body=body, headers={"x-request-id": "i" * 3000})
    outcome = chat(stub, question("wordy-1", fallback_models=["sim/wordy-2", "sim/wordy-3"]))
    assert_it_arrived(outcome, grpc.StatusCode.UNAVAILABLE)
    assert outcome.report.attempts


def test_a_hundred_field_errors_are_told_as_far_as_they_fit_and_counted(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("ok", stop=[""] * 100))
    assert_it_arrived(outcome, grpc.StatusCode.INVALID_ARGUMENT)
    fields = outcome.fields
    left_out = int(fields.pop("…").removeprefix("and ").removesuffix(" more"))
    assert len(fields) + left_out == 101
    assert outcome.message.endswith("(and 100 more)")
