"""The registry of error readers, and the readers of Anthropic, Gemini and Bedrock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sidecar.core.classify import ErrorAnswer
from sidecar.core.reasons import Reason
from sidecar.providers import anthropic_error, bedrock_error, gemini_error
from sidecar.providers.error_reader import PROTOCOLS, UnknownProtocol, classify_answer

NOW = 1_795_230_000.0
"""2026-11-21T03:00:00Z"""


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_an_unknown_protocol_is_refused_with_a_sentence() -> None:
    with pytest.raises(UnknownProtocol) as caught:
        classify_answer("smtp", 500, {}, b"", NOW)
    assert isinstance(caught.value, KeyError)
    assert caught.value.protocol == "smtp"
    assert str(caught.value) == "no protocol 'smtp'; known are anthropic, bedrock, gemini, openai"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_reads_a_page_of_something_in_between(protocol: str) -> None:
    verdict = classify_answer(protocol, 503, {"Retry-After": "7", "X-Should-Retry": "false"}, b"<html>", NOW)
    assert (verdict.reason, verdict.retry_after_s, verdict.should_retry) == (Reason.SERVER_ERROR, 7, False)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_page_with_status_200_is_not_the_protocol(protocol: str) -> None:
    assert classify_answer(protocol, 200, {}, b"<html>", NOW).reason is Reason.MALFORMED_RESPONSE


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_says_where_it_leads_and_what_to_check(protocol: str, status: int) -> None:
    headers = {"Location": "https://user:secret@New.Test/v1/chat?key=secret#secret"}
    verdict = classify_answer(protocol, status, headers, b"<html>moved</html>", NOW)
    assert (verdict.reason, verdict.status) == (Reason.UNKNOWN, status)
    assert verdict.message == verdict.shown == "redirected to https://new.test (not followed): check base_url"


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://10.0.0.1:8443/v1", " to http://10.0.0.1:8443"),
        ("https://[::1]:1/v1", " to https://[::1]:1"),
        ("https://a_b.internal", " to https://a_b.internal"),
        ("", ""),
        ("/v1/", ""),
        ("//host.test/v1", ""),
        ("javascript:alert(1)", ""),
        ("https:///v1", ""),
        ("https://host:port/", ""),
        ("https://[::1/", ""),
        ("https://two words/", ""),
        ("https://m\u00fcller.test/", ""),
        (f"https://{'a' * 101}/", ""),
    ],
)
def test_of_a_location_only_a_plain_scheme_and_host_are_told(location: str, said: str) -> None:
    verdict = classify_answer("openai", 307, {"location": location}, b"", NOW)
    assert verdict.message == f"redirected{said} (not followed): check base_url"


@pytest.mark.parametrize("status", [200, 304, 305, 404])
def test_what_is_no_redirect_is_not_told_as_one(status: int) -> None:
    assert "redirected" not in classify_answer("openai", status, {"location": "https://x.test"}, b"", NOW).message


def test_anthropics_error_needs_its_type() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"}
    assert anthropic_error.read_error(529, {}, raw(body), NOW) == ErrorAnswer(
        529, type="overloaded_error", message="Overloaded", is_protocol_error=True
    )
    others: list[Any] = [{"error": {"message": "x"}}, {"error": "x"}, {"type": "error"}, []]
    for other in others:
        assert anthropic_error.read_error(400, {}, raw(other), NOW).is_protocol_error is False


def test_anthropics_reset_headers_count_when_their_bucket_is_empty() -> None:
    body = raw({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}})
    headers = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-21T03:00:12Z",
        "anthropic-ratelimit-tokens-remaining": "5",
        "anthropic-ratelimit-tokens-reset": "2026-11-21T03:10:00Z",
    }
    assert anthropic_error.read_error(429, headers, body, NOW).retry_after_s == 12


def test_geminis_error_is_named_by_its_details_then_by_its_status() -> None:
    error: dict[str, Any] = {"code": 400, "message": "x", "status": "INVALID_ARGUMENT"}
    answer = gemini_error.read_error(400, {}, raw({"error": error}), NOW)
    assert (answer.code, answer.type) == ("400", "INVALID_ARGUMENT")
    detailed = error | {"details": [{"@type": "a"}, {"reason": "API_KEY_INVALID"}]}
    answer = gemini_error.read_error(400, {}, raw({"error": detailed}), NOW)
    assert (answer.code, answer.type) == ("API_KEY_INVALID", "INVALID_ARGUMENT")
    assert gemini_error.read_error(200, {}, raw({"error": detailed}), NOW).code == "400"


@pytest.mark.parametrize("body", [{"error": "x"}, {"error": {"message": "x"}}, {"candidates": []}, [], "x"])
def test_what_is_not_googles_error_is_none(body: object) -> None:
    answer = gemini_error.read_error(400, {}, raw(body), NOW)
    assert (answer.is_protocol_error, answer.blocked) == (False, False)


@pytest.mark.parametrize("feedback", [{"blockReason": "OTHER"}, {"blockReason": "NEW_REASON", "safetyRatings": []}])
def test_any_block_reason_is_a_safety_refusal(feedback: dict[str, Any]) -> None:
    verdict = classify_answer("gemini", 200, {}, raw({"promptFeedback": feedback}), NOW)
    assert verdict.reason is Reason.CONTENT_FILTERED


@pytest.mark.parametrize("feedback", [{}, {"blockReason": ""}, {"blockReason": None}, {"safetyRatings": []}, "x"])
def test_feedback_without_a_block_reason_is_none(feedback: object) -> None:
    assert gemini_error.read_error(200, {}, raw({"promptFeedback": feedback}), NOW).blocked is False


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/"}, {"message": "slow"}),
        ({"x-amzn-errortype": "ThrottlingException"}, {"Message": "slow"}),
        ({":exception-type": "ThrottlingException"}, {"message": "slow"}),
        ({}, {"__type": "com.amazon.coral.service#ThrottlingException", "message": "slow"}),
        ({}, {"code": "ThrottlingException", "message": "slow"}),
        ({}, {"ThrottlingException": {"message": "slow"}}),
    ],
)
def test_bedrocks_exception_is_named_in_one_of_its_places(headers: dict[str, str], body: dict[str, Any]) -> None:
    answer = bedrock_error.read_error(429, headers, raw(body), NOW)
    assert answer == ErrorAnswer(429, type="ThrottlingException", message="slow", is_protocol_error=True)


def test_bedrocks_exception_counts_without_a_body() -> None:
    answer = bedrock_error.read_error(429, {"x-amzn-errortype": "ThrottlingException"}, b"", NOW)
    assert (answer.type, answer.message, answer.is_protocol_error) == ("ThrottlingException", "", True)


@pytest.mark.parametrize(
    "body", [{}, {"message": "Forbidden"}, {"code": 5, "message": "x"}, {"xError": "text"}, {"__type": ""}]
)
def test_without_a_name_it_is_not_bedrocks_error(body: dict[str, Any]) -> None:
    assert bedrock_error.read_error(403, {}, raw(body), NOW).is_protocol_error is False
