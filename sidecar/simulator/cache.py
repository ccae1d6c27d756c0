"""The prompt cache: which beginnings of prompts were seen before, per key and model."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass

from .wire import ChatCall, PromptBlock

#: Beginnings remembered; the longest unused go first.
CAPACITY = 10_000

# Blocks before a breakpoint that are looked at for a beginning that is cached (Anthropic's prompt caching).
_LOOKED_BACK = 20


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What a cache did with a prompt, in tokens: read from it, put in it, and put in it for an hour (part of those)."""

    read_tokens: int = 0
    written_tokens: int = 0
    written_hour_tokens: int = 0


NOTHING_CACHED = CacheUse()


class PromptCache:
    """Beginnings of prompts. Nothing expires, and no beginning is too short."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str | None, str, bytes], None] = OrderedDict()

    def use(self, key: str | None, call: ChatCall) -> CacheUse:
        """Return what is cached of the prompt of `call`, and remember it up to each of its breakpoints."""
        blocks = call.blocks
        breaks = [place for place, block in enumerate(blocks) if block.ttl is not None]
        if not breaks:
            return NOTHING_CACHED
        looked_at = {place for last in breaks for place in range(max(0, last - _LOOKED_BACK + 1), last + 1)}
        known = [blocks[place].tokens for place in looked_at if (key, call.model, blocks[place].digest) in self._seen]
        read = max(known, default=0)
        ends = [blocks[place] for place in breaks]
        for block in ends:
            self._remember((key, call.model, block.digest))
        written = [(end.ttl, tokens) for end, tokens in zip(ends, _written(ends, read), strict=True)]
        return CacheUse(read, sum(tokens for _, tokens in written), sum(t for ttl, t in written if ttl == "1h"))

    def _remember(self, beginning: tuple[str | None, str, bytes]) -> None:
        self._seen[beginning] = None
        self._seen.move_to_end(beginning)
        if len(self._seen) > CAPACITY:
            self._seen.popitem(last=False)


def _written(ends: list[PromptBlock], read: int) -> list[int]:
    reached = itertools.accumulate((end.tokens for end in ends), max, initial=read)
    return [after - before for before, after in itertools.pairwise(reached)]
