"""Ordinary answers on the wire: OpenAI's format, streamed and whole."""

from __future__ import annotations

import json

import pytest

from sidecar.simulator import answer_text, reasoning_text

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
                "required": ["city", "days"],
            },
        },
    }
    for name in ("get_weather", "get_time")
]
HI = {"role": "user", "content": "hi"}


async def test_a_stream_is_role_words_finish_reason_and_done(start):
    seen = await (await start()).stream("gpt-x")
    assert seen.status == 200
    assert seen.headers["Content-Type"].startswith("text/event-stream")
    assert seen.deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    assert seen.text == answer_text("hi", 20)
    assert len(seen.deltas) == 22
    assert seen.finish == "stop"
    assert seen.is_done
    assert {chunk["model"] for chunk in seen.chunks} == {"gpt-x"}
    assert len({chunk["id"] for chunk in seen.chunks}) == 1
    assert seen.chunks[0]["id"].startswith("chatcmpl-")
    assert not any("usage" in chunk for chunk in seen.chunks)


async def test_usage_comes_last_when_the_stream_options_ask_for_it(start):
    seen = await (await start()).stream("think", stream_options={"include_usage": True})
    last = seen.chunks[-1]
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 28
    assert last["usage"]["completion_tokens_details"]["reasoning_tokens"] == 8
    assert last["usage"]["total_tokens"] == 28 + last["usage"]["prompt_tokens"]
    assert all(chunk["usage"] is None for chunk in seen.chunks[:-1])


async def test_a_whole_answer_has_the_same_text_as_the_stream(start):
    caller = await start()
    seen = await caller.ask("ok")
    message = seen.json["choices"][0]["message"]
    assert message == {"role": "assistant", "content": answer_text("hi", 20), "refusal": None}
    assert seen.json["object"] == "chat.completion"
    assert seen.json["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    assert (await caller.stream("ok")).text == message["content"]


async def test_the_path_without_v1_answers_too(start):
    caller = await start()
    url = caller.simulator.base_url.removesuffix("/v1")
    assert (await caller.post({"model": "ok", "messages": [HI]}, url=url)).status == 200


async def test_the_models_of_the_script_are_listed(start):
    caller = await start("models: [gpt-x, gpt-y]")
    async with caller.session.get(f"{caller.simulator.base_url}/models") as response:
        listed = await response.json()
    assert [model["id"] for model in listed["data"]] == ["gpt-x", "gpt-y"]


async def test_an_unknown_path_is_the_providers_404(start):
    caller = await start()
    async with caller.session.post(f"{caller.simulator.base_url}/nothing") as response:
        assert response.status == 404
        assert (await response.json())["error"]["message"] == "Invalid URL (POST /v1/nothing)"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_max_tokens_ends_an_answer_by_length(start, name):
    seen = await (await start()).stream("ok", **{name: 3})
    assert (seen.text, seen.finish) == (answer_text("hi", 3), "length")


async def test_max_tokens_of_the_exact_length_is_no_cut(start):
    assert (await (await start()).stream("words-3", max_tokens=3)).finish == "stop"


async def test_reasoning_counts_against_max_tokens(start):
    seen = await (await start()).stream("think", max_tokens=10)
    assert seen.text == answer_text("hi", 2)
    assert seen.finish == "length"


async def test_a_stop_sequence_ends_the_answer_before_itself(start):
    seen = await (await start()).stream("ok", stop=["-4"])
    assert seen.text == answer_text("hi", 4).removesuffix("-4")
    assert seen.finish == "stop"


async def test_reasoning_comes_before_the_text(start):
    seen = await (await start()).stream("think")
    kinds = [next(iter(delta)) for delta in seen.deltas[1:-1]]
    assert kinds == ["reasoning_content"] * 8 + ["content"] * 20
    assert "".join(delta.get("reasoning_content", "") for delta in seen.deltas) == reasoning_text("hi", 8)


async def test_tool_calls_come_in_fragments_of_their_arguments(start):
    seen = await (await start()).stream("parallel-tools", tools=TOOLS)
    fragments = [call for delta in seen.deltas for call in delta.get("tool_calls", [])]
    openings = [call for call in fragments if "id" in call]
    assert [call["function"]["name"] for call in openings] == ["get_weather", "get_time"]
    assert len(fragments) > 2 + 2
    for index in (0, 1):
        whole = "".join(call["function"]["arguments"] for call in fragments if call["index"] == index)
        assert json.loads(whole) == {"city": answer_text("hi", 2), "days": 2}
    assert seen.finish == "tool_calls"


async def test_parallel_calls_can_be_forbidden(start):
    seen = await (await start()).ask("parallel-tools", tools=TOOLS, parallel_tool_calls=False)
    assert len(seen.json["choices"][0]["message"]["tool_calls"]) == 1


async def test_a_named_tool_is_called_by_an_ordinary_model(start):
    choice = {"type": "function", "function": {"name": "get_time"}}
    seen = await (await start()).ask("ok", tools=TOOLS, tool_choice=choice)
    message = seen.json["choices"][0]["message"]
    assert message["content"] is None
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["get_time"]


async def test_a_model_that_called_a_tool_answers_in_words_once_it_has_the_result(start):
    caller = await start()
    called = (await caller.ask("tools", tools=TOOLS)).json["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": called["tool_calls"][0]["id"], "content": "sunny"}
    seen = await caller.stream("tools", tools=TOOLS, messages=[HI, called, result])
    assert (seen.text, seen.finish) == (answer_text("hi", 20), "stop")


async def test_json_mode_and_schemas_give_json_that_fits(start):
    caller = await start()
    seen = await caller.stream("ok", response_format={"type": "json_object"})
    assert json.loads(seen.text) == {"answer": answer_text("hi", 20)}
    schema = {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "counts": {"items": {"type": "integer"}}}}
    schema["properties"]["counts"]["type"] = "array"
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads((await caller.stream("ok", response_format=form)).text) == {"kind": "a", "counts": [1]}


