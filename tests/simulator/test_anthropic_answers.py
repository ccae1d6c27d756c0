"""Ordinary answers on the wire: Anthropic's format, streamed and whole."""

from __future__ import annotations

import json

import pytest
from anthropic import AsyncAnthropic

from sidecar.simulator import answer_text, reasoning_text

from .messages import HI, THINKING, TOOLS, VERSION, result_of


async def test_a_stream_has_each_event_in_its_place(start_messages):
    heard = await (await start_messages()).stream("claude-x")
    assert heard.status == 200
    assert heard.headers["Content-Type"].startswith("text/event-stream")
    deltas = ["content_block_delta"] * 20
    ends = ["content_block_stop", "message_delta", "message_stop"]
    assert heard.names == ["message_start", "content_block_start", "ping", *deltas, *ends]
    assert heard.text == answer_text("hi", 20)
    assert (heard.stop.delta.stop_reason, heard.stop.delta.stop_sequence) == ("end_turn", None)
    first = heard.events[0].message
    assert (first.model, first.role, first.content, first.stop_reason) == ("claude-x", "assistant", [], None)
    assert first.id.startswith("msg_01")


async def test_usage_begins_with_the_input_and_ends_cumulative(start_messages):
    heard = await (await start_messages()).stream("ok")
    first, last = heard.events[0].message.usage, heard.stop.usage
    assert first.output_tokens == 1
    assert first.input_tokens == last.input_tokens == 8
    assert last.output_tokens == 20
    assert (first.cache_read_input_tokens, first.cache_creation_input_tokens) == (0, 0)


async def test_a_whole_answer_has_the_same_text_as_the_stream(start_messages):
    caller = await start_messages()
    whole = (await caller.ask("ok")).message
    assert [block.text for block in whole.content] == [(await caller.stream("ok")).text]
    assert (whole.stop_reason, whole.usage.output_tokens, whole.usage.service_tier) == ("end_turn", 20, "standard")


async def test_the_official_client_reads_streams_and_whole_answers(start_messages):
    caller = await start_messages()
    async with AsyncAnthropic(api_key="sk-ant", base_url=caller.simulator.origin, max_retries=0) as client:
        async with client.messages.stream(
            model="think+parallel-tools", max_tokens=2000, messages=[HI], tools=TOOLS, thinking=THINKING
        ) as stream:
            streamed = await stream.get_final_message()
        whole = await client.messages.create(
            model="think+parallel-tools", max_tokens=2000, messages=[HI], tools=TOOLS, thinking=THINKING
        )
    assert [block.type for block in streamed.content] == ["thinking", "tool_use", "tool_use"]
    assert [block.type for block in whole.content] == ["thinking", "tool_use", "tool_use"]
    assert streamed.content[1].input == whole.content[1].input == {"city": answer_text("hi", 2), "days": 2}
    assert streamed.usage.output_tokens == whole.usage.output_tokens


async def test_max_tokens_ends_an_answer(start_messages):
    heard = await (await start_messages()).stream("ok", max_tokens=3)
    assert (heard.text, heard.stop.delta.stop_reason) == (answer_text("hi", 3), "max_tokens")


@pytest.mark.parametrize("sequences", [["-4"], ["never", "-4", "-9"]])
async def test_a_stop_sequence_ends_the_answer_and_is_named(start_messages, sequences):
    heard = await (await start_messages()).stream("ok", stop_sequences=sequences)
    assert heard.text == answer_text("hi", 4).removesuffix("-4")
    assert (heard.stop.delta.stop_reason, heard.stop.delta.stop_sequence) == ("stop_sequence", "-4")


async def test_max_tokens_before_a_stop_sequence_names_no_sequence(start_messages):
    heard = await (await start_messages()).ask("ok", stop_sequences=["-4"], max_tokens=2)
    assert (heard.message.stop_reason, heard.message.stop_sequence) == ("max_tokens", None)


async def test_tool_calls_come_in_fragments_of_their_input(start_messages):
    heard = await (await start_messages()).stream("parallel-tools", tools=TOOLS)
    starts = [event for event in heard.events if event.type == "content_block_start"]
    assert [start.content_block.name for start in starts] == ["get_weather", "get_time"]
    assert [start.content_block.input for start in starts] == [{}, {}]
    for index in (0, 1):
        pieces = [e.delta.partial_json for e in heard.events if e.type == "content_block_delta" and e.index == index]
        assert pieces[0] == ""
        assert json.loads("".join(pieces)) == {"city": answer_text("hi", 2), "days": 2}
    assert heard.stop.delta.stop_reason == "tool_use"


async def test_text_before_a_tool_call_is_a_block_of_its_own(start_messages):
    script = "rules: [{action: {text: Let me see., tool_calls: [{name: get_time, arguments: {city: Bonn}}]}}]"
    whole = (await (await start_messages(script)).ask("x")).message
    assert [block.type for block in whole.content] == ["text", "tool_use"]
    assert whole.content[1].input == {"city": "Bonn"}
    assert whole.content[1].id.startswith("toolu_01")


async def test_parallel_calls_can_be_forbidden(start_messages):
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    whole = (await (await start_messages()).ask("parallel-tools", tools=TOOLS, tool_choice=choice)).message
    assert len(whole.content) == 1


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
        ({"type": "any"}, ["get_weather"]),
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
    ],
)
async def test_a_tool_is_called_by_an_ordinary_model_where_it_must_be(start_messages, choice, called):
    whole = (await (await start_messages()).ask("ok", tools=TOOLS, tool_choice=choice)).message
    assert [block.name for block in whole.content if block.type == "tool_use"] == called


