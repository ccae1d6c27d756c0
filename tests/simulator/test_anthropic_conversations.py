"""Conversations that Anthropic would not take, each refused in its words, and some that it takes."""

from __future__ import annotations

import pytest

from .messages import CACHED, CALL, HI, OTHER, PNG, TOOLS, assistant, image, result_of, text, user

NEXT = "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
BEFORE = "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."

SAID = {
    "no messages": ([], "messages: at least one message is required"),
    "assistant first": ([assistant(text())], 'messages: first message must use the "user" role'),
    "unknown role": ([HI, {"role": "robot", "content": "x"}], "messages.1.role: Input should be 'user' or 'assistant'"),
    "system role": (
        [{"role": "system", "content": "x"}],
        'messages: Unexpected role "system". The Messages API accepts',
    ),
    "no role": ([{"content": "x"}], "messages.0.role: Field required"),
    "no content": ([{"role": "user"}], "messages.0.content: Field required"),
    "name of a message": ([{**HI, "name": "x"}], "messages.0.name: Extra inputs are not permitted"),
    "content of another type": ([{"role": "user", "content": 1}], "messages.0.content: Input should be a valid list"),
    "message of another type": (["hi"], "messages.0: Input should be a valid dictionary"),
    "empty content": (
        [HI, assistant(), HI],
        "messages.1: all messages must have non-empty content except for the optional final assistant message",
    ),
    "empty string": ([{"role": "user", "content": ""}], "messages.0: all messages must have non-empty content"),
    "empty text": ([user(text(""))], "messages: text content blocks must be non-empty"),
    "blank text": ([user(text(" \n"))], "messages: text content blocks must contain non-whitespace text"),
    "empty cached text": (
        [user(text("", cache_control=CACHED))],
        "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
    ),
    "unknown block": ([user({"type": "smell"})], "messages.0.content.0: Input tag 'smell' found using 'type' does not"),
    "block without type": ([user({"text": "x"})], "messages.0.content.0.type: Field required"),
    "extra field": ([user(text(id="x"))], "messages.0.content.0.text.id: Extra inputs are not permitted"),
    "text without text": ([user({"type": "text"})], "messages.0.content.0.text.text: Field required"),
    "trailing whitespace": (
        [HI, assistant(text("hazel-1 "))],
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    "tool call of the user": ([user(CALL)], "messages.0: `tool_use` blocks can only be in `assistant` messages"),
    "tool result of the assistant": (
        [HI, assistant(result_of(CALL)), HI],
        "messages.1: `tool_result` blocks can only be in `user` messages",
    ),
    "thinking at the end": (
        [HI, assistant({"type": "thinking", "thinking": "x", "signature": "x"}), HI],
        "messages.1: The final block in an assistant message cannot be `thinking`.",
    ),
    "cached thinking": (
        [HI, assistant({"type": "thinking", "thinking": "x", "signature": "x", "cache_control": CACHED}, text())],
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    "call without result": (
        [HI, assistant(CALL), HI],
        f"messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. {NEXT}",
    ),
    "call at the end": ([HI, assistant(CALL)], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
    "one result of two": (
        [HI, assistant(CALL, OTHER), user(result_of(OTHER))],
        f"messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. {NEXT}",
    ),
    "text before the result": (
        [HI, assistant(CALL), user(text(), result_of(CALL))],
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
    ),
    "result without call": (
        [user(result_of(CALL))],
        f"messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. {BEFORE}",
    ),
    "result too late": (
        [HI, assistant(CALL), user(result_of(CALL)), assistant(text()), user(result_of(CALL))],
        f"messages.4.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. {BEFORE}",
    ),
    "two results": (
        [HI, assistant(CALL), user(result_of(CALL), result_of(CALL))],
        "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
        "toolu_1",
    ),
    "one id twice": ([HI, assistant(CALL, CALL)], "messages.1.content.1: `tool_use` ids must be unique"),
    "foreign id": (
        [HI, assistant({**CALL, "id": "call:1"})],
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    "foreign id with a line break": (
        [HI, assistant({**CALL, "id": "call\n"})],
        "messages.1.content.0.tool_use.id: String should match pattern",
    ),
    "foreign id of a result": (
        [HI, assistant(CALL), user(result_of({"id": "call.1"}))],
        "messages.2.content.0.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    "input as text": (
        [HI, assistant({**CALL, "input": "{}"})],
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    "unknown part of a result": (
        [HI, assistant(CALL), user(result_of(CALL, [CALL]))],
        "messages.2.content.0.tool_result.content.0: Input tag 'tool_use' found using 'type' does not match",
    ),
    "image in an error": (
        [HI, assistant(CALL), user(result_of(CALL, image()["content"], is_error=True))],
        "messages.2.content.0.tool_result: all content must be type `text` if `is_error` is true",
    ),
    "image of another type": (
        [image(media_type="image/bmp")],
        "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' "
        "or 'image/webp'",
    ),
    "image that is none": ([image(data="%%%")], "messages.0.content.0.image.source.base64.data: invalid base64 data"),
    "image that lies": (
        [image(media_type="image/jpeg")],
        "messages.0.content.0.image.source.base64: Image does not match the provided media type image/jpeg",
    ),
    "image by data URL": (
        [user({"type": "image", "source": {"type": "url", "url": "data:image/png;base64,x"}})],
        "messages.0.content.0.image.source.url.url: Only HTTPS URLs are supported.",
    ),
    "image of the assistant": (
        [HI, assistant(*image()["content"])],
        "messages.1: `image` blocks can only be in `user` messages",
    ),
    "document of another type": (
        [user({"type": "document", "source": {"type": "base64", "media_type": "text/csv", "data": PNG}})],
        "messages.0.content.0.document.source.base64.media_type: Input should be 'application/pdf'",
    ),
}


@pytest.mark.parametrize("case", SAID)
async def test_an_invalid_conversation_is_refused_in_anthropics_words(start_messages, case):
    messages, said = SAID[case]
    heard = await (await start_messages()).ask("ok", messages=messages, tools=TOOLS)
    assert heard.status == 400
    assert heard.error.startswith(f"invalid_request_error: {said}")
