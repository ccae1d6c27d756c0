"""What Anthropic takes and what it does not, by key, version and model."""

from __future__ import annotations

import pytest

from sidecar.simulator import fingerprint

from .messages import CALL, HI, OTHER, TOOLS, assistant, image, result_of, text, user


@pytest.mark.parametrize("name", ["model", "max_tokens", "messages"])
async def test_what_is_required_must_be_there(start_messages, name):
    body = {"model": "ok", "max_tokens": 9, "messages": [HI]}
    del body[name]
    assert (await (await start_messages()).post(body)).error == f"invalid_request_error: {name}: Field required"


@pytest.mark.parametrize(("body", "said"), [(b"{", "The request body is not valid JSON"), (b"[]", "Input should be")])
async def test_a_body_that_is_no_json_object_is_a_400(start_messages, body, said):
    heard = await (await start_messages()).post(body)
    assert (heard.status, heard.error.startswith(f"invalid_request_error: {said}")) == (400, True)


TAKEN = {
    "an image by its address": {
        "messages": [user({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}, text())]
    },
    "an image in bytes": {"messages": [image()]},
    "a document": {
        "messages": [user({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}})]
    },
    "two messages of one role": {"messages": [HI, HI, assistant(text("Hello.")), assistant(text("Yes?")), HI]},
    "results in two messages": {
        "messages": [HI, assistant(text(), CALL, OTHER), user(result_of(OTHER)), user(result_of(CALL), text())],
        "tools": TOOLS,
    },
    "a result with nothing in it": {
        "messages": [HI, assistant(CALL), user({"type": "tool_result", "tool_use_id": "toolu_1"})],
        "tools": TOOLS,
    },
    "an empty last message of the assistant": {"messages": [HI, {"role": "assistant", "content": ""}]},
    "a tool of the API's own": {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
    "settings": {
        "system": "Be kind.",
        "temperature": 0,
        "top_p": 1,
        "top_k": 0,
        "metadata": {"user_id": "u"},
        "service_tier": "auto",
        "output_config": {"effort": "max"},
    },
    "no tool": {"tools": TOOLS, "tool_choice": {"type": "none"}},
}


@pytest.mark.parametrize("case", TAKEN)
async def test_what_is_allowed_is_taken(start_messages, case):
    heard = await (await start_messages()).ask("ok", **TAKEN[case])
    assert heard.status == 200, heard.body


async def test_a_key_is_required_and_a_known_version(start_messages):
    caller = await start_messages()
    body = {"model": "ok", "max_tokens": 9, "messages": [HI]}
    heard = await caller.post(body, key=None)
    assert (heard.status, heard.error) == (401, "authentication_error: x-api-key header is required")
    heard = await caller.post(body, version=None)
    assert (heard.status, heard.error) == (400, "invalid_request_error: anthropic-version: header is required")
    heard = await caller.post(body, version="2099-01-01")
    assert heard.error == 'invalid_request_error: anthropic-version: "2099-01-01" is not a valid version'


async def test_keys_of_the_script_are_the_only_ones(start_messages):
    caller = await start_messages("keys: [sk-good]")
    body = {"model": "ok", "max_tokens": 9, "messages": [HI]}
    heard = await caller.post(body, key="sk-bad")
    assert (heard.status, heard.error) == (401, "authentication_error: invalid x-api-key")
    assert (await caller.post(body, key="sk-good")).status == 200
    assert [entry.key for entry in caller.simulator.journal] == [fingerprint("sk-bad"), fingerprint("sk-good")]
    assert {entry.protocol for entry in caller.simulator.journal} == {"anthropic"}


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("refuses-temperature", {"temperature": 1}, "`temperature` is deprecated for this model."),
        ("refuses-metadata", {"metadata": {}}, "metadata: Extra inputs are not permitted"),
        ("refuses-tools", {"tools": TOOLS}, "This model does not support tool use."),
        (
            "refuses-output_config",
            {"output_config": {"effort": "low"}},
            "This model does not support the effort parameter.",
        ),
        (
            "refuses-thinking",
            {"thinking": {"type": "adaptive"}},
            "adaptive thinking is not supported on this model",
        ),
        (
            "context-50",
            {"system": "word " * 59 + "word", "max_tokens": 9},
            "prompt is too long: 68 tokens > 50 maximum",
        ),
        (
            "context-50",
            {"max_tokens": 50},
            "input length and `max_tokens` exceed context limit: 8 + 50 > 50, decrease input length or `max_tokens` and "
            "try again",
        ),
        (
            "max-output-30",
            {"max_tokens": 31},
            "max_tokens: 31 > 30, which is the maximum allowed number of output tokens for max-output-30",
        ),
    ],
)
async def test_a_models_limits_are_told_in_anthropics_words(start_messages, model, fields, said):
    caller = await start_messages()
    heard = await caller.ask(model, **fields)
    assert (heard.status, heard.error) == (400, f"invalid_request_error: {said}")
    assert (await caller.ask(model, max_tokens=30)).status == 200


CITED = {"type": "char_location", "cited_text": "x", "document_index": 0, "start_char_index": 0, "end_char_index": 1}
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
RESULT = {"type": "search_result", "source": "s", "title": "t", "content": [text(citations=[CITED])]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": 1}, "temperature: Extra inputs are not permitted"),
        ({"top_p": 1}, "top_p: Extra inputs are not permitted"),
        ({"top_k": 0}, "top_k: Extra inputs are not permitted"),
        ({"messages": [HI, assistant(DOCUMENT, text()), HI]}, "messages.1.content.0: `document` blocks can only be in"),
        ({"messages": [user(text(citations=[CITED]))]}, "messages.0.content.0: `citations` of `text` blocks can only"),
        ({"messages": [user(RESULT)]}, "messages.0.content.0: `citations` of `text` blocks can only"),
    ],
)
async def test_the_newest_version_refuses_what_earlier_ones_take(start_messages, fields, said):
    caller = await start_messages()
    body = {"model": "ok", "max_tokens": 9, "messages": [HI], **fields}
    heard = await caller.post(body, version="2026-10-21")
    assert (heard.status, heard.error.startswith(f"invalid_request_error: {said}")) == (400, True)
    assert (await caller.post(body, version="2023-06-01")).status == 200


async def test_the_newest_version_takes_the_rest(start_messages):
    body = {
        "model": "ok",
        "max_tokens": 9,
        "messages": [HI, assistant(text(citations=[CITED])), user(text(citations=[]))],
    }
    assert (await (await start_messages()).post(body, version="2026-10-21")).status == 200


async def test_a_bearer_token_is_a_key_and_x_api_key_goes_before_it(start_messages):
    caller = await start_messages("keys: [sk-good]")
    url, version = f"{caller.simulator.origin}/v1/messages", {"anthropic-version": "2023-06-01"}
    body = {"model": "ok", "max_tokens": 9, "messages": [HI]}
    statuses = []
    for key in (
        {"Authorization": "Bearer sk-good"},
        {"Authorization": "Bearer sk-bad"},
        {"Authorization": "Bearer sk-bad", "x-api-key": "sk-good"},
    ):
        async with caller.session.post(url, json=body, headers={**version, **key}) as response:
            statuses.append(response.status)
    assert statuses == [200, 401, 200]
