"""How texts repeat themselves and each other."""

from __future__ import annotations

from itertools import product

import pytest

from sidecar.core.overlap import longest_end, says_itself_again


@pytest.mark.parametrize("text", ["aa", "abab", "ababa", "aabaaba", "ha ha h" * 2, "x" * 50])
def test_a_text_that_says_itself_again_is_known(text: str) -> None:
    assert says_itself_again(text)


@pytest.mark.parametrize("text", ["", "a", "aba", "abcab", "aab", "abaab", "ha ha", "aaaaabcd"])
def test_a_text_that_does_not_is_known(text: str) -> None:
    assert not says_itself_again(text)


def test_the_longest_end_that_a_text_begins_with_is_found() -> None:
    texts = ["".join(letters) for size in (0, 1, 4, 7) for letters in product("ab", repeat=size)]
    for text, head in product(texts, texts):
        lengths = [length for length in range(len(text) + 1) if head.startswith(text[len(text) - length :])]
        assert longest_end(text, head) == max(lengths)
