"""Each fault as the caller sees it on the wire."""

from __future__ import annotations

import asyncio
import errno
import socket
import time

import aiohttp
import orjson
import pytest

from sidecar.simulator import answer_text


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, None),
        (401, "invalid_api_key"),
        (403, "model_not_found"),
        (404, "model_not_found"),
        (429, "rate_limit_exceeded"),
        (500, None),
        (503, None),
        (529, None),
        (418, None),
        (599, None),
    ],
)
async def test_a_status_comes_with_the_providers_usual_body(start, status, code, stream):
    seen = await (await start()).post(
        {"model": f"status-{status}", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    )
    assert seen.status == status
    assert seen.json["error"]["code"] == code
    assert "Retry-After" not in seen.headers


@pytest.mark.parametrize("status", [502, 504])
async def test_a_proxys_status_is_its_html_page(start, status):
    seen = await (await start()).ask(f"status-{status}")
    assert seen.status == status
    assert seen.headers["Content-Type"] == "text/html"
    assert b"<html>" in seen.body


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_that_forbids_a_body_has_none(start, status):
    caller = await start()
    assert [(await caller.ask(f"status-{status}")).status for _ in range(2)] == [status, status]
    assert caller.simulator.journal[0].connection == caller.simulator.journal[1].connection


async def test_retry_after_is_a_429_with_the_header(start):
    seen = await (await start()).ask("retry-after-2")
    assert (seen.status, seen.headers["Retry-After"]) == (429, "2")


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("quota", 429, "insufficient_quota"),
        ("overloaded", 503, "overloaded"),
        ("context-length", 400, "context_length_exceeded"),
        ("prompt-filtered", 400, "content_filter"),
    ],
)
async def test_named_errors_have_their_status_and_code(start, model, status, code):
    seen = await (await start()).ask(model)
    assert (seen.status, seen.json["error"]["code"]) == (status, code)


async def test_a_script_sets_status_body_and_headers(start):
    script = """
        rules:
        - match: {model: json}
          action: {status: 503, body: {error: {message: busy}}, headers: {x-region: eu, retry-after-ms: 1500}}
        - match: {model: text}
          action: {status: 500, body: "plain", retry_after: "Wed, 21 Oct 2026 07:28:00 GMT"}
    """
    caller = await start(script)
    seen = await caller.ask("json")
    assert (seen.status, seen.json) == (503, {"error": {"message": "busy"}})
    assert (seen.headers["x-region"], seen.headers["retry-after-ms"]) == ("eu", "1500")
    seen = await caller.ask("text")
    assert (seen.body, seen.headers["Retry-After"]) == (b"plain", "Wed, 21 Oct 2026 07:28:00 GMT")
    assert seen.headers["Content-Type"].startswith("text/plain")


async def test_reset_is_an_rst_before_the_headers(start):
    seen = await (await start()).stream("reset")
    assert seen.status is None
    assert isinstance(seen.broke, aiohttp.ClientOSError)
    assert seen.broke.errno == errno.ECONNRESET


async def test_close_is_a_fin_before_the_headers(start):
    seen = await (await start()).stream("close")
    assert seen.status is None
    assert isinstance(seen.broke, aiohttp.ServerDisconnectedError)


async def test_silence_sends_nothing_until_the_caller_hangs_up(start):
    caller = await start()
    seen = await caller.stream("silence", give_up_s=0.1)
    assert (seen.status, type(seen.broke)) == (None, TimeoutError)
    assert (await caller.last_entry()).outcome == "caller_hung_up"


@pytest.mark.parametrize("stream", [True, False])
async def test_headers_can_come_without_any_body(start, stream):
    caller = await start()
    messages = [{"role": "user", "content": "hi"}]
    body = {"model": "headers-then-silence", "stream": stream, "messages": messages}
    seen = await caller.post(body, give_up_s=0.1, after=lambda seen: seen.status is not None)
    assert (seen.status, seen.body, type(seen.broke)) == (200, b"", TimeoutError)


@pytest.mark.parametrize(
    ("model", "kind", "body"),
    [
        ("html", "text/html", b"<!DOCTYPE html>"),
        ("not-json", "text/plain", b"upstream"),
        ("no-body", "application/json", b""),
    ],
)
async def test_a_200_can_be_something_else(start, model, kind, body):
    seen = await (await start()).ask(model)
    assert seen.status == 200
    assert seen.headers["Content-Type"].startswith(kind)
    assert seen.body.startswith(body)


