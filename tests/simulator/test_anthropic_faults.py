"""Each fault on Anthropic's wire, its errors, and the headers of every response."""

from __future__ import annotations

import aiohttp
import orjson
import pytest
from anthropic.types import ErrorResponse

from sidecar.simulator import answer_text

from .messages import HI, TOOLS

THREE = answer_text("hi", 3)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (408, "timeout_error"),
        (413, "request_too_large"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
        (599, "api_error"),
    ],
)
async def test_a_status_comes_with_its_type(start_messages, status, kind, stream):
    heard = await (await start_messages()).ask(f"status-{status}", stream=stream)
    assert heard.status == status
    assert heard.error.startswith(f"{kind}: ")
    if kind != "request_too_large":  # the package's models leave out this type, which the documentation names
        assert ErrorResponse.model_validate(heard.json).error.message


async def test_a_missing_model_is_named(start_messages):
    assert (await (await start_messages()).ask("status-404+claude-9")).error == (
        "not_found_error: model: status-404+claude-9"
    )


@pytest.mark.parametrize("status", [502, 503])
async def test_a_proxys_status_is_its_html_page(start_messages, status):
    heard = await (await start_messages()).ask(f"status-{status}")
    assert (heard.status, heard.headers["Content-Type"], heard.body[:6]) == (status, "text/html", b"<html>")


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [
        ("quota", 400, "invalid_request_error: Your credit balance is too low to access the Anthropic API."),
        ("overloaded", 529, "overloaded_error: Overloaded"),
        ("context-length", 400, "invalid_request_error: prompt is too long: 5012 tokens > 4096 maximum"),
        ("prompt-filtered", 400, "invalid_request_error: Output blocked by content filtering policy"),
    ],
)
async def test_named_errors_are_said_as_the_api_says_them(start_messages, model, status, said):
    heard = await (await start_messages()).ask(model)
    assert heard.status == status
    assert heard.error.startswith(said)


async def test_an_unknown_path_is_the_apis_404(start_messages):
    caller = await start_messages()
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    async with caller.session.post(f"{caller.simulator.origin}/v1/nothing", headers=headers) as response:
        assert response.status == 404
        assert (await response.json())["error"] == {"type": "not_found_error", "message": "Not Found"}


async def test_every_response_tells_its_id_and_the_limits_of_the_key(start_messages):
    caller = await start_messages("rate_limit: {rpm: 2}")
    first, second, third = [await caller.ask("ok") for _ in range(3)]
    assert [heard.status for heard in (first, second, third)] == [200, 200, 429]
    remaining = [heard.headers["anthropic-ratelimit-requests-remaining"] for heard in (first, second, third)]
    assert remaining == ["1", "0", "0"]
    assert third.headers["anthropic-ratelimit-requests-limit"] == "2"
    assert third.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert 55 <= int(third.headers["Retry-After"]) <= 60
    assert third.error.startswith("rate_limit_error: This request would exceed your organization's rate limit")
    assert len({heard.headers["request-id"] for heard in (first, second, third)}) == 3
    assert int(first.headers["anthropic-ratelimit-input-tokens-remaining"]) > 0


async def test_a_script_sets_status_body_and_headers(start_messages):
    caller = await start_messages("rules: [{action: {status: 503, body: {a: 1}, headers: {request-id: mine}}}]")
    heard = await caller.ask("x")
    assert (heard.status, heard.json, heard.headers["request-id"]) == (503, {"a": 1}, "mine")


@pytest.mark.parametrize(("model", "outcome"), [("cut-at-3", "cut"), ("fin-at-3", "fin")])
async def test_a_connection_breaks_after_exactly_so_many_tokens(start_messages, model, outcome):
    caller = await start_messages()
    heard = await caller.stream(model)
    assert (heard.text, heard.stop) == (THREE, None)
    assert isinstance(heard.broke, aiohttp.ClientPayloadError)
    assert caller.simulator.journal[-1].tokens_sent == 3
    assert caller.simulator.journal[-1].outcome == outcome


async def test_a_fault_at_0_comes_when_the_first_block_has_begun(start_messages):
    heard = await (await start_messages()).stream("end-at-0")
    assert heard.names == ["message_start", "content_block_start", "ping"]


async def test_a_fault_beyond_the_answer_comes_before_its_stop_reason(start_messages):
    heard = await (await start_messages()).stream("words-3+cut-at-50")
    assert (heard.text, heard.names[-1]) == (THREE, "content_block_stop")
    assert heard.broke is not None


