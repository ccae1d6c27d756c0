"""The demo's stories of keys: limited ones, stated waits, and one that is refused."""

from __future__ import annotations

from .scenery import NORTH_SAYS, SOUTH_SAYS, model
from .stage import Stage


def test_a_limited_key_gives_way_to_the_next_at_once(stage: Stage):
    heard = stage.chat("rotation")
    assert heard.text == NORTH_SAYS
    assert heard.told == [("north main", "RATE_LIMITED", 429), ("north spare", None, 200)]
    assert not heard.answer.failed_over
    assert stage.statuses("rotation") == [429, 200]


def test_the_only_key_is_not_asked_before_the_stated_instant(stage: Stage):
    heard = stage.chat("retry-after")
    assert heard.text == NORTH_SAYS
    assert heard.told == [("north main", "RATE_LIMITED", 429), ("north main", None, 200)]
    asked = [entry["timestamp"] for entry in stage.aimock.asked(model(stage.wire, "retry-after", "north"))]
    assert asked[1] - asked[0] >= 1000


def test_a_wait_too_long_to_wait_for_makes_the_next_model_answer_now_and_the_next_time(stage: Stage):
    heard, again = stage.chat("long-limit"), stage.chat("long-limit")
    assert (heard.text, again.text) == (SOUTH_SAYS, SOUTH_SAYS)
    assert heard.told == [("north main", "RATE_LIMITED", 429), ("south main", None, 200)]
    assert again.told == [("south main", None, 200)]
    assert stage.statuses("long-limit") == [429]


def test_a_refused_key_gives_way_to_the_other_and_is_not_asked_again(stage: Stage):
    heard, again = stage.chat("invalid-key"), stage.chat("invalid-key")
    assert (heard.text, again.text) == (NORTH_SAYS, NORTH_SAYS)
    assert heard.told == [("north old", "AUTHENTICATION", 401), ("north new", None, 200)]
    assert again.told == [("north new", None, 200)]
