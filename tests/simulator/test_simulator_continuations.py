"""How models go on with an unfinished answer, and that no script decides which way."""

from __future__ import annotations

from collections import Counter

import pytest

from sidecar.simulator import answer_text
from sidecar.simulator.continuation import continued, kind_by_seed

WHOLE = answer_text("hi", 20)
HI = {"role": "user", "content": "hi"}
GO_ON = {"role": "user", "content": "Go on from exactly there."}


def sent_words(words: int) -> str:
    return answer_text("hi", words)


def test_the_kind_depends_on_the_seed_and_the_request_alone():
    assert {kind_by_seed(7, sent_words(9), True) for _ in range(3)} == {kind_by_seed(7, sent_words(9), True)}
    kinds = Counter(kind_by_seed(seed, sent_words(9), False) for seed in range(400))
    assert set(kinds) == {"continue", "again", "different", "overlap"}
    assert min(kinds.values()) > 50


def test_a_prefill_does_not_overlap_and_a_short_answer_does_not_differ():
    assert {kind_by_seed(seed, sent_words(9), True) for seed in range(60)} == {"continue", "again", "different"}
    assert {kind_by_seed(seed, sent_words(2), True) for seed in range(60)} == {"continue", "again"}


@pytest.mark.parametrize("seed", range(20))
def test_another_answer_differs_before_the_end_of_what_was_sent_and_not_in_its_first_24_characters(seed):
    sent = sent_words(9)
    other = continued("different", WHOLE, sent, seed)
    assert other.startswith(sent[:24])
    assert not other.startswith(sent)
    assert not continued("different", WHOLE, "oak", seed).startswith(WHOLE[:1])


async def test_models_go_on_by_their_seed_over_http(start):
    caller = await start()
    sent = sent_words(10)
    ways = {True: [HI, {"role": "assistant", "content": sent}]}
    ways[False] = [*ways[True], GO_ON]
    for seed in range(8):
        for is_prefill, messages in ways.items():
            kind = kind_by_seed(seed, sent, is_prefill)
            assert (await caller.stream(f"seed-{seed}", messages=messages)).text == continued(kind, WHOLE, sent, seed)
    assert (await caller.stream("seed-3")).text == WHOLE


async def test_a_model_can_always_give_another_answer_when_asked_to_go_on(start):
    messages = [HI, {"role": "assistant", "content": sent_words(10)}]
    text = (await (await start()).stream("differs", messages=messages)).text
    assert text.startswith(sent_words(10)[:24])
    assert not text.startswith(sent_words(10))