async def test_a_tool_call_can_be_cut_in_its_input(start_messages):
    heard = await (await start_messages()).stream("tools+end-at-2", tools=TOOLS)
    pieces = [delta.partial_json for delta in heard.deltas]
    assert pieces[0] == ""
    assert len(pieces) == 2
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads("".join(pieces))


async def test_a_stream_can_end_cleanly_without_its_end(start_messages):
    caller = await start_messages()
    broken = await caller.stream("end-at-3")
    assert (broken.text, broken.stop, broken.broke) == (THREE, None, None)
    unfinished = await caller.stream("no-finish")
    assert (unfinished.text, unfinished.names[-1]) == (answer_text("hi", 20), "content_block_stop")
    assert (await caller.stream("no-done")).names[-1] == "message_delta"


async def test_a_stall_leaves_the_connection_open_and_may_send_pings(start_messages):
    caller = await start_messages("rules: [{match: {model: p}, action: {stall_at: 3, pings_s: 0.02}}]")
    quiet = await caller.stream("stall-at-3", give_up_s=0.1, after=lambda heard: len(heard.raw) >= 3 + 3)
    assert (quiet.text, type(quiet.broke), quiet.names.count("ping")) == (THREE, TimeoutError, 1)
    pinging = await caller.stream("p", give_up_s=0.0, after=lambda heard: heard.names.count("ping") >= 4)
    assert (pinging.text, pinging.names.count("ping") >= 4) == (THREE, True)
    assert {data for name, data in pinging.raw if name == "ping"} == {'{"type":"ping"}'}


async def test_a_malformed_event_is_followed_by_the_rest(start_messages):
    heard = await (await start_messages()).stream("malformed-at-3")
    [(place, name)] = [(at, name) for at, (name, data) in enumerate(heard.raw) if not data.endswith("}")]
    assert (place, name) == (3 + 3, "content_block_delta")
    assert heard.is_done


async def test_an_error_event_ends_the_stream(start_messages):
    caller = await start_messages()
    heard = await caller.stream("error-event-at-3")
    assert heard.raw[-1] == ("error", '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    assert (heard.text, heard.broke) == (THREE, None)
    assert (await caller.ask("error-event-at-3")).json["error"]["type"] == "overloaded_error"


async def test_an_error_event_has_the_scripts_payload(start_messages):
    payload = "{type: error, error: {type: api_error, message: slow}}"
    caller = await start_messages(f"rules: [{{action: {{error_event_at: 0, error_event: {payload}}}}}]")
    assert orjson.loads((await caller.stream("x")).raw[-1][1])["error"] == {"type": "api_error", "message": "slow"}


@pytest.mark.parametrize(
    ("model", "kind", "body"),
    [
        ("html", "text/html", b"<!DOCTYPE"),
        ("not-json", "text/plain", b"upstream"),
        ("no-body", "application/json", b""),
    ],
)
async def test_a_200_can_be_something_else(start_messages, model, kind, body):
    heard = await (await start_messages()).ask(model)
    assert heard.status == 200
    assert heard.headers["Content-Type"].startswith(kind)
    assert heard.body.startswith(body)


@pytest.mark.parametrize("model", ["cut-at-5", "fin-at-5", "end-at-5", "malformed-at-5"])
async def test_a_whole_answer_is_broken_in_the_middle(start_messages, model):
    heard = await (await start_messages()).ask(model)
    with pytest.raises(orjson.JSONDecodeError):
        _ = heard.json


@pytest.mark.parametrize("model", ["reset", "close", "silence", "headers-then-silence"])
async def test_nothing_may_come_at_all(start_messages, model):
    heard = await (await start_messages()).stream(model, give_up_s=0.1)
    assert (heard.body, heard.broke is not None) == (b"", True)


async def test_the_journal_tells_of_the_request(start_messages):
    caller = await start_messages("journal_bodies: true")
    await caller.ask("ok", stop_sequences=["x"], thinking={"type": "adaptive"}, output_config={"effort": "low"})
    entry = caller.simulator.journal[-1]
    assert (entry.protocol, entry.model, entry.path, entry.messages) == ("anthropic", "ok", "/v1/messages", 1)
    assert entry.headers["anthropic-version"] == "2023-06-01"
    assert entry.fields["stop_sequences"] == ["x"]
    assert (entry.fields["thinking"], entry.fields["output_config"]) == ("adaptive", ["effort"])
    assert entry.body["messages"] == [HI]
    assert entry.answer == answer_text("hi", 20)
