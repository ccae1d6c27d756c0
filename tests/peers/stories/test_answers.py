"""Answers of a provider simulator of others arrive as it gave them, on each of its wires."""

from __future__ import annotations

import pytest
from remora_client import FinishReason, json_schema, system, user

from .scenery import FISH, FISH_SCHEMA, NORTH_SAYS, SOUTH_SAYS, model
from .stage import QUESTION, Stage, tried


def test_a_stream_arrives_word_for_word_as_it_is_written(stage: Stage):
    heard = stage.chat("healthy")
    assert heard.text == NORTH_SAYS
    assert heard.answer.text == NORTH_SAYS
    assert len(heard.texts) > 3
    assert heard.answer.finish_reason == FinishReason.STOP
    assert not heard.answer.failed_over
    assert heard.told == tried(heard.answer.report) == [("north main", None, 200)]


def test_a_whole_answer_arrives_in_one_piece(stage: Stage):
    answer = stage.complete("healthy")
    assert answer.text == NORTH_SAYS
    assert answer.finish_reason == FinishReason.STOP
    assert tried(answer.report) == [("north main", None, 200)]


def test_the_provider_gets_the_conversation_and_the_settings(stage: Stage):
    prompt = [system("Speak of fish only."), user(QUESTION)]
    stage.chat("healthy", prompt, temperature=0.5, max_output_tokens=77)
    entry = stage.aimock.asked(model(stage.wire, "healthy", "north"))[-1]
    assert entry["path"] == {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}[stage.wire]
    body = entry["body"]
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("system", "Speak of fish only."),
        ("user", QUESTION),
    ]
    assert (body["stream"], body["temperature"], body["max_tokens"]) == (True, 0.5, 77)


def test_an_answer_that_ends_by_length_says_so(stage: Stage):
    heard = stage.chat("length")
    assert (heard.text, heard.answer.finish_reason) == (SOUTH_SAYS, FinishReason.LENGTH)


def test_the_tokens_the_provider_counts_are_told(stage: Stage):
    for usage in (stage.chat("usage").answer.usage, stage.complete("usage").usage):
        assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (21, 17, False)


@pytest.mark.parametrize("strict", [True, False])
def test_an_answer_after_a_json_schema_is_that_json(stage: Stage, strict: bool):
    """Where it is not strict, the Messages API has no format for it, and a tool takes the answer."""
    form = json_schema(FISH_SCHEMA, name="fish", strict=strict)
    answer = stage.complete("schema", response_format=form)
    assert (answer.json(), answer.finish_reason, answer.tool_calls) == (FISH, FinishReason.STOP, ())
    heard = stage.chat("schema", response_format=form)
    assert (heard.answer.json(), heard.answer.finish_reason, heard.calls) == (FISH, FinishReason.STOP, ())
    assert ("tools" in stage.bodies("schema")[-1]) == (stage.wire == "anthropic" and not strict)
