"""The words of simulated answers: the same request always gets the same text, and every word tells its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LIST = """
    amber anchor apple arrow basin beacon birch bridge cabin candle canyon cedar cliff clover comet
    copper coral creek delta ember falcon fern field flint forest garden glade granite harbor hazel
    heron hollow island ivory jasper juniper kelp lantern lark lemon lilac linen maple marble meadow
    mint moss north oak olive orchid otter pearl pebble pine plum quartz quill raven reed ridge river
    robin saffron
"""

#: The 64 words that answers are made of.
WORDS = tuple(_LIST.split())

# A piece is a word with the white space before it; one longer than 12 characters is several pieces.
_PIECE = re.compile(r"\s*\S{1,12}|\s+")

#: Words of the sent text that a model set to `continuation: overlap` says again.
OVERLAP_WORDS = 6


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as far as an answer depends on it."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a conversation asks for: an answer to `prompt`, of which `sent` has been given already."""

    prompt: str
    sent: str = ""


def answer_text(prompt: str, words: int) -> str:
    """Return the simulator's answer to `prompt`: `words` words such as `harbor-3`, numbered from 1, by single spaces.

    A shorter answer to the same prompt is always the beginning of a longer one. `prompt` is the text of the last user
    message (the parts of type text, joined without a separator).
    """
    seed = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest()
    return " ".join(f"{_word(seed, place)}-{place}" for place in range(1, words + 1))


def reasoning_text(prompt: str, words: int) -> str:
    """Return the reasoning before the answer to `prompt`: as `answer_text`, from other words."""
    return answer_text(f"reasoning about {prompt}", words)


def pieces(text: str) -> tuple[str, ...]:
    """Return `text` cut into what counts as tokens here; joined they are `text` again."""
    return tuple(_PIECE.findall(text))


def continuation(turns: Sequence[Turn], answer_to: Callable[[str], str]) -> Continuation:
    """Return what the conversation asks for; `answer_to` gives the whole answer to a prompt.

    A conversation that ends with an incomplete answer of ours (as a prefill, or followed by one more user message that
    asks to go on) is continued; any other is answered from the beginning.
    """
    users = [place for place, turn in enumerate(turns) if turn.role == "user"]
    if not users:
        return Continuation(turns[-1].text if turns else "")
    last = len(turns) - 1
    found = None
    if turns[last].role == "assistant":
        found = _continued(turns, users[-1], last, answer_to)
    elif users[-1] == last and len(users) > 1 and turns[last - 1].role == "assistant":
        found = _continued(turns, users[-2], last - 1, answer_to)
    return found or Continuation(turns[users[-1]].text)


def overlap_of(sent: str) -> str:
    """Return the last `OVERLAP_WORDS` words of `sent`, with the white space before them."""
    words = list(re.finditer(r"\s*\S+", sent))[-OVERLAP_WORDS:]
    return sent[words[0].start() :] if words else ""


def _word(seed: bytes, place: int) -> str:
    digest = hashlib.blake2b(place.to_bytes(4, "big"), key=seed, digest_size=2).digest()
    return WORDS[int.from_bytes(digest, "big") % len(WORDS)]


def _continued(
    turns: Sequence[Turn], asked: int, answered: int, answer_to: Callable[[str], str]
) -> Continuation | None:
    prompt, sent = turns[asked].text, turns[answered].text.rstrip()
    whole = answer_to(prompt)
    is_prefill = answered == len(turns) - 1  # of a whole answer nothing is left; behind one a user asks something new
    if asked == answered - 1 and sent and (is_prefill or whole != sent) and whole.startswith(sent):
        return Continuation(prompt, sent)
    return None