async def test_a_model_that_called_a_tool_answers_in_words_once_it_has_the_result(start_messages):
    caller = await start_messages()
    called = (await caller.ask("tools", tools=TOOLS)).json["content"]
    results = {"role": "user", "content": [result_of(called[0])]}
    heard = await caller.stream("tools", tools=TOOLS, messages=[HI, {"role": "assistant", "content": called}, results])
    assert (heard.text, heard.stop.delta.stop_reason) == (answer_text("hi", 20), "end_turn")


async def test_a_schema_gives_json_that_fits(start_messages):
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}, "count": {"type": "integer"}},
        "required": ["kind", "count"],
        "additionalProperties": False,
    }
    config = {"format": {"type": "json_schema", "schema": schema}, "effort": "low"}
    assert json.loads((await (await start_messages()).stream("ok", output_config=config)).text) == {
        "kind": "a",
        "count": 1,
    }


@pytest.mark.parametrize(
    ("model", "explanation", "text"),
    [("refusal", "I'm sorry, I can't help with that.", ""), ("filtered", None, answer_text("hi", 4))],
)
async def test_a_refusal_is_how_an_answer_stops(start_messages, model, explanation, text):
    caller = await start_messages()
    heard = await caller.stream(model)
    assert (heard.text, heard.stop.delta.stop_reason) == (text, "refusal")
    assert heard.stop.delta.stop_details.explanation == explanation
    whole = (await caller.ask(model)).message
    assert (whole.stop_reason, whole.stop_details.explanation) == ("refusal", explanation)


async def test_an_unfinished_answer_is_continued_as_a_prefill_and_by_instruction(start_messages):
    caller = await start_messages()
    sent = {"role": "assistant", "content": answer_text("hi", 7)}
    rest = answer_text("hi", 20).removeprefix(sent["content"])
    assert (await caller.stream("ok", messages=[HI, sent])).text == rest
    go_on = {"role": "user", "content": "Go on from exactly there."}
    assert (await caller.stream("ok", messages=[HI, sent, go_on])).text == rest


async def test_models_can_begin_again_overlap_or_refuse_a_prefill(start_messages):
    caller = await start_messages()
    messages = [HI, {"role": "assistant", "content": answer_text("hi", 10)}]
    assert (await caller.stream("begins-again", messages=messages)).text == answer_text("hi", 20)
    assert (await caller.stream("overlaps", messages=messages)).text == " ".join(answer_text("hi", 20).split()[4:])
    assert (await caller.ask("no-prefill", messages=messages)).error == (
        "invalid_request_error: This model does not support assistant message prefill. The conversation must end with "
        "a user message."
    )


async def test_an_empty_answer_has_no_blocks(start_messages):
    caller = await start_messages()
    heard = await caller.stream("empty")
    assert heard.names == ["message_start", "ping", "message_delta", "message_stop"]
    assert (await caller.ask("empty")).message.content == []


async def test_usage_of_a_script_is_told_apart_as_the_api_does(start_messages):
    counts = "{prompt_tokens: 100, cached_tokens: 60, cache_write_tokens: 30, completion_tokens: 5}"
    caller = await start_messages(f"rules: [{{action: {{usage: {counts}}}}}]")
    usage = (await caller.ask("x")).message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (10, 60, 30)
    assert usage.cache_creation.ephemeral_5m_input_tokens == 30
    assert usage.output_tokens == 5
    assert "usage" not in (await (await start_messages()).ask("no-usage")).json


async def test_models_are_listed_in_the_shape_that_the_headers_ask_for(start_messages):
    caller = await start_messages("models: [claude-x, claude-y]")
    url, headers = f"{caller.simulator.base_url}/models", {"x-api-key": "k", "anthropic-version": VERSION}
    async with caller.session.get(url, headers=headers) as response:
        listed = await response.json()
    assert [(model["id"], model["type"]) for model in listed["data"]] == [("claude-x", "model"), ("claude-y", "model")]
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, "claude-x", "claude-y")
    async with caller.session.get(url) as response:
        assert (await response.json())["object"] == "list"
    async with caller.session.get(url, headers={"anthropic-version": VERSION}) as response:
        assert response.status == 401


async def test_thinking_comes_first_where_the_request_turns_it_on(start_messages):
    caller = await start_messages()
    heard = await caller.stream("think", thinking=THINKING)
    kinds = [delta.type for delta in heard.deltas]
    assert kinds == ["thinking_delta"] * 8 + ["signature_delta"] + ["text_delta"] * 20
    thought = "".join(delta.thinking for delta in heard.deltas if delta.type == "thinking_delta")
    assert thought == reasoning_text("hi", 8)
    assert heard.stop.usage.output_tokens_details.thinking_tokens == 8
    assert [block.type for block in (await caller.ask("think")).message.content] == ["text"]


async def test_thinking_that_is_enabled_always_happens_and_adaptive_when_the_script_says_so(start_messages):
    caller = await start_messages()

    async def kinds(model, thinking):
        return [block.type for block in (await caller.ask(model, thinking=thinking)).message.content]

    assert await kinds("ok", THINKING) == ["thinking", "text"]
    assert await kinds("ok", {"type": "adaptive"}) == ["text"]
    assert await kinds("think", {"type": "adaptive"}) == ["thinking", "text"]
    assert await kinds("think", {"type": "disabled"}) == ["text"]
    assert await kinds("redacted", THINKING) == ["redacted_thinking", "text"]


async def test_thinking_can_be_signed_without_its_text(start_messages):
    caller = await start_messages()
    hidden = {**THINKING, "display": "omitted"}
    heard = await caller.stream("think", thinking=hidden)
    assert [delta.type for delta in heard.deltas[:2]] == ["signature_delta", "text_delta"]
    [thought, _] = (await caller.ask("think", thinking=hidden)).message.content
    assert thought.thinking == ""
    assert thought.signature