async def test_cut_is_an_rst_after_exactly_so_many_tokens(start):
    caller = await start()
    seen = await caller.stream("cut-at-5")
    assert seen.text == answer_text("hi", 5)
    assert isinstance(seen.broke, aiohttp.ClientPayloadError)
    assert "Connection reset by peer" in str(seen.broke)
    entry = await caller.last_entry()
    assert (entry.outcome, entry.tokens_sent) == ("cut", 5)


async def test_fin_ends_the_connection_in_the_middle_of_the_body(start):
    caller = await start()
    seen = await caller.stream("fin-at-5")
    assert seen.text == answer_text("hi", 5)
    assert isinstance(seen.broke, aiohttp.ClientPayloadError)
    assert "reset" not in str(seen.broke)
    assert (await caller.last_entry()).outcome == "fin"


async def test_a_body_can_end_cleanly_in_the_middle_of_the_answer(start):
    seen = await (await start()).stream("end-at-5")
    assert (seen.text, seen.finish, seen.is_done, seen.broke) == (answer_text("hi", 5), None, False, None)


@pytest.mark.parametrize("model", ["cut-at-0", "fin-at-0", "end-at-0"])
async def test_a_fault_at_0_comes_after_the_role_before_any_content(start, model):
    seen = await (await start()).stream(model)
    assert [delta.get("role") for delta in seen.deltas] == ["assistant"]


async def test_a_fault_beyond_the_answer_comes_before_its_finish_reason(start):
    seen = await (await start()).stream("words-3+cut-at-50")
    assert (seen.text, seen.finish) == (answer_text("hi", 3), None)
    assert seen.broke is not None


@pytest.mark.parametrize("model", ["cut-at-5", "fin-at-5"])
async def test_a_whole_answer_is_cut_in_the_middle_of_its_body(start, model):
    seen = await (await start()).ask(model)
    assert isinstance(seen.broke, aiohttp.ClientPayloadError)
    assert len(seen.body) == int(seen.headers["Content-Length"]) // 2


@pytest.mark.parametrize("model", ["end-at-5", "malformed-at-5"])
async def test_a_whole_answer_can_be_broken_json(start, model):
    seen = await (await start()).ask(model)
    assert (seen.status, seen.broke) == (200, None)
    with pytest.raises(orjson.JSONDecodeError):
        _ = seen.json


async def test_a_stall_leaves_the_connection_open_without_a_byte(start):
    caller = await start()
    seen = await caller.stream("stall-at-5", give_up_s=0.1, after=lambda seen: len(seen.deltas) == 1 + 5)
    assert (seen.text, type(seen.broke)) == (answer_text("hi", 5), TimeoutError)
    assert b": keep-alive" not in seen.body


async def test_a_stall_can_send_comments(start):
    caller = await start("rules: [{action: {stall_at: 2, pings_s: 0.02}}]")
    seen = await caller.stream("x", give_up_s=0.0, after=lambda seen: seen.body.count(b": keep-alive\n\n") >= 3)
    assert seen.body.count(b": keep-alive\n\n") >= 3
    assert (seen.text, type(seen.broke)) == (answer_text("hi", 2), TimeoutError)


async def test_a_stall_with_an_end_goes_on(start):
    caller = await start("rules: [{action: {stall_at: 2, stall_s: 0.05}}]")
    seen = await caller.stream("x")
    assert (seen.text, seen.is_done) == (answer_text("hi", 20), True)
    entry = await caller.last_entry()
    assert entry.end_s - entry.received_s >= 0.05


async def test_a_malformed_event_is_followed_by_the_rest(start):
    seen = await (await start()).stream("malformed-at-3")
    broken = [event for event in seen.events if event != "[DONE]" and not _is_json(event)]
    assert len(broken) == 1
    assert seen.events.index(broken[0]) == 4
    assert seen.is_done


async def test_an_error_event_ends_the_stream(start):
    seen = await (await start()).stream("error-event-at-3")
    assert orjson.loads(seen.events[-1])["error"]["type"] == "server_error"
    assert len(seen.events) == 1 + 3 + 1
    assert (seen.is_done, seen.broke) == (False, None)


async def test_an_error_event_has_the_scripts_payload(start):
    caller = await start("rules: [{action: {error_event_at: 0, error_event: {error: {code: 429, message: slow}}}}]")
    assert orjson.loads((await caller.stream("x")).events[-1]) == {"error": {"code": 429, "message": "slow"}}
    assert (await caller.ask("x")).json == {"error": {"code": 429, "message": "slow"}}


async def test_a_stream_can_end_without_a_finish_reason(start):
    seen = await (await start()).stream("no-finish", stream_options={"include_usage": True})
    assert (seen.text, seen.finish, seen.is_done, seen.broke) == (answer_text("hi", 20), None, False, None)


