"""The journal, hang-ups, and the admin paths."""

from __future__ import annotations

import asyncio
import time

import orjson
import pytest

from sidecar.simulator import Simulator, answer_text, default_script, fingerprint
from sidecar.simulator.journal import CAPACITY, Journal

BODY = {"model": "ok", "messages": [{"role": "user", "content": "hi"}]}


async def test_an_entry_tells_what_came_and_what_was_sent(start):
    caller = await start("rules: [{name: first, times: 1, action: words-5}]")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = {**BODY, "stream": True, "temperature": 0.5, "tools": [_tool()]}
    began = time.time()
    await caller.post(body, traceparent=trace, **{"Idempotency-Key": "i-1"})
    entry = await caller.last_entry()
    assert (entry.seq, entry.method, entry.path) == (1, "POST", "/v1/chat/completions")
    assert (entry.protocol, entry.model, entry.stream, entry.messages) == ("openai", "ok", True, 1)
    assert entry.body_bytes == len(orjson.dumps(body))
    assert entry.fields == {"temperature": 0.5, "tools": 1}
    assert entry.headers["traceparent"] == trace
    assert entry.headers["idempotency-key"] == "i-1"
    assert (entry.rule, entry.applied, entry.status) == ("first", "words=5", 200)
    assert (entry.tokens_sent, entry.outcome) == (5, "completed")
    assert 0 <= entry.received_s <= entry.first_byte_s <= entry.end_s
    assert began <= entry.received_time <= time.time()
    assert (entry.body, entry.answer) == (None, None)


async def test_keys_are_journaled_as_fingerprints_only(start):
    caller = await start()
    await caller.post(BODY, key="sk-secret")
    await caller.post(BODY, key="", **{"x-api-key": "sk-other"})
    assert [entry.key for entry in caller.simulator.journal] == [fingerprint("sk-secret"), fingerprint("sk-other")]
    assert fingerprint("sk-secret").startswith("sha256:")
    assert len(fingerprint("sk-secret")) == 7 + 12
    async with caller.session.get(_admin(caller, "__journal")) as response:
        text = await response.text()
    assert "sk-" not in text
    assert "authorization" not in text.lower()


async def test_bodies_and_answers_are_kept_when_the_script_says_so(start):
    caller = await start("journal_bodies: true")
    await caller.post({**BODY, "model": "cut-at-2", "stream": True})
    entry = await caller.last_entry()
    assert entry.body["messages"] == BODY["messages"]
    assert entry.answer == answer_text("hi", 20)


async def test_the_journal_is_read_and_cleared_over_http(start):
    caller = await start()
    await caller.ask("ok")
    await caller.ask("status-503")
    async with caller.session.get(_admin(caller, "__journal")) as response:
        entries = (await response.json())["entries"]
    assert [(entry["seq"], entry["status"]) for entry in entries] == [(1, 200), (2, 503)]
    async with caller.session.delete(_admin(caller, "__journal")) as response:
        assert response.status == 200
    assert caller.simulator.journal == []
    await caller.ask("ok")
    assert [entry.seq for entry in caller.simulator.journal] == [3]


async def test_an_invalid_request_is_journaled_too(start):
    caller = await start()
    await caller.post(b"{")
    entry = await caller.last_entry()
    assert (entry.model, entry.status, entry.outcome, entry.body_bytes) == (None, 400, "completed", 1)


@pytest.mark.parametrize(
    "model", ["silence", "headers-then-silence", "stall-at-2", "stall-pings-at-2", "slow-first-90s", "slow-headers-90s"]
)
async def test_a_hang_up_is_noticed_while_nothing_is_being_sent(start, model):
    caller = await start()
    asking = asyncio.create_task(caller.stream(model))
    await caller.last_entry(lambda entry: True)
    asking.cancel()
    entry = await caller.last_entry()
    assert entry.outcome == "caller_hung_up"


async def test_a_hang_up_in_the_middle_of_an_answer_stops_it(start):
    caller = await start()
    await caller.stream("words-6000+tps-100", give_up_s=0.0, after=lambda seen: len(seen.deltas) > 5)
    entry = await caller.last_entry()
    assert entry.outcome == "caller_hung_up"
    assert 5 <= entry.tokens_sent < 6000


async def test_a_caller_that_does_not_read_slows_the_answer_and_its_hang_up_is_noticed(start):
    caller = await start()
    host, port = caller.simulator.address_of("http").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1024)
    body = orjson.dumps({**BODY, "model": "words-400000+burst", "stream": True})
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    entry = await caller.last_entry(lambda entry: entry.tokens_sent > 0)
    await asyncio.sleep(0.2)
    assert entry.outcome is None
    assert entry.tokens_sent < 400_000
    writer.transport.abort()
    assert (await caller.last_entry()).outcome == "caller_hung_up"


async def test_no_task_is_left_behind(start):
    caller = await start()
    before = asyncio.all_tasks()
    models = ("ok", "silence", "stall-at-2", "cut-at-2", "reset", "close", "fin-at-1")
    await asyncio.gather(*(caller.stream(model, give_up_s=0.1) for model in models))
    running = len(models)
    async with asyncio.timeout(10):
        while running:
            async with caller.session.get(_admin(caller, "__health")) as response:
                running = (await response.json())["running"]
    await caller.simulator.stop()
    assert asyncio.all_tasks() <= before


async def test_a_stop_ends_running_requests_at_once():
    simulator = Simulator(default_script())
    await simulator.start()
    host, port = simulator.address_of("http").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = orjson.dumps({**BODY, "model": "silence"})
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    async with asyncio.timeout(10):  # a bound, not a measure: silence has no end
        while not simulator.journal:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.002)
        await simulator.stop()
    assert [entry.outcome for entry in simulator.journal] == ["stopped"]
    assert await reader.read() == b""
    writer.close()


async def test_a_taken_port_is_an_error_that_names_it(start):
    caller = await start()
    address = caller.simulator.address_of("http")
    second = Simulator(default_script(), port=int(address.split(":")[1]))
    with pytest.raises(OSError, match=f"cannot listen on {address}: Address already in use"):
        await second.start()


async def test_300_streams_at_once_are_whole_and_none_runs_ahead_of_its_pace(start):
    caller = await start()
    seen = await asyncio.gather(*(caller.stream("words-30+tps-60") for _ in range(300)))
    assert all(one.is_done and one.text == answer_text("hi", 30) for one in seen)
    took_s = [entry.end_s - entry.received_s for entry in caller.simulator.journal]
    assert len(took_s) == 300
    assert min(took_s) >= 29 / 60


def test_the_journal_keeps_the_newest_entries_only():
    journal = Journal()
    for _ in range(CAPACITY + 5):
        journal.add(
            received_time=0.0,
            received_s=0.0,
            listener="http",
            connection=1,
            method="GET",
            path="/",
            headers={},
            key=None,
        )
    assert (len(journal.entries), journal.entries[0].seq) == (CAPACITY, 6)


def _admin(caller, path: str) -> str:
    return caller.simulator.base_url.removesuffix("v1") + path


def _tool() -> dict[str, object]:
    return {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
