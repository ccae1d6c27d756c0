"""The access log, and what is said of changes."""

from __future__ import annotations

import io
import json
import logging

import pytest

from sidecar.core.observation import Change, ChangeKind
from sidecar.core.reasons import Reason
from sidecar.core.redaction import Redactor
from sidecar.core.report import Attempt
from sidecar.telemetry import change_log, logs
from sidecar.telemetry.access_log import FIELDS, AccessLog
from sidecar.telemetry.shown import Shown

from .build import PROMPT, attempt, failed, operation, rpc, target

SECRET = "planted-secret-value-0123"


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def line_of(made: object, request_id: str = "req-1") -> dict[str, object]:
    """The one line an rpc leaves."""
    stream = io.StringIO()
    log = AccessLog(lambda: stream, Shown(Redactor([SECRET])).name)
    log.note(made, request_id)  # type: ignore[arg-type]
    log.write()
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_a_call_that_was_answered_elsewhere_leaves_this_line() -> None:
    made = operation(failed(0), attempt(1, target=target("anthropic", "claude-x")))
    assert line_of(rpc(made)) == {
        "ts": "2027-01-15T08:00:01.501+00:00",
        "level": "info",
        "logger": "remora.access",
        "message": "request",
        "method": "remora.v1.ChatService/Chat",
        "code": "OK",
        "reason": None,
        "request_id": "req-1",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "1111111111111111",
        "duration_ms": 1502.0,
        "first_content_ms": 1201.5,
        "requested_model": "smart",
        "provider": "anthropic",
        "model": "claude-x",
        "profile": "main",
        "attempts": 2,
        "failed_over": True,
        "input_tokens": 10,
        "output_tokens": 20,
        "cost_nano_dollars": 1500,
        "streamed": True,
    }


def test_a_call_that_failed_names_its_last_attempt_and_what_was_spent() -> None:
    broken = failed(1, Reason.STREAM_BROKEN, first_content_s=0.1, usage=attempt().usage, cost=7)
    line = line_of(rpc(operation(failed(0), broken, first_content_s=1.101)))
    assert (line["code"], line["reason"]) == ("UNAVAILABLE", "STREAM_BROKEN")
    assert (line["provider"], line["model"]) == ("openai", "gpt-x")
    assert (line["input_tokens"], line["output_tokens"], line["cost_nano_dollars"]) == (10, 20, 7)
    assert line["first_content_ms"] == 1101.5


@pytest.mark.parametrize(
    "last",
    [
        attempt(1),
        failed(1, Reason.CANCELLED, first_content_s=None),
        failed(1, Reason.STREAM_BROKEN, first_content_s=0.1),
    ],
)
def test_the_first_content_is_the_first_that_was_sent_whatever_became_of_the_call(last: Attempt) -> None:
    broken = failed(0, Reason.STREAM_BROKEN, first_content_s=0.025)
    assert line_of(rpc(operation(broken, last, first_content_s=0.026)))["first_content_ms"] == 26.5


def test_content_that_never_reached_the_caller_is_no_first_content() -> None:
    lost = failed(0, Reason.CANCELLED, first_content_s=0.1)
    assert line_of(rpc(operation(lost, failed(1))))["first_content_ms"] is None


def test_an_unknown_price_leaves_the_cost_open() -> None:
    broken = failed(0, Reason.STREAM_BROKEN, usage=attempt().usage, cost=None)
    line = line_of(rpc(operation(broken)))
    assert (line["input_tokens"], line["cost_nano_dollars"]) == (10, None)


@pytest.mark.parametrize(
    "made",
    [
        rpc(),
        rpc(operation()),
        rpc(operation(failed(0))),
        rpc(operation(attempts=(), actual=None, reason=Reason.UNKNOWN_MODEL)),
    ],
)
def test_a_line_always_has_every_field_in_the_same_order(made: object) -> None:
    assert list(line_of(made)) == list(FIELDS)


def test_an_rpc_that_made_no_call_leaves_nulls() -> None:
    line = line_of(rpc(code="INVALID_ARGUMENT", reason=Reason.INVALID_INPUT, method="Complete"))
    unknown = {name for name, value in line.items() if value is None}
    assert unknown == {
        *("first_content_ms", "requested_model", "provider", "model", "profile"),
        *("attempts", "failed_over", "input_tokens", "output_tokens", "cost_nano_dollars"),
    }
    assert line["streamed"] is False


def test_no_prompt_and_no_secret_is_in_a_line() -> None:
    made = operation(failed(0, message=PROMPT, target=target(model=SECRET)), requested_model=SECRET)
    line = json.dumps(line_of(rpc(made)))
    assert SECRET not in line
    assert PROMPT not in line


def test_lines_are_written_together_and_once() -> None:
    written: list[str] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    log = AccessLog(Stream, str)
    for request_id in ("one", "two"):
        log.note(rpc(operation()), request_id)
    log.write()
    log.write()
    (text,) = written
    assert [json.loads(line)["request_id"] for line in text.splitlines()] == ["one", "two"]


def test_lines_that_cannot_be_written_are_not_kept() -> None:
    asked: list[str] = []

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            asked.append(text)
            raise OSError("full")

    log = AccessLog(Broken, str)
    log.note(rpc(operation()), "lost")
    with pytest.raises(OSError, match="full"):
        log.write()
    log.write()
    assert len(asked) == 1


def test_a_log_above_info_has_no_access_lines() -> None:
    stream = io.StringIO()
    logging.getLogger("remora.access").setLevel("WARNING")
    try:
        log = AccessLog(lambda: stream, str)
        log.note(rpc(operation()), "r")
        log.write()
    finally:
        logging.getLogger("remora.access").setLevel(logging.NOTSET)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", ChangeKind)
def test_every_kind_of_change_is_said_once_with_its_cause(kind: ChangeKind, caplog: pytest.LogCaptureFixture) -> None:
    change_log.note(
        Change(kind, "three failures in a row", "openai", "https://e.example", "gpt-x", None, Reason.TIMEOUT)
    )
    (record,) = caplog.records
    assert record.levelno == change_log.LEVELS[kind]
    assert "three failures in a row" in record.getMessage()
    assert record.__dict__["reason"] == "TIMEOUT"


def test_an_opened_breaker_is_a_warning_a_closed_one_information_a_refused_configuration_an_error() -> None:
    levels = change_log.LEVELS
    assert levels[ChangeKind.OPENED] == logging.WARNING
    assert levels[ChangeKind.CLOSED] == logging.INFO
    assert levels[ChangeKind.REFUSED] == logging.ERROR


def test_a_line_of_any_log_has_the_ids_of_trace_and_span_where_they_are_known() -> None:
    record = logging.LogRecord("remora.engine", logging.INFO, "", 0, "a", None, None)
    record.__dict__ |= {"trace_id": "t", "span_id": "s"}
    line = json.loads(logs.JsonFormatter(Redactor([])).format(record))
    assert (line["trace_id"], line["span_id"]) == ("t", "s")