async def test_a_refusal_and_a_filtered_answer_say_so(start):
    caller = await start()
    refused = await caller.stream("refusal")
    assert "".join(delta.get("refusal") or "" for delta in refused.deltas) == "I'm sorry, I can't help with that."
    assert refused.text == ""
    assert (await caller.stream("filtered")).finish == "content_filter"


async def test_an_unfinished_answer_is_continued_as_a_prefill_and_by_instruction(start):
    caller = await start()
    sent = {"role": "assistant", "content": answer_text("hi", 7)}
    rest = answer_text("hi", 20).removeprefix(sent["content"])
    assert (await caller.stream("ok", messages=[HI, sent])).text == rest
    go_on = {"role": "user", "content": "Go on from exactly there."}
    assert (await caller.stream("ok", messages=[HI, sent, go_on])).text == rest


async def test_a_finished_answer_is_followed_by_a_new_one(start):
    whole = {"role": "assistant", "content": answer_text("hi", 20)}
    seen = await (await start()).stream("ok", messages=[HI, whole, {"role": "user", "content": "and now?"}])
    assert seen.text == answer_text("and now?", 20)


async def test_models_can_begin_again_overlap_or_refuse_when_asked_to_go_on(start):
    caller = await start()
    messages = [HI, {"role": "assistant", "content": answer_text("hi", 10)}]
    assert (await caller.stream("begins-again", messages=messages)).text == answer_text("hi", 20)
    overlapping = (await caller.stream("overlaps", messages=messages)).text
    assert overlapping == " ".join(answer_text("hi", 20).split()[4:])
    assert (await caller.stream("no-prefill", messages=messages)).status == 400


async def test_text_and_usage_of_a_script_are_sent_as_they_are(start):
    script = 'rules: [{action: {text: "Grüß\\n\\n dich ", usage: {cached_tokens: 7, prompt_tokens: 9}}}]'
    caller = await start(script)
    assert (await caller.stream("x")).text == "Grüß\n\n dich "
    usage = (await caller.ask("x")).json["usage"]
    assert usage["prompt_tokens"] == 9
    assert usage["prompt_tokens_details"]["cached_tokens"] == 7
