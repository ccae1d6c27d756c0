"""Texts to embed in batches that a provider takes, and what the batches of one call make together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .chain import Chain
from .content import Embedding
from .report import Report, Skipped

MAX_INPUTS = 2048
"""Of one request, where the model says nothing else (OpenAI's API reference, "Create embeddings")."""
MAX_TOKENS = 300_000
"""Of all inputs of one request together (the same page)."""
BYTES_PER_TOKEN_AT_LEAST = 2
"""A tokenizer is not at hand: English has four bytes a token, other scripts three, digits and symbols nearly two. A batch
that is too small costs one more request, one that is too large is refused."""


def max_inputs(chain: Chain) -> int:
    """How many texts every entry of the chain takes at once."""
    return min(link.model.max_batch_inputs or MAX_INPUTS for link in chain.links)


def batches(embedding: Embedding, most: int) -> Iterator[tuple[str, ...]]:
    """The texts in order, at most `most` at a time and 300,000 tokens, estimated. A longer text goes alone."""
    batch: list[str] = []
    tokens = 0
    for text in embedding.inputs:
        more = size_of(text) // BYTES_PER_TOKEN_AT_LEAST
        if batch and (len(batch) == most or tokens + more > MAX_TOKENS):
            yield tuple(batch)
            batch, tokens = [], 0
        batch.append(text)
        tokens += more
    yield tuple(batch)


def size_of(text: str) -> int:
    """Bytes of a text as it is sent."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def joined(first: Report, later: Report) -> Report:
    """The reports of two batches as one: attempts are numbered on, an entry skipped twice for one cause is told once.

    The first content is the later one's, from the first's arrival: nothing is sent before the last batch is there.
    """
    between_s, content_s = later.arrived_at - first.arrived_at, later.first_content_s
    offset = max((attempt.index for attempt in first.attempts), default=0)
    skipped: dict[object, Skipped] = {(skip.entry, skip.cause): skip for skip in first.skipped + later.skipped}
    return replace(
        later,
        started_at=first.started_at,
        arrived_at=first.arrived_at,
        duration_s=between_s + later.duration_s,
        attempts=first.attempts + tuple(replace(made, index=made.index + offset) for made in later.attempts),
        skipped=tuple(skipped.values()),
        repairs=first.repairs
        + tuple(replace(made, attempt_index=made.attempt_index + offset) for made in later.repairs),
        failed_over=first.failed_over or later.failed_over,
        first_content_s=between_s + content_s if content_s is not None else None,
    )
