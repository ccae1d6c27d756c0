"""Errors: decoded from the status details into the class that says what to do, or made honestly without any."""

from __future__ import annotations

import pickle
import re
import time

import grpc
import pytest
import remora_client
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from remora_client import (
    AsyncClient,
    Client,
    ContentFiltered,
    ContextTooLong,
    CredentialsRejected,
    DeadlineExceeded,
    FieldError,
    InternalError,
    InvalidRequest,
    NotBuilt,
    NotFound,
    QuotaExhausted,
    RateLimited,
    Reason,
    RemoraError,
    ResourceExhausted,
    SidecarLost,
    StreamBroken,
    Target,
    Unauthenticated,
    Unavailable,
    errors,
)
from remora_client import Cancelled as CancelledCall
from remora_client._pb import error_reason_pb2, report_pb2
from remora_client.duration import duration
from remora_client.testing import FakeSidecar, refuse

Code = grpc.StatusCode
CLASS_OF = [
    ("AUTHENTICATION", Code.FAILED_PRECONDITION, CredentialsRejected),
    ("PERMISSION", Code.FAILED_PRECONDITION, CredentialsRejected),
    ("BILLING", Code.RESOURCE_EXHAUSTED, QuotaExhausted),
    ("RATE_LIMITED", Code.RESOURCE_EXHAUSTED, RateLimited),
    ("OVERLOADED", Code.UNAVAILABLE, Unavailable),
    ("SERVER_ERROR", Code.UNAVAILABLE, Unavailable),
    ("CONNECTION", Code.UNAVAILABLE, Unavailable),
    ("TIMEOUT", Code.UNAVAILABLE, Unavailable),
    ("MALFORMED_RESPONSE", Code.UNAVAILABLE, Unavailable),
    ("EMPTY_RESPONSE", Code.UNAVAILABLE, Unavailable),
    ("STREAM_BROKEN", Code.UNAVAILABLE, StreamBroken),
    ("MODEL_NOT_FOUND", Code.NOT_FOUND, NotFound),
    ("CONTEXT_LENGTH", Code.INVALID_ARGUMENT, ContextTooLong),
    ("MAX_TOKENS", Code.INVALID_ARGUMENT, InvalidRequest),
    ("UNSUPPORTED_PARAMETER", Code.INVALID_ARGUMENT, InvalidRequest),
    ("TOOL_SCHEMA", Code.INVALID_ARGUMENT, InvalidRequest),
    ("FOREIGN_REASONING", Code.INVALID_ARGUMENT, InvalidRequest),
    ("CONTENT_FILTERED", Code.INVALID_ARGUMENT, ContentFiltered),
    ("INVALID_REQUEST", Code.INVALID_ARGUMENT, InvalidRequest),
    ("SPEND_LIMIT", Code.RESOURCE_EXHAUSTED, QuotaExhausted),
    ("DEADLINE", Code.DEADLINE_EXCEEDED, DeadlineExceeded),
    ("CANCELLED", Code.CANCELLED, CancelledCall),
    ("UNKNOWN", Code.UNAVAILABLE, Unavailable),
    ("UNKNOWN_MODEL", Code.NOT_FOUND, NotFound),
    ("CAPABILITY", Code.INVALID_ARGUMENT, InvalidRequest),
    ("ALL_UNAVAILABLE", Code.UNAVAILABLE, Unavailable),
    ("DRAINING", Code.UNAVAILABLE, Unavailable),
    ("BUSY", Code.RESOURCE_EXHAUSTED, RateLimited),
    ("NOT_BUILT", Code.UNIMPLEMENTED, NotBuilt),
    ("CALLER_UNAUTHENTICATED", Code.UNAUTHENTICATED, Unauthenticated),
    ("INVALID_INPUT", Code.INVALID_ARGUMENT, InvalidRequest),
    ("INTERNAL", Code.INTERNAL, InternalError),
]


@pytest.mark.parametrize(("reason", "code", "kind"), CLASS_OF, ids=[case[0] for case in CLASS_OF])
def test_each_reason_has_the_class_a_caller_would_act_on(
    sidecar: FakeSidecar, remora: Client, reason: str, code: grpc.StatusCode, kind: type[RemoraError]
) -> None:
    sidecar.fails(reason, code, "one line", retry_after_s=1.5)
    with pytest.raises(RemoraError) as caught:
        list(remora.chat("smart", "Hi"))
    error = caught.value
    assert type(error) is kind
    assert (error.reason, error.code, error.message, error.retry_after_s) == (Reason(reason), code, "one line", 1.5)
    with pytest.raises(kind):
        remora.complete("smart", "Hi")


def test_the_table_above_and_the_enum_are_the_contracts() -> None:
    names = [name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()][1:]  # noqa: SIM118
    assert names == list(Reason.__members__) == [case[0] for case in CLASS_OF]


