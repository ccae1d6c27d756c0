"""Reasoning that goes back to Anthropic's API must be what it signed, and stand where it stood."""

from __future__ import annotations

import base64

import pytest

from .messages import HI, THINKING, TOOLS, result_of

ADAPTIVE = {"type": "adaptive"}


async def called(caller, model="think+tools", thinking=THINKING):
    """The blocks of an answer that thinks and calls a tool."""
    return (await caller.ask(model, tools=TOOLS, thinking=thinking)).json["content"]


async def going_on(caller, content, model="think+tools", thinking=THINKING):
    """The response to a request that gives the result of the last block's call."""
    messages = [HI, {"role": "assistant", "content": content}, {"role": "user", "content": [result_of(content[-1])]}]
    settings = {} if thinking is None else {"thinking": thinking}
    return await caller.ask(model, tools=TOOLS, messages=messages, **settings)


@pytest.mark.parametrize("model", ["think+tools", "redacted+tools"])
@pytest.mark.parametrize("display", ["summarized", "omitted"])
async def test_reasoning_that_goes_back_as_it_came_is_taken(start_messages, model, display):
    caller = await start_messages()
    thinking = {**THINKING, "display": display}
    content = await called(caller, model, thinking)
    assert (await going_on(caller, content, model, thinking)).status == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda block: {**block, "thinking": block["thinking"] + "."},
        lambda block: {**block, "signature": ""},
        lambda block: {**block, "signature": "EqQBCgIYAhIM"},
        lambda block: {**block, "signature": base64.b64encode(b"x" * 48).decode()},
        lambda block: {**block, "signature": "no base64 é"},
    ],
)
async def test_thinking_that_was_not_signed_here_is_refused(start_messages, change):
    caller = await start_messages()
    content = await called(caller)
    heard = await going_on(caller, [change(content[0]), content[1]])
    assert heard.status == 400
    assert heard.error == "invalid_request_error: messages.1.content.0: Invalid `signature` in `thinking` block"


async def test_encrypted_thinking_that_was_not_made_here_is_refused(start_messages):
    caller = await start_messages()
    content = await called(caller, "redacted+tools")
    heard = await going_on(caller, [{**content[0], "data": "EmwKAhgBEgy3va3pzix"}, content[1]])
    assert heard.error == "invalid_request_error: messages.1.content.0: Invalid `data` in `redacted_thinking` block"
    thinking = (await called(caller))[0]
    swapped = {"type": "redacted_thinking", "data": thinking["signature"]}
    assert "Invalid `data`" in (await going_on(caller, [swapped, content[1]])).error


async def test_signatures_of_another_space_are_foreign(start_messages):
    caller = await start_messages()
    content = await called(caller, "think+tools+signing-other")
    assert (await going_on(caller, content, "tools+signing-other")).status == 200
    assert "Invalid `signature`" in (await going_on(caller, content, "tools")).error


async def test_signatures_hold_for_every_model_and_process_of_a_space(start_messages):
    content = await called(await start_messages())
    assert (await going_on(await start_messages(), content, "words-3")).status == 200


async def test_signatures_are_looked_at_though_thinking_is_off(start_messages):
    caller = await start_messages()
    content = await called(caller)
    assert (await going_on(caller, content, thinking=None)).status == 200
    assert (await going_on(caller, [{**content[0], "signature": "x"}, content[1]], thinking=None)).status == 400


async def test_a_signature_is_required(start_messages):
    caller = await start_messages()
    content = await called(caller)
    heard = await going_on(caller, [{"type": "thinking", "thinking": "Hm."}, content[1]])
    assert heard.error == "invalid_request_error: messages.1.content.0.thinking.signature: Field required"


async def test_the_turn_that_goes_on_must_begin_with_thinking(start_messages):
    caller = await start_messages()
    content = await called(caller)
    heard = await going_on(caller, content[1:])
    assert heard.error.startswith(
        "invalid_request_error: messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
        "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block"
    )
    assert (await going_on(caller, content[1:], thinking=None)).status == 200
    assert (await going_on(caller, content[1:], thinking=ADAPTIVE)).status == 200


async def test_a_prefill_must_begin_with_thinking_too(start_messages):
    messages = [HI, {"role": "assistant", "content": "hazel-1"}]
    heard = await (await start_messages()).ask("ok", messages=messages, thinking=THINKING)
    assert "Expected `thinking` or `redacted_thinking`, but found `text`" in heard.error


async def test_earlier_turns_need_no_thinking(start_messages):
    messages = [HI, {"role": "assistant", "content": "Hello."}, HI]
    assert (await (await start_messages()).ask("ok", messages=messages, thinking=THINKING)).status == 200


async def test_a_turn_of_several_calls_needs_thinking_once(start_messages):
    caller = await start_messages()
    content = await called(caller)
    second = {"type": "tool_use", "id": "toolu_2", "name": "get_time", "input": {}}
    messages = [
        HI,
        {"role": "assistant", "content": content},
        {"role": "user", "content": [result_of(content[-1])]},
        {"role": "assistant", "content": [second]},
        {"role": "user", "content": [result_of(second)]},
    ]
    assert (await caller.ask("ok", tools=TOOLS, messages=messages, thinking=THINKING)).status == 200


REFUSED = {
    "budget too small": (
        {"thinking": {"type": "enabled", "budget_tokens": 1000}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    "no budget": ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    "budget of all": ({"thinking": THINKING, "max_tokens": 1024}, "`max_tokens` must be greater than"),
    "cold": (
        {"thinking": THINKING, "temperature": 0.5},
        "`temperature` may only be set to 1 when thinking is enabled.",
    ),
    "narrow": ({"thinking": ADAPTIVE, "top_p": 0.5}, "`top_p` must be greater than or equal to 0.95 or unset"),
    "few": ({"thinking": THINKING, "top_k": 5}, "`top_k` must be unset when thinking is enabled."),
    "any tool": (
        {"thinking": THINKING, "tools": TOOLS, "tool_choice": {"type": "any"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "one tool": (
        {"thinking": ADAPTIVE, "tools": TOOLS, "tool_choice": {"type": "tool", "name": "get_time"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "unknown": ({"thinking": {"type": "hard"}}, "thinking: Input tag 'hard' found using 'type' does not match"),
    "budget where none is": (
        {"thinking": {"type": "adaptive", "budget_tokens": 2000}},
        "thinking.adaptive.budget_tokens: Extra inputs are not permitted",
    ),
    "unknown display": (
        {"thinking": {"type": "adaptive", "display": "full"}},
        "thinking.adaptive.display: Input should be 'summarized' or 'omitted'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_thinking_excludes_is_refused(start_messages, case):
    fields, message = REFUSED[case]
    heard = await (await start_messages()).ask("ok", **fields)
    assert heard.status == 400
    assert heard.error.startswith(f"invalid_request_error: {message}")


@pytest.mark.parametrize(
    "fields", [{"temperature": 1}, {"top_p": 0.99}, {"tools": TOOLS, "tool_choice": {"type": "auto"}}]
)
async def test_what_thinking_allows_is_taken(start_messages, fields):
    assert (await (await start_messages()).ask("ok", thinking=THINKING, **fields)).status == 200
