"""What is read out of the shapes of OpenAI's protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sidecar.core.classify import ErrorAnswer
from sidecar.core.reasons import Reason
from sidecar.providers.error_reader import classify_answer
from sidecar.providers.openai_error import read_error

NOW = 1_795_230_000.0
"""2026-11-21T03:00:00Z"""


def read(body: Any, status: int = 400, headers: dict[str, str] | None = None) -> ErrorAnswer:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return read_error(status, headers or {}, raw, NOW)


def test_openais_own_shape_is_read_field_by_field() -> None:
    body = {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}}
    assert read(body) == ErrorAnswer(400, "c", "t", "p", "no", is_protocol_error=True)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "no"},
        {"object": "error", "message": "no"},
        {"message": "no", "type": "t"},
        {"detail": "no"},
        {"detail": {"message": "no"}},
        {"detail": [{"loc": ["body"], "msg": "no", "type": "missing"}]},
        {"errors": [{"message": "no", "code": 7}]},
        [{"error": {"message": "no"}}],
        {"error": {"message": {"detail": [{"msg": "no"}]}}},
        {"error": {"error": "no"}},
        {"choices": [{"error": {"message": "no"}}]},
        'data: {"error": {"message": "no"}}\n\n',
        ': PROCESSING\n\nevent: error\ndata: {"error": {"message": "no"}}\n\ndata: [DONE]\n\n',
        '\ufeff{"error": {"message": "no"}}',
    ],
)
def test_every_known_shape_is_the_protocols_error(body: Any) -> None:
    answer = read(body)
    assert (answer.is_protocol_error, answer.message) == (True, "no")


@pytest.mark.parametrize(
    "body",
    [
        "", "  ", "upstream request timeout", "<html></html>", "{", "[", "null", "[]", "[1]", "data: {", "data: [DONE]",
        {"message": "Forbidden"}, {"error": None}, {"error": ""}, {"error": 7}, {"detail": []}, {"detail": 3}, {"errors": []},
        {"message": 5, "code": 1}, {"status": 404, "error": "Not Found", "path": "/v1"}, {"choices": [{"message": {}}]},
    ],
)  # fmt: skip
def test_what_is_no_known_shape_is_not_the_protocols_error(body: Any) -> None:
    answer = read(body)
    assert (answer.is_protocol_error, answer.message, answer.code) == (False, "", None)


@pytest.mark.parametrize(
    ("code", "text"),
    [(1311, "1311"), ("1311", "1311"), (" c ", "c"), ("", None), (None, None), (True, None), (1.5, None)],
)
def test_a_code_is_a_name_or_a_whole_number_as_text(code: object, text: str | None) -> None:
    assert read({"error": {"message": "x", "code": code}}).code == text


def test_fields_of_another_type_are_left_out() -> None:
    body = {
        "error": {"message": ["x"], "type": {}, "param": [], "code": {}, "metadata": 3, "innererror": "x", "details": 4}
    }
    assert read(body) == ErrorAnswer(400, is_protocol_error=True)
    assert read({"error": {"message": {"x": 1}}}) == ErrorAnswer(400, is_protocol_error=True)


def test_the_window_is_taken_from_llama_cpps_field() -> None:
    assert read({"error": {"message": "x", "n_ctx": 8448}}).limit == 8448
    assert read({"error": {"message": "x", "n_ctx": "8448"}}).limit is None
    assert read({"error": {"message": "x", "n_ctx": True}}).limit is None
    assert read({"error": {"message": "x", "n_ctx": 0}}).limit is None


def test_a_fastapi_problem_names_its_kind_and_field() -> None:
    answer = read({"detail": [{"loc": ["body", "messages", 0, "name"], "msg": "Extra", "type": "extra_forbidden"}]})
    assert (answer.type, answer.param) == ("extra_forbidden", "messages.0.name")
    assert read({"detail": [{"loc": "body", "msg": "x", "type": "y"}]}).param is None


def test_googles_details_and_status_name_the_error_of_its_compatible_endpoint() -> None:
    error: dict[str, Any] = {"code": 400, "message": "x", "status": "INVALID_ARGUMENT"}
    assert read([{"error": error}]).type == "INVALID_ARGUMENT"
    assert (
        read([{"error": error | {"details": [{"@type": "x"}, {"reason": "API_KEY_INVALID"}]}}]).type
        == "API_KEY_INVALID"
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"error": {"message": "inner", "code": "c", "type": "t", "param": "p"}},
        json.dumps({"error": {"message": "inner", "code": "c", "type": "t", "param": "p"}}),
        json.dumps({"error": {"message": "inner", "code": 400, "type": "c", "param": "p"}}),
    ],
)
def test_a_relayed_error_is_read_instead_of_its_envelope_which_keeps_the_number(raw: object) -> None:
    body = {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw}}}
    answer = read(body, 200)
    assert (answer.code, answer.type, answer.param, answer.message) == ("429", "c", "p", "inner")


@pytest.mark.parametrize("raw", ["error code: 1015", {"error": "x"}, '{"error": {"message": 5}}', "", None, 3])
def test_what_cannot_be_read_of_a_relayed_error_leaves_the_envelope(raw: object) -> None:
    body = {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw, "error_type": "t"}}}
    answer = read(body)
    assert (answer.code, answer.type, answer.message) == ("429", "t", "Provider returned error")


@pytest.mark.parametrize("cut", [b"\\ud83d", b"\xf0\x9f", b"\xff"])
def test_half_an_emoji_in_the_callers_text_does_not_hide_the_error(cut: bytes) -> None:
    body = b'{"error": {"message": "Bad value: \'hi ' + cut + b'\'", "type": "invalid_request_error", "code": null}}'
    answer = read_error(400, {}, body, NOW)
    assert (answer.type, answer.is_protocol_error) == ("invalid_request_error", True)
    assert answer.message.encode().startswith(b"Bad value: 'hi ")


def test_a_body_nested_too_deep_is_not_the_protocols_error() -> None:
    assert read("[" * 200_000).is_protocol_error is False


def test_raw_text_of_an_error_that_is_not_relayed_is_no_evidence() -> None:
    body = {"error": {"message": "no", "metadata": {"raw": '{"error": {"message": "inner"}}'}}}
    assert read(body).message == "no"


def test_vendors_own_marks_of_a_safety_refusal_are_block_fields() -> None:
    assert read({"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}).blocked is True
    assert read({"error": {"message": "x", "metadata": {"flagged_input": ""}}}).blocked is True
    assert read({"error": {"message": "x", "innererror": {"code": "Other"}, "metadata": {}}}).blocked is False


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("maybe", None), ("", None)])
def test_x_should_retry_is_read(text: str, value: bool | None) -> None:
    headers = {"x-should-retry": text}
    assert read({"error": {"message": "x"}}, headers=headers).should_retry is value
    assert read("", headers=headers).should_retry is value


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"retry_after": 20}, 20), ({"retry_after": 1.5}, 1.5), ({"retryAfter": "3s"}, 3), ({"retry_after_ms": 250}, 0.25),
        ({"retryAfterMs": 250}, 0.25), ({"metadata": {"retry_after_seconds": 9}}, 9),
        ({"details": [{"retryDelay": "34s"}]}, 34), ({"details": [{"retryDelay": {"seconds": "34"}}]}, 34),
        ({"retry_after": True}, None), ({"retry_after": None}, None), ({"retry_after": {"nanos": 5}}, None),
        ({"retry_after": -1}, None),
        ({"metadata": {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795230030000", "N": 1}}}, 30),
        ({"message": "Rate limit reached. Please try again in 14m24s."}, 864),
    ],
)  # fmt: skip
def test_waits_that_a_body_states_are_read(fields: dict[str, Any], seconds: float | None) -> None:
    body = {"error": {"message": "slow", "code": 429} | fields}
    assert read(body, 429).retry_after_s == seconds
    assert read(body, 200).retry_after_s == seconds


def test_a_header_comes_before_the_body_and_the_body_before_reset_headers() -> None:
    body = {"error": {"message": "Rate limit reached. Please try again in 14s."}}
    reset = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "5s"}
    assert read(body, 429, reset).retry_after_s == 14
    assert read(body, 429, reset | {"retry-after": "3"}).retry_after_s == 3
    assert read("not json", 503, {"retry-after": "3"}).retry_after_s == 3


def test_a_sentence_states_a_wait_only_where_waiting_is_meant() -> None:
    body = {"error": {"message": "Bad value. Please try again in 14s."}}
    assert [read(body, status).retry_after_s for status in (400, 401, 404, 422, 429, 503)] == [
        None, None, None, None, 14, 14,
    ]  # fmt: skip


def test_an_answer_is_read_up_to_its_first_error() -> None:
    body = 'data: {"choices": []}\n\ndata: {"error": {"message": "a"}}\n\ndata: {"error": {"message": "b"}}\n\n'
    assert read(body, 200).message == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The model `x` does not exist or you do not have access to it.", True),
        ("model 'x' not found, try pulling it first", False),
    ],
)
def test_a_missing_model_says_whether_another_key_may_have_it(text: str, expected: bool) -> None:
    body = json.dumps({"error": {"message": text, "code": "model_not_found"}}).encode()
    verdict = classify_answer("openai", 404, {}, body, NOW)
    assert (verdict.reason, verdict.other_profile) == (Reason.MODEL_NOT_FOUND, expected)
