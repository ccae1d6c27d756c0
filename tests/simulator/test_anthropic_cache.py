"""Prompts that a Messages request wants cached: put in first, read later, told in the usage."""

from __future__ import annotations

import pytest

from sidecar.simulator.cache import CAPACITY, PromptCache
from sidecar.simulator.wire import ChatCall, PromptBlock

from .messages import HI, TOOLS

CACHED = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def text(said, **fields):
    return {"type": "text", "text": said, **fields}


def counts(heard):
    usage = heard.message.usage
    return usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens


async def test_a_prefix_is_written_once_and_read_after_that(start_messages):
    caller = await start_messages()
    system = [text("one two three four", cache_control=CACHED)]
    assert counts(await caller.ask("ok", system=system)) == (8, 4, 0)
    assert counts(await caller.ask("ok", system=system)) == (8, 0, 4)
    other = [{"role": "user", "content": "another question"}]
    assert counts(await caller.ask("ok", system=system, messages=other)) == (9, 0, 4)
    streamed = await caller.stream("ok", system=system)
    assert streamed.events[0].message.usage.cache_read_input_tokens == 4
    assert streamed.stop.usage.cache_read_input_tokens == 4


async def test_without_a_breakpoint_nothing_is_cached(start_messages):
    caller = await start_messages()
    system = [text("one two three four")]
    assert [counts(await caller.ask("ok", system=system)) for _ in range(2)] == [(12, 0, 0)] * 2


async def test_a_longer_conversation_reads_the_shorter_and_writes_the_rest(start_messages):
    caller = await start_messages()
    first = {"role": "user", "content": [text("a b c", cache_control=CACHED)]}
    plain = {"role": "user", "content": "a b c"}
    more = [
        plain,
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": [text("e f", cache_control=CACHED)]},
    ]
    assert counts(await caller.ask("ok", messages=[first])) == (3, 7, 0)
    assert counts(await caller.ask("ok", messages=more)) == (3, 5 + 6, 7)
    assert counts(await caller.ask("ok", messages=more)) == (3, 0, 18)


@pytest.mark.parametrize(
    "change",
    [
        {"system": [text("one two three five", cache_control=CACHED)]},
        {"tools": TOOLS},
        {"model": "words-3"},
    ],
)
async def test_another_prefix_or_model_is_written_anew(start_messages, change):
    caller = await start_messages()
    asked = {"model": "ok", "system": [text("one two three four", cache_control=CACHED)]}
    await caller.ask(**asked)
    usage = (await caller.ask(**{**asked, **change})).message.usage
    assert usage.cache_creation_input_tokens >= 4
    assert usage.cache_read_input_tokens == 0


async def test_another_key_has_a_cache_of_its_own(start_messages):
    caller = await start_messages()
    body = {"model": "ok", "max_tokens": 9, "messages": [HI], "system": [text("one two", cache_control=CACHED)]}
    assert [counts(await caller.post(body, key=key))[1] for key in ("a", "b", "a")] == [2, 2, 0]


async def test_thinking_changes_what_is_cached_of_messages_and_not_of_the_system(start_messages):
    caller = await start_messages()
    asked = {
        "system": [text("one two", cache_control=CACHED)],
        "messages": [{"role": "user", "content": [text("a b", cache_control=CACHED)]}],
    }
    assert counts(await caller.ask("ok", **asked)) == (3, 8, 0)
    assert counts(await caller.ask("ok", **asked, thinking={"type": "adaptive"})) == (3, 6, 2)


async def test_the_requests_own_cache_control_ends_at_the_last_block(start_messages):
    caller = await start_messages()
    asked = {"messages": [{"role": "user", "content": "a b c"}], "cache_control": CACHED}
    assert [counts(await caller.ask("ok", **asked)) for _ in range(2)] == [(3, 7, 0), (3, 0, 7)]


async def test_what_stays_an_hour_is_told_apart(start_messages):
    caller = await start_messages()
    system = [text("one two", cache_control=HOUR), text("three four five", cache_control=CACHED)]
    usage = (await caller.ask("ok", system=system)).message.usage
    assert usage.cache_creation.ephemeral_1h_input_tokens == 2
    assert usage.cache_creation.ephemeral_5m_input_tokens == 3


async def test_a_request_that_is_refused_caches_nothing(start_messages):
    caller = await start_messages("rules: [{times: 1, action: status-529}]")
    system = [text("one two three four", cache_control=CACHED)]
    assert (await caller.ask("ok", system=system)).status == 529
    assert counts(await caller.ask("ok", system=system)) == (8, 4, 0)


def test_a_cache_is_found_only_within_20_blocks_before_a_breakpoint():
    def call(length, *breaks):
        blocks = [PromptBlock(b"%d" % at, at + 1, "5m" if at in breaks else None) for at in range(length)]
        return ChatCall(model="x", turns=(), blocks=tuple(blocks), fields={})

    cache = PromptCache()
    assert cache.use(None, call(1, 0)).written_tokens == 1
    assert cache.use(None, call(21, 20)).read_tokens == 0
    assert cache.use(None, call(20, 19)).read_tokens == 1
    assert cache.use(None, call(22, 0, 21)).read_tokens == 21


def test_a_cache_forgets_the_longest_unused():
    cache = PromptCache()

    def use(name):
        block = PromptBlock(name.encode(), 1, "5m")
        return cache.use(None, ChatCall(model="x", turns=(), blocks=(block,), fields={})).read_tokens

    use("first")
    assert all(use(str(at)) == 0 for at in range(CAPACITY - 1))
    assert use("first") == 1
    assert use("one more") == 0
    assert use("first") == 1
    assert use("0") == 0
