"""What may be started in a minute: any minute, wherever it begins."""

from __future__ import annotations

import random

import pytest

from sidecar.core.limit import DEFAULT_OUTPUT_TOKENS, Minute, expected_tokens

from .build import request

RPM = 7
TPM = 1000


def test_a_request_is_expected_to_take_its_prompt_and_the_most_it_may_be_answered() -> None:
    assert expected_tokens(request(size_bytes=400, max_output_tokens=50)) == 150
    assert expected_tokens(request(size_bytes=400)) == 100 + DEFAULT_OUTPUT_TOKENS


def test_no_sixty_seconds_have_more_starts_than_allowed_however_they_come() -> None:
    rand, minute, now = random.Random(7), Minute(), 0.0
    starts: list[float] = []
    for _ in range(2000):
        now += rand.expovariate(0.3)
        if minute.requests_return_at(RPM, now) is None:
            minute.book(1, now)
            starts.append(now)
    assert all(later - earlier >= 60.0 for earlier, later in zip(starts, starts[RPM:], strict=False))
    assert len(starts) > 0.9 * RPM * now / 60.0


def test_the_next_start_is_told_to_the_instant() -> None:
    minute = Minute()
    for at in (10.0, 20.0, 30.0):
        assert minute.requests_return_at(3, at) is None
        minute.book(0, at)
    assert minute.requests_return_at(3, 40.0) == 70.0
    assert minute.requests_return_at(3, 69.9) == 70.0
    assert minute.requests_return_at(3, 70.0) is None
    minute.book(0, 70.0)
    assert minute.requests_return_at(3, 70.0) == 80.0


def test_a_limit_that_became_stricter_waits_for_as_many_to_leave() -> None:
    minute = Minute()
    for at in (10.0, 20.0, 30.0):
        minute.book(0, at)
    assert minute.requests_return_at(1, 40.0) == 90.0


def test_tokens_wait_until_enough_have_left() -> None:
    minute = Minute()
    minute.book(400, 0.0)
    minute.book(500, 10.0)
    assert minute.tokens_return_at(TPM, 100, 20.0) is None
    assert minute.tokens_return_at(TPM, 101, 20.0) == 60.0
    assert minute.tokens_return_at(TPM, 501, 20.0) == 70.0
    assert minute.tokens_return_at(TPM, 501, 65.0) == 70.0
    assert minute.tokens_return_at(TPM, 500, 65.0) is None
    minute.book(500, 65.0)
    assert minute.tokens_return_at(TPM, 1, 65.0) == 70.0


def test_a_request_that_never_fits_has_a_minute_of_its_own() -> None:
    minute = Minute()
    assert minute.tokens_return_at(TPM, 5000, 0.0) is None
    minute.book(5000, 0.0)
    assert minute.tokens_return_at(TPM, 1, 1.0) == 60.0
    assert minute.tokens_return_at(TPM, 5000, 60.0) is None


def test_what_was_really_used_takes_the_place_of_the_estimate() -> None:
    minute = Minute()
    first = minute.book(900, 0.0)
    assert minute.tokens_return_at(TPM, 200, 1.0) == 60.0
    minute.correct(first, 100)
    assert minute.tokens_return_at(TPM, 900, 1.0) is None
    minute.correct(first, 1200)
    assert minute.tokens_return_at(TPM, 1, 1.0) == 60.0


def test_what_is_learned_of_an_attempt_that_has_left_the_minute_changes_nothing() -> None:
    minute = Minute()
    first = minute.book(900, 0.0)
    minute.book(100, 60.0)
    minute.correct(first, 5000)
    assert minute.tokens_return_at(TPM, 900, 60.0) is None


@pytest.mark.parametrize("now", [0.0, 30.0, 60.0, 1e9])
def test_asking_changes_nothing(now: float) -> None:
    minute = Minute()
    minute.book(TPM, 0.0)
    minute.requests_return_at(1, now)
    minute.tokens_return_at(TPM, 1, now)
    assert minute.requests_return_at(1, 5.0) == minute.tokens_return_at(TPM, 1, 5.0) == 60.0
