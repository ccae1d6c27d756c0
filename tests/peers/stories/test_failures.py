"""The demo's stories of endpoints that fail: errors, nobody there, silence, no protocol, everything down, a breaker."""

from __future__ import annotations

import pytest
from grpc import StatusCode
from remora_client import InvalidRequest, Unavailable

from .scenery import SOUTH_SAYS
from .stage import Stage

SOUTH = ("south main", None, 200)


@pytest.mark.parametrize(
    ("story", "reason", "status"), [("failing", "SERVER_ERROR", 500), ("overloaded", "OVERLOADED", 503)]
)
def test_a_failing_model_is_asked_once_more_and_then_the_next_answers(stage: Stage, story, reason, status):
    heard = stage.chat(story)
    assert heard.text == SOUTH_SAYS
    assert heard.told == [("north main", reason, status), ("north main", reason, status), SOUTH]
    assert heard.answer.failed_over
    assert stage.statuses(story) == [status, status]
    assert stage.statuses(story, "south") == [200]


def test_where_nobody_is_there_the_next_model_answers(stage: Stage):
    heard = stage.chat("refused")
    assert heard.text == SOUTH_SAYS
    assert heard.told == [("north main", "CONNECTION", None), SOUTH]


def test_a_silent_model_is_left_at_its_limit(stage: Stage):
    heard = stage.chat("silence")
    assert heard.text == SOUTH_SAYS
    assert heard.told == [("north main", "TIMEOUT", None), SOUTH]


def test_a_connection_that_is_closed_before_any_answer_makes_the_next_model_answer(stage: Stage):
    heard = stage.chat("hangs-up")
    assert heard.text == SOUTH_SAYS
    assert {(who, reason) for who, reason, _ in heard.told[:-1]} == {("north main", "CONNECTION")}
    assert heard.told[-1] == SOUTH


def test_a_200_that_is_not_the_protocol_is_no_answer(stage: Stage):
    heard = stage.chat("no-protocol")
    assert heard.text == SOUTH_SAYS
    assert heard.told == [*[("north main", "MALFORMED_RESPONSE", 200)] * 2, SOUTH]


def test_a_wrong_request_goes_to_nobody_else(stage: Stage):
    heard = stage.chat("bad-request")
    assert isinstance(heard.failure, InvalidRequest)
    assert heard.failure.reason == "INVALID_REQUEST"
    assert stage.statuses("bad-request") == [400]
    assert stage.statuses("bad-request", "south") == []


def test_when_everything_is_down_the_one_error_tells_all_that_was_tried(stage: Stage):
    heard = stage.chat("all-down")
    assert isinstance(heard.failure, Unavailable)
    assert (heard.failure.code, heard.failure.reason) == (StatusCode.UNAVAILABLE, "SERVER_ERROR")
    assert heard.text == ""
    assert {reason for who, reason, _ in heard.told if who == "north main"} == {"SERVER_ERROR"}
    assert [tried for tried in heard.told if tried[0] == "south main"] == [("south main", "RATE_LIMITED", 429)]
    assert len(heard.told) == len(stage.statuses("all-down")) + len(stage.statuses("all-down", "south"))


def test_the_breaker_of_a_model_that_stays_dead_opens(stage: Stage):
    heard = [stage.chat("breaker") for _ in range(4)]
    assert [one.text for one in heard] == [SOUTH_SAYS] * 4
    assert stage.statuses("breaker") == [503] * 3
    assert [one.told for one in heard[2:]] == [[SOUTH]] * 2