async def test_a_stream_can_end_without_done(start):
    seen = await (await start()).stream("no-done")
    assert (seen.finish, seen.is_done, seen.broke) == ("stop", False, None)


async def test_an_empty_answer_has_no_role_and_a_role_only_answer_has(start):
    caller = await start()
    empty = await caller.stream("empty")
    assert (empty.deltas, empty.finish, empty.is_done) == ([{}], "stop", True)
    role_only = await caller.stream("role-only")
    assert [delta.get("role") for delta in role_only.deltas] == ["assistant", None]
    assert (role_only.text, role_only.finish) == ("", "stop")
    assert (await caller.ask("empty")).json["choices"][0]["message"]["content"] == ""


async def test_a_slow_first_token_comes_after_headers_and_role(start):
    caller = await start()
    early = await caller.stream("slow-first-60s", give_up_s=0.1, after=lambda seen: bool(seen.deltas))
    assert ([delta.get("role") for delta in early.deltas], early.text) == (["assistant"], "")
    began = time.monotonic()
    assert (await caller.stream("slow-first-0.15s")).is_done
    assert time.monotonic() - began >= 0.15


async def test_slow_headers_come_after_nothing_at_all(start):
    caller = await start()
    assert (await caller.stream("slow-headers-60s", give_up_s=0.05)).status is None
    began = time.monotonic()
    assert (await caller.stream("slow-headers-0.05s")).is_done
    assert time.monotonic() - began >= 0.05


async def test_the_pace_is_kept_and_burst_has_none(start):
    caller = await start(is_fast=False)
    began = time.monotonic()
    assert (await caller.stream("words-10+tps-100")).is_done
    assert time.monotonic() - began >= 0.02 + 9 / 100
    # At the pace of every other answer, 60 words a second, this one would take an hour.
    assert (await caller.stream("words-216000+burst")).text == answer_text("hi", 216_000)


async def test_a_connection_promised_to_be_kept_closes_after_the_answer(start):
    caller = await start()
    seen = await caller.ask("close-after-response")
    assert (seen.status, seen.broke) == (200, None)
    assert seen.headers.get("Connection") != "close"
    await asyncio.sleep(0.1)
    await caller.ask("ok")
    first, second = caller.simulator.journal
    assert (first.outcome, first.connection != second.connection) == ("completed", True)


async def test_a_stale_connection_closes_as_its_next_request_arrives(start):
    caller = await start()
    assert (await caller.ask("stale")).status == 200
    seen = await caller.post({"model": "ok", "messages": [{"role": "user", "content": "hi"}]})
    assert isinstance(seen.broke, aiohttp.ServerDisconnectedError)
    assert (await caller.last_entry()).outcome == "stale"
    assert (await caller.ask("ok")).status == 200
    assert [entry.connection for entry in caller.simulator.journal] == [1, 1, 2]


async def test_a_kept_connection_serves_several_requests(start):
    caller = await start()
    for _ in range(3):
        await caller.stream("ok")
    assert [entry.connection for entry in caller.simulator.journal] == [1, 1, 1]


async def test_names_are_joined_and_unknown_parts_are_labels(start):
    caller = await start()
    seen = await caller.stream("think+cut-at-9+b")
    assert [next(iter(delta)) for delta in seen.deltas[1:]] == ["reasoning_content"] * 8 + ["content"]
    assert (await caller.ask("status-503+b")).status == 503
    assert (await caller.ask("something-else")).status == 200


async def test_a_refused_listener_is_reserved_and_refuses(start):
    caller = await start("listeners: {dead: refused}")
    seen = await caller.post({}, url=caller.simulator.url_of("dead"))
    assert isinstance(seen.broke, aiohttp.ClientConnectorError)
    assert isinstance(seen.broke.__cause__, ConnectionRefusedError)
    host, port = caller.simulator.addresses()["dead"].split(":")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind((host, int(port)))


async def test_a_hanging_listener_never_connects(start):
    caller = await start("listeners: {hole: hangs}")
    seen = await caller.post({}, url=caller.simulator.url_of("hole"), give_up_s=0.2)
    assert isinstance(seen.broke, TimeoutError)
    assert caller.simulator.journal == []


async def test_an_open_listener_serves_and_rules_tell_it_apart(start):
    caller = await start("listeners: {other: open}\nrules: [{match: {listener: other}, action: status-503}]")
    body = {"model": "ok", "messages": [{"role": "user", "content": "hi"}]}
    assert (await caller.post(body)).status == 200
    assert (await caller.post(body, url=caller.simulator.url_of("other"))).status == 503
    assert [entry.listener for entry in caller.simulator.journal] == ["http", "other"]


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
