"""The evidence rule over a small wording of its own: status, then names, then phrases; nothing leaves the set."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.classify import ErrorAnswer, Verdict, classify, effective_status
from sidecar.core.reasons import TABLE, Blame, Reason
from sidecar.core.wording import Wording, phrases

WORDING = Wording(
    names={
        "bad_key": (Reason.AUTHENTICATION,),
        "no_money": (Reason.BILLING,),
        "busy": (Reason.OVERLOADED,),
        "too_fast": (Reason.RATE_LIMITED, Reason.CONTEXT_LENGTH),
        "too_long": (Reason.CONTEXT_LENGTH, Reason.MAX_TOKENS),
        "refused_field": (Reason.UNSUPPORTED_PARAMETER, Reason.TOOL_SCHEMA),
        "no_model": (Reason.MODEL_NOT_FOUND,),
    },
    kinds={"bad_request": Reason.INVALID_REQUEST, "forbidden": Reason.PERMISSION, "internal": Reason.SERVER_ERROR},
    phrases=(
        *phrases(Reason.MAX_TOKENS, r"window is <window>, prompt has <prompt>(?: and <more>)?"),
        *phrases(Reason.CONTEXT_LENGTH, r"window is <limit>", r"too long\b"),
        *phrases(Reason.MAX_TOKENS, r"at most <limit> tokens"),
        *phrases(Reason.BILLING, r"no money\b"),
        *phrases(Reason.OVERLOADED, r"we are overloaded\b"),
        *phrases(Reason.MODEL_NOT_FOUND, r"model <id> is missing\b"),
        *phrases(Reason.UNSUPPORTED_PARAMETER, r"field <parameter> is refused"),
        *phrases(Reason.UNSUPPORTED_PARAMETER, r"last turn must be the user's", parameter="prefill"),
    ),
    parameters={"topP": "top_p"},
)

BAD_REQUEST = frozenset({
    "INVALID_REQUEST", "CONTEXT_LENGTH", "MAX_TOKENS", "UNSUPPORTED_PARAMETER", "TOOL_SCHEMA", "FOREIGN_REASONING",
    "CONTENT_FILTERED", "BILLING", "AUTHENTICATION", "PERMISSION", "MODEL_NOT_FOUND", "RATE_LIMITED", "UNKNOWN",
})  # fmt: skip
POSSIBLE: dict[int, frozenset[str] | set[str]] = {
    **dict.fromkeys((400, 404, 413, 422), BAD_REQUEST),
    401: {"AUTHENTICATION"},
    402: {"BILLING"},
    403: {"PERMISSION", "AUTHENTICATION", "BILLING", "RATE_LIMITED", "CONTENT_FILTERED", "UNKNOWN"},
    408: {"TIMEOUT"},
    504: {"TIMEOUT"},
    429: {"RATE_LIMITED", "BILLING", "MAX_TOKENS", "CONTEXT_LENGTH", "OVERLOADED"},
    **dict.fromkeys((424, 500, 501, 502, 503, 520, 529), frozenset({"SERVER_ERROR", "OVERLOADED", "CONTEXT_LENGTH"})),
    **dict.fromkeys((301, 302, 307, 405, 410, 418, 451, 498, 600), frozenset({"UNKNOWN"})),
}
"""The table of failover.md §4."""


def verdict(status: int, message: str = "", *, code: str | None = None, kind: str | None = None) -> Verdict:
    return classify(ErrorAnswer(status, code, kind, message=message, is_protocol_error=True), WORDING)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, "UNKNOWN"), (400, "INVALID_REQUEST"), (401, "AUTHENTICATION"), (402, "BILLING"), (403, "PERMISSION"),
        (404, "UNKNOWN"), (405, "UNKNOWN"), (408, "TIMEOUT"), (413, "CONTEXT_LENGTH"), (418, "UNKNOWN"),
        (422, "INVALID_REQUEST"), (424, "SERVER_ERROR"), (429, "RATE_LIMITED"), (500, "SERVER_ERROR"),
        (503, "SERVER_ERROR"), (504, "TIMEOUT"), (529, "OVERLOADED"), (600, "UNKNOWN"),
    ],
)  # fmt: skip
def test_the_status_alone_decides_when_nothing_else_is_known(status: int, reason: str) -> None:
    assert verdict(status, "something else").reason == reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, "UNKNOWN"), (400, "UNKNOWN"), (401, "AUTHENTICATION"), (402, "BILLING"), (403, "UNKNOWN"),
        (404, "UNKNOWN"), (408, "TIMEOUT"), (413, "UNKNOWN"), (422, "UNKNOWN"), (424, "SERVER_ERROR"),
        (429, "RATE_LIMITED"), (500, "SERVER_ERROR"), (529, "OVERLOADED"), (200, "MALFORMED_RESPONSE"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_the_protocols_error_is_judged_by_its_status_and_its_text_is_no_evidence(
    status: int, reason: str
) -> None:
    answer = ErrorAnswer(status, message="no money, too long")
    assert classify(answer, WORDING).reason == reason


@pytest.mark.parametrize("status", POSSIBLE)
def test_a_body_that_is_not_the_protocols_error_never_blames_the_request(status: int) -> None:
    blame = TABLE[classify(ErrorAnswer(status, message="too long"), WORDING).reason].blame
    assert blame not in (Blame.REQUEST, Blame.REQUEST_MODEL)


@given(
    st.sampled_from(sorted(POSSIBLE)),
    st.sampled_from([None, *WORDING.names, *WORDING.kinds, "429", "1113", "strange"]),
    st.sampled_from([None, *WORDING.names, *WORDING.kinds]),
    st.sampled_from(["", "no money", "window is 9, prompt has 4", "model x is missing", "field a is refused", "401"]),
    st.booleans(),
    st.booleans(),
)
def test_no_evidence_leaves_the_set_of_the_status(
    status: int, code: str | None, kind: str | None, message: str, is_error: bool, is_blocked: bool
) -> None:
    answer = ErrorAnswer(status, code, kind, message=message, is_protocol_error=is_error, blocked=is_blocked)
    assert classify(answer, WORDING).reason.value in POSSIBLE[status]


@given(st.integers(100, 599), st.text("0123456789 :.,-afterjusedok", max_size=60))
def test_no_status_is_read_out_of_text(status: int, message: str) -> None:
    assert verdict(status, message).reason is verdict(status, "").reason


def test_a_code_narrows_and_comes_before_the_type() -> None:
    assert verdict(429, code="no_money", kind="too_fast").reason is Reason.BILLING
    assert verdict(429, code="strange", kind="no_money").reason is Reason.BILLING
    assert verdict(400, code="BAD_KEY ").reason is Reason.AUTHENTICATION


def test_a_name_whose_likeliest_meaning_is_not_possible_says_nothing() -> None:
    assert verdict(429, code="bad_key").reason is Reason.RATE_LIMITED
    assert verdict(503, code="too_fast").reason is Reason.SERVER_ERROR
    assert verdict(403, code="no_model").reason is Reason.PERMISSION


def test_a_broad_type_only_says_what_holds_without_other_evidence() -> None:
    assert verdict(404, kind="bad_request").reason is Reason.INVALID_REQUEST
    assert verdict(400, "no money", kind="bad_request").reason is Reason.BILLING
    assert verdict(403, kind="bad_request").reason is Reason.PERMISSION
    assert verdict(400, kind="forbidden").reason is Reason.PERMISSION


def test_a_phrase_narrows_within_what_the_code_left() -> None:
    assert verdict(400, "at most 5 tokens", code="too_long").reason is Reason.MAX_TOKENS
    assert verdict(400, "no money", code="too_long").reason is Reason.CONTEXT_LENGTH


def test_a_server_error_is_a_context_error_by_name_only() -> None:
    assert verdict(500, "window is 8192", code="too_long") == Verdict(
        Reason.CONTEXT_LENGTH, limit=8192, status=500, code="too_long", message="window is 8192"
    )
    assert verdict(500, "window is 8192", kind="internal").reason is Reason.SERVER_ERROR
    assert verdict(503, "we are overloaded").reason is Reason.OVERLOADED
    assert verdict(503, code="busy").reason is Reason.OVERLOADED


def test_a_numeric_code_inside_a_200_counts_as_the_status() -> None:
    assert verdict(200, code="429").reason is Reason.RATE_LIMITED
    assert verdict(200, "no money", code="429").reason is Reason.BILLING
    assert verdict(201, code="503", kind="busy").reason is Reason.OVERLOADED


@pytest.mark.parametrize("code", ["200", "302", "99", "1113", "4290", "42", "four", "٤٢٩", "4٢٩", ""])
def test_other_numbers_inside_a_200_are_no_status(code: str) -> None:
    assert effective_status(200, code) == 200
    assert verdict(200, "no money", code=code).reason is Reason.UNKNOWN


def test_a_numeric_code_outside_a_200_is_no_status() -> None:
    assert verdict(500, code="429").reason is Reason.SERVER_ERROR
    assert effective_status(500, "429") == 500
    assert effective_status(200, None) == 200


def test_a_redirect_is_no_success_whatever_its_body_says() -> None:
    assert effective_status(299, "429") == 429
    assert effective_status(300, "429") == 300
    assert verdict(300, code="busy").reason is Reason.UNKNOWN
    assert classify(ErrorAnswer(300), WORDING).reason is Reason.UNKNOWN


def test_an_error_inside_a_200_is_decided_by_name_or_block_field_and_never_by_phrase() -> None:
    assert verdict(200, "no money").reason is Reason.UNKNOWN
    assert verdict(200, "no money", code="busy").reason is Reason.OVERLOADED
    assert verdict(200, kind="bad_request").reason is Reason.INVALID_REQUEST
    blocked = ErrorAnswer(200, blocked=True)
    assert classify(blocked, WORDING).reason is Reason.CONTENT_FILTERED


def test_a_phrase_still_gives_the_limit_of_an_error_named_inside_a_200() -> None:
    assert verdict(200, "window is 4096", code="too_long").limit == 4096
    assert verdict(200, "window is 9000, prompt has 10", code="too_long").reason is Reason.CONTEXT_LENGTH


def test_the_protocols_block_field_is_a_safety_refusal_where_the_status_allows_one() -> None:
    for status, reason in ((400, Reason.CONTENT_FILTERED), (403, Reason.CONTENT_FILTERED), (429, Reason.RATE_LIMITED)):
        answer = ErrorAnswer(status, is_protocol_error=True, blocked=True)
        assert classify(answer, WORDING).reason is reason


def test_a_prompt_that_fits_leaves_too_much_output_and_one_that_does_not_is_too_long() -> None:
    fits = verdict(400, "window is 8,192, prompt has 5,000", code="too_long")
    assert (fits.reason, fits.limit) == (Reason.MAX_TOKENS, 3192)
    with_more = verdict(400, "window is 8192, prompt has 5000 and 192", code="too_long")
    assert (with_more.reason, with_more.limit) == (Reason.MAX_TOKENS, 3000)
    for prompt in (8192, 9000):
        over = verdict(400, f"window is 8192, prompt has {prompt}", code="too_long")
        assert (over.reason, over.limit) == (Reason.CONTEXT_LENGTH, 8192)


def test_a_limit_is_reported_only_where_a_size_was_the_reason() -> None:
    assert verdict(401, "window is 4096").limit is None
    field = ErrorAnswer(400, "too_long", is_protocol_error=True, limit=2048)
    assert classify(field, WORDING).limit == 2048
    other = ErrorAnswer(400, "no_money", is_protocol_error=True, limit=2048)
    assert classify(other, WORDING).limit is None


def test_the_refused_parameter_is_the_fields_else_the_phrases_in_the_protocols_spelling() -> None:
    def parameter(code: str | None, param: str | None, message: str = "") -> str | None:
        answer = ErrorAnswer(400, code, param=param, message=message, is_protocol_error=True)
        return classify(answer, WORDING).parameter

    assert parameter("refused_field", None, "field topP is refused") == "top_p"
    assert parameter("refused_field", "reasoning_effort", "field minimal is refused") == "reasoning_effort"
    assert parameter("refused_field", "messages", "last turn must be the user's") == "prefill"
    assert parameter("refused_field", "seed") == "seed"
    assert parameter("refused_field", None, "last turn must be the user's") == "prefill"
    assert parameter("refused_field", None) is None
    assert parameter(None, "seed") is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("model x is missing or you do not have access to it", True),
        ("model x is missing, inaccessible or not deployed", True),
        ("model x is missing", False),
        ("model x is missing: 'you do not have access'", False),
    ],
)
def test_a_missing_model_is_worth_another_key_when_the_text_speaks_of_access(message: str, expected: bool) -> None:
    assert verdict(404, message).other_profile is expected


def test_only_a_missing_model_is_worth_another_key() -> None:
    assert verdict(400, "you do not have access to it").other_profile is False


def test_what_the_answer_said_is_handed_on_as_it_was() -> None:
    answer = ErrorAnswer(
        429, None, "too_fast", message=" slow ", is_protocol_error=True, retry_after_s=2.5, should_retry=False
    )
    assert classify(answer, WORDING) == Verdict(
        Reason.RATE_LIMITED, 2.5, status=429, code="too_fast", message=" slow ", should_retry=False
    )


def test_every_status_has_a_reason_with_and_without_the_protocols_error() -> None:
    for status, is_error in itertools.product(range(100, 1000), (True, False)):
        assert classify(ErrorAnswer(status, is_protocol_error=is_error), WORDING).reason in Reason


def test_what_is_shown_of_a_failure_are_our_words_or_the_providers_status_and_code_never_its_words() -> None:
    assert Verdict(Reason.TIMEOUT, message="no content within 10.0 s", is_own=True).shown == "no content within 10.0 s"
    told = Verdict(Reason.SERVER_ERROR, status=503, code="server_error", message="you sent: a prompt")
    assert told.shown == "503 server_error"
    assert Verdict(Reason.UNKNOWN, message="you sent: a prompt").shown == ""
