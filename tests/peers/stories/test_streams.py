"""The demo's stories of streams: cut before any content, cut after it, and the same cut under Complete."""

from __future__ import annotations

from remora_client import FinishReason, StreamBroken

from .scenery import NORTH_SAYS, SOUTH_SAYS
from .stage import Stage, tried

SOUTH = ("south main", None, 200)


def test_a_stream_cut_before_its_first_word_is_answered_by_the_next_model(stage: Stage):
    heard = stage.chat("cut-before")
    assert heard.text == SOUTH_SAYS
    assert heard.told == [*[("north main", "MALFORMED_RESPONSE", 200)] * 2, SOUTH]


def test_a_stream_cut_after_its_first_words_is_an_error_and_never_a_short_answer(stage: Stage):
    heard = stage.chat("cut-after")
    assert isinstance(heard.failure, StreamBroken)
    assert heard.failure.reason == "STREAM_BROKEN"
    assert heard.completed is None
    assert 0 < len(heard.text) < len(NORTH_SAYS)
    assert NORTH_SAYS.startswith(heard.text)
    assert heard.told == [("north main", "STREAM_BROKEN", 200)]
    assert stage.statuses("cut-after", "south") == []


def test_the_same_cut_under_complete_is_noticed_by_nobody(stage: Stage):
    answer = stage.complete("complete")
    assert answer.text == SOUTH_SAYS
    assert answer.finish_reason == FinishReason.STOP
    assert tried(answer.report) == [("north main", "STREAM_BROKEN", 200), SOUTH]