def everything(request: object, context: grpc.ServicerContext) -> list[object]:
    report = report_pb2.FailoverReport(request_id="mine", trace_id="ab", requested_model="smart")
    attempt = report.attempts.add(index=1, target=report_pb2.Target(provider="openai", model="m", profile="main"))
    attempt.reason = error_reason_pb2.ERROR_REASON_RATE_LIMITED
    attempt.total_duration.CopyFrom(duration(0.25))
    report.skipped.add(target=report_pb2.Target(provider="x", model="c"), cause=report_pb2.SKIP_CAUSE_OPEN)
    violations = [BadRequest.FieldViolation(field="messages[0].parts", description="is empty")]
    refuse(
        context,
        Code.INVALID_ARGUMENT,
        "1 entry failed",
        ErrorInfo(reason="FUTURE_REASON", domain="remora", metadata={"request_id": "mine", "trace_id": "ab", "x": "y"}),
        RetryInfo(retry_delay=duration(2.5)),
        BadRequest(field_violations=violations),
        report,
    )


def check_everything(error: RemoraError) -> None:
    assert type(error) is InvalidRequest
    assert (error.reason, error.retry_after_s) == ("FUTURE_REASON", 2.5)
    assert (error.request_id, error.trace_id, error.metadata["x"]) == ("mine", "ab", "y")
    assert error.field_errors == (FieldError("messages[0].parts", "is empty"),)
    assert error.report is not None
    assert (error.report.attempts[0].target, error.report.attempts[0].total_s) == (Target("openai", "m", "main"), 0.25)
    assert error.report.skipped[0].cause == "OPEN"
    assert str(error) == "FUTURE_REASON: 1 entry failed (request mine)\n  messages[0].parts: is empty"


def test_all_details_are_decoded_and_an_unknown_reason_stays_a_string(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.script = everything  # type: ignore[assignment]
    with pytest.raises(RemoraError) as caught:
        list(remora.chat("smart", "Hi"))
    check_everything(caught.value)
    with pytest.raises(RemoraError) as caught:
        remora.complete("smart", "Hi")
    check_everything(caught.value)
    check_everything(pickle.loads(pickle.dumps(caught.value)))


async def test_all_details_are_decoded_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.script = everything  # type: ignore[assignment]
    with pytest.raises(RemoraError) as caught:
        async for _ in aremora.chat("smart", "Hi"):
            pass
    check_everything(caught.value)
    with pytest.raises(RemoraError) as caught:
        await aremora.complete("smart", "Hi")
    check_everything(caught.value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Code.UNAVAILABLE, SidecarLost),
        (Code.RESOURCE_EXHAUSTED, ResourceExhausted),
        (Code.INTERNAL, InternalError),
        (Code.DATA_LOSS, RemoraError),
    ],
)
def test_without_details_the_code_decides(
    sidecar: FakeSidecar, remora: Client, code: grpc.StatusCode, kind: type[RemoraError]
) -> None:
    sidecar.script = lambda request, context: context.abort(code, "text")
    with pytest.raises(RemoraError) as caught:
        list(remora.chat("smart", "Hi"))
    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.report) == (None, None)


async def test_a_deadline_that_grpc_ends_is_said_in_the_clients_words(
    sidecar: FakeSidecar, remora: Client, aremora: AsyncClient
) -> None:
    sidecar.script = lambda request, context: time.sleep(1.0) or iter(())  # type: ignore[func-returns-value]
    with pytest.raises(DeadlineExceeded) as caught:
        remora.complete("smart", "Hi", timeout_s=0.1)
    assert caught.value.message == "the call's time ran out"
    with pytest.raises(DeadlineExceeded) as caught:
        async for _ in aremora.chat("smart", "Hi", timeout_s=0.1):
            pass
    assert caught.value.message == "the call's time ran out"


def test_details_that_are_no_protobuf_are_left_out(sidecar: FakeSidecar, remora: Client) -> None:
    def script(request: object, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"), ("remora-request-id", "r-9")))
        context.abort(Code.NOT_FOUND, "gone")

    sidecar.script = script  # type: ignore[assignment]
    with pytest.raises(NotFound) as caught:
        list(remora.chat("smart", "Hi"))
    assert (caught.value.message, caught.value.request_id) == ("gone", "r-9")


def test_an_error_stays_when_the_stream_is_read_again(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.fails("OVERLOADED", Code.UNAVAILABLE)
    with remora.chat("smart", "Hi") as stream:
        for _ in range(2):
            with pytest.raises(Unavailable):
                list(stream)


@pytest.mark.parametrize("reason", ["OVERLOADED", "DRAINING"])
def test_nothing_is_called_a_second_time(sidecar: FakeSidecar, remora: Client, reason: str) -> None:
    sidecar.fails(reason, Code.UNAVAILABLE)
    with pytest.raises(Unavailable):
        list(remora.chat("smart", "Hi"))
    assert len(sidecar.calls) == 1


def test_errors_carry_nothing_of_the_prompt(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.fails("OVERLOADED", Code.UNAVAILABLE)
    with pytest.raises(Unavailable) as caught:
        list(remora.chat("smart", "a secret prompt"))
    assert "secret" not in repr(caught.value) + str(caught.value) + repr(vars(caught.value))


def test_the_drawn_tree_is_the_tree() -> None:
    lines = re.findall(r"^    ([│ ├└─]*)(\w+) {2,}", errors.__doc__ or "", re.MULTILINE)
    above: dict[int, str] = {0: "RemoraError"}
    for indent, name in lines:
        depth = len(indent) // 4
        above[depth] = name
        assert getattr(remora_client, name).__base__.__name__ == above[depth - 1]
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, RemoraError)}
    assert {name for _, name in lines} == kinds - {"RemoraError"}
