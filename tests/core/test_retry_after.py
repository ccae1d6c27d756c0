"""Stated waits: order of the places, formats, and what is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.retry_after import MAX_WAIT_S, sentence_wait, stated_wait_s, wait_s

NOW = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0), ("3", 3.0), (" 2.5 ", 2.5), ("20ms", 0.02), ("34s", 34.0), ("34.074824224s", 34.074824),
        ("1m30s", 90.0), ("6m0s", 360.0), ("2m59.56s", 179.56), ("1h2m3s", 3723.0), ("1d", 86400.0), ("500us", 0.0005),
        ("500\u00b5s", 0.0005), ("500\u03bcs", 0.0005), ("7ns", 0.0), ("1H", 3600.0), ("250 milliseconds", 0.25),
        ("250msecs", 0.25),
        ("5 seconds", 5.0), ("1 sec", 1.0), ("2 minutes", 120.0), ("3 mins", 180.0), ("1 hour", 3600.0), ("2 hrs", 7200.0),
        ("1 day", 86400.0), ("1 minute and 30 seconds", 90.0), ("1 minute, 30 seconds", 90.0),
        ("2026-11-21T03:00:09Z", 9.0), ("2026-11-21T04:00:09.5+01:00", 9.5), ("2026-11-21t03:00:09z", 9.0),
        ("2026-11-21 03:00:09Z", 9.0), ("Sat, 21 Nov 2026 03:00:07 GMT", 7.0),
        ("Saturday, 21-Nov-26 03:00:07 GMT", 7.0), ("Sat Nov 21 03:00:07 2026", 7.0),
        (f"{NOW + 12:.0f}", 12.0), (f"{NOW + 12.5:.1f}", 12.5), (f"{(NOW + 12) * 1000:.0f}", 12.0),
        ("999999999", MAX_WAIT_S), ("1000000000", MAX_WAIT_S), ("90000", MAX_WAIT_S), ("9" * 30, MAX_WAIT_S),
        ("30h", MAX_WAIT_S), ("2027-11-21T03:00:00Z", MAX_WAIT_S),
    ],
)  # fmt: skip
def test_every_format_of_a_wait_is_understood(text: str, seconds: float) -> None:
    assert wait_s(text, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "-0", "+3", "nan", "inf", "-inf", "Infinity", "1e3", "soon", "٣", "3 apples", "1,5", "9" * 400, "9" * 4000,
        "2026-11-21T02:59:59Z", "2026-11-21T03:00:09", "2026-13-21T03:00:09Z", "2026-11-21T03:00:09+99:00",
        "Sat, 21 Nov 2026 02:59:59 GMT", "Sat, 99 Nov 2026 03:00:07 GMT", "Sat, 21 Foo 2026 03:00:07 GMT",
        f"{NOW - 5:.0f}", f"{(NOW - 5) * 1000:.0f}", "s", "1m 30", "3 months",
    ],
)  # fmt: skip
def test_what_is_negative_not_finite_or_unreadable_is_no_wait(text: str) -> None:
    assert wait_s(text, NOW) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9.:TZ+ smhd-]{1,40}", fullmatch=True), st.floats(0, 4e9))
def test_any_text_gives_a_wait_from_nothing_to_a_day_or_none(text: str, now: float) -> None:
    wait = wait_s(text, now)
    assert wait is None or 0.0 <= wait <= MAX_WAIT_S


@given(st.integers(0, 86_399))
def test_an_http_date_and_rfc_3339_mean_the_same_instant(seconds: int) -> None:
    instant = datetime.fromtimestamp(NOW + seconds, UTC)
    assert wait_s(format_datetime(instant, usegmt=True), NOW) == seconds
    assert wait_s(instant.isoformat(), NOW) == seconds


def test_a_stated_wait_over_a_day_is_a_day() -> None:
    assert stated_wait_s({"retry-after": "99999"}, [], NOW) == 86_400
    assert stated_wait_s({"retry-after-ms": "99999999999"}, [], NOW) == 86_400


PLACES = [
    ("retry-after-ms", "1000"),
    ("x-ms-retry-after-ms", "2000"),
    ("retry-after", "3"),
    ("hint", "4s"),
    ("x-ratelimit-reset-tokens", "5s"),
]


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_the_places_are_asked_in_the_order_of_the_rule(first: int) -> None:
    left = dict(PLACES[first:]) | {"x-ratelimit-remaining-tokens": "0"}
    hint = left.pop("hint", None)
    assert stated_wait_s(left, [hint] if hint else [], NOW) == first + 1


@pytest.mark.parametrize("bad", ["", "soon", "-1", "nan", "9" * 400])
def test_an_unreadable_place_is_passed_over_for_the_next(bad: str) -> None:
    headers = {"retry-after-ms": bad, "x-ms-retry-after-ms": bad, "retry-after": bad}
    assert stated_wait_s(headers, [bad, "7"], NOW) == 7


def test_millisecond_headers_may_carry_a_unit_of_their_own() -> None:
    assert stated_wait_s({"retry-after-ms": "2950.5"}, [], NOW) == 2.9505
    assert stated_wait_s({"x-ms-retry-after-ms": "20ms"}, [], NOW) == 0.02


def test_only_buckets_with_nothing_left_count_and_all_of_them_must_be_back() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m30s",
        "x-ratelimit-remaining-tokens": "900",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert stated_wait_s(headers, [], NOW) == 90
    assert stated_wait_s(headers | {"x-ratelimit-remaining-tokens": " 0.0 "}, [], NOW) == 360
    assert stated_wait_s(headers | {"x-ratelimit-remaining-requests": "1"}, [], NOW) is None


@pytest.mark.parametrize(
    ("remaining", "reset", "text", "seconds"),
    [
        ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset", "2026-11-21T03:00:42Z", 42),
        (
            "anthropic-ratelimit-input-tokens-remaining",
            "anthropic-ratelimit-input-tokens-reset",
            "2026-11-21T03:01:00Z",
            60,
        ),
        ("x-ratelimit-remaining", "x-ratelimit-reset", f"{(NOW + 30) * 1000:.0f}", 30),
        ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute", "11.38", 11.38),
        ("ratelimit-remaining", "ratelimit-reset", "12", 12),
        ("ratelimitbysize-remaining", "ratelimitbysize-reset", "32", 32),
    ],
)
def test_vendors_reset_headers_are_understood(remaining: str, reset: str, text: str, seconds: float) -> None:
    assert stated_wait_s({remaining: "0", reset: text}, [], NOW) == seconds


def test_an_empty_bucket_without_a_readable_reset_says_nothing() -> None:
    assert stated_wait_s({"x-ratelimit-remaining-requests": "0"}, [], NOW) is None
    assert stated_wait_s({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, [], NOW) is None
    assert stated_wait_s({"content-type": "application/json"}, [], NOW) is None


def test_an_instant_is_relative_to_the_answers_own_date() -> None:
    headers = {"date": "Sat, 21 Nov 2026 03:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 03:00:07 GMT"}
    assert stated_wait_s(headers, [], NOW + 5000) == 7
    assert stated_wait_s(headers | {"date": "yesterday"}, [], NOW - 3) == 10


@pytest.mark.parametrize(
    ("message", "duration"),
    [
        ("Rate limit reached. Please try again in 3s. Visit the docs.", "3s"),
        ("Rate limit reached, please try again after 1 seconds", "1 seconds"),
        ("Please retry after 8 seconds.", "8 seconds"),
        ("Please wait 12345 seconds before retrying.", "12345 seconds"),
        ("Quota exceeded. Please retry in 34.07s.", "34.07s"),
        ("Try again in 1m30.5s", "1m30.5s"),
        ("Busy (try again in about 2 minutes)", "2 minutes"),
    ],
)
def test_a_sentence_that_states_a_wait_is_read(message: str, duration: str) -> None:
    assert sentence_wait(message) == duration


@pytest.mark.parametrize(
    "message",
    [
        "failed after 420 s",
        "retried 403 times on :443",
        "Invalid content: 'please try again in 3s'",
        'Invalid content: "x. Please try again in 3s"',
        "Please try again later.",
        "Please try again in 20",
        "we told users to try again in 3s",
        "",
    ],
)
def test_other_numbers_and_quoted_words_state_no_wait(message: str) -> None:
    assert sentence_wait(message) is None
