"""What is left of a rate limit by the provider's word."""

from __future__ import annotations

import math

import pytest

from sidecar.core.headroom import UNTOLD_RESET_S, Quota, quota_of

NOW, WALL = 1000.0, 1_800_000_000.0


def read(**headers: str) -> Quota | None:
    return quota_of({name.replace("_", "-"): value for name, value in headers.items()}, NOW, WALL)


def told(**headers: str) -> Quota:
    quota = read(**headers)
    assert quota is not None
    return quota


def test_openais_headers_are_read() -> None:
    quota = told(
        x_ratelimit_remaining_requests="59",
        x_ratelimit_reset_requests="1s",
        x_ratelimit_remaining_tokens="149984",
        x_ratelimit_reset_tokens="6m0s",
    )
    assert (quota.remaining_requests(NOW), quota.remaining_tokens(NOW)) == (59, 149_984)
    assert (quota.remaining_requests(NOW + 1.0), quota.remaining_tokens(NOW + 1.0)) == (None, 149_984)
    assert quota.is_told(NOW + 359.0)
    assert not quota.is_told(NOW + 360.0)


def test_anthropics_headers_are_read_by_the_answers_own_clock() -> None:
    quota = told(
        date="Tue, 12 Jan 2027 08:00:00 GMT",
        anthropic_ratelimit_requests_remaining="0",
        anthropic_ratelimit_requests_reset="2027-01-12T08:00:30Z",
        anthropic_ratelimit_tokens_remaining="12000",
        anthropic_ratelimit_tokens_reset="2027-01-12T08:00:10Z",
        anthropic_ratelimit_input_tokens_remaining="5",
    )
    assert (quota.remaining_requests(NOW + 29.0), quota.remaining_requests(NOW + 30.0)) == (0, None)
    assert (quota.remaining_tokens(NOW + 9.0), quota.remaining_tokens(NOW + 10.0)) == (12_000, None)


def test_input_tokens_stand_for_tokens_where_only_they_are_told() -> None:
    assert told(anthropic_ratelimit_input_tokens_remaining="5").remaining_tokens(NOW) == 5


def test_a_count_without_a_reset_holds_for_a_minute() -> None:
    quota = told(x_ratelimit_remaining_requests="3")
    assert quota.remaining_requests(NOW + UNTOLD_RESET_S - 0.1) == 3
    assert quota.remaining_requests(NOW + UNTOLD_RESET_S) is None


@pytest.mark.parametrize("text", ["", "-1", "NaN", "lots", "1e9", "9" * 16, "१"])
def test_a_count_that_cannot_be_read_is_not_told(text: str) -> None:
    assert read(x_ratelimit_remaining_requests=text, x_ratelimit_remaining_tokens=text) is None


def test_a_count_with_a_fraction_is_cut() -> None:
    assert told(x_ratelimit_remaining_tokens="12.9").remaining_tokens(NOW) == 12


def test_the_calls_left_are_what_requests_and_tokens_both_allow() -> None:
    quota = told(x_ratelimit_remaining_requests="10", x_ratelimit_remaining_tokens="400")
    assert quota.calls_left(10, NOW) == 10
    assert quota.calls_left(100, NOW) == 4
    assert quota.calls_left(0, NOW) == 10


def test_what_was_started_since_is_taken_off_the_calls_left_but_not_off_the_providers_word() -> None:
    quota = told(x_ratelimit_remaining_requests="3", x_ratelimit_remaining_tokens="400")
    for left in (3, 2, 1, 0, 0):
        assert quota.calls_left(1, NOW) == left
        quota.started(10)
    assert quota.calls_left(100, NOW) == 0
    assert (quota.remaining_requests(NOW), quota.remaining_tokens(NOW)) == (3, 400)


def test_what_is_not_told_or_is_full_again_counts_as_full() -> None:
    quota = told(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1s")
    assert quota.calls_left(100, NOW) == 0
    assert quota.calls_left(100, NOW + 1.0) == math.inf


def test_an_answer_that_tells_nothing_gives_no_quota() -> None:
    assert quota_of({"content-type": "application/json"}, 0.0, 0.0) is None
