"""Spans of a call for vectors: named by what it does, and without what chats alone have."""

from __future__ import annotations

from dataclasses import replace

from sidecar.core.content import Embedding, Request
from sidecar.core.usage import Usage
from sidecar.telemetry import names
from sidecar.telemetry.names import Generation

from .build import PROMPT, attempt, operation, rpc
from .test_spans import spans_of

ABSENT = (names.OUTPUT_TOKENS, names.FINISH_REASONS, names.REQUEST_STREAM, names.INPUT_MESSAGES, names.OUTPUT_MESSAGES)


def test_vectors_have_an_operation_of_their_own_and_their_texts_are_never_told() -> None:
    made = replace(
        operation(attempt(embeds=True, is_streamed=False, usage=Usage(7, 0))),
        request=Request("gpt-x", (), embedding=Embedding((PROMPT,), 256)),
        completed=None,
        is_streamed=False,
    )
    spans = spans_of(rpc(made), capture_content=True, old=frozenset(Generation))
    call = next(span for span in spans if span.kind == "INTERNAL")
    upstream = next(span for span in spans if span.kind == "CLIENT")
    assert call.name.startswith("embeddings ")
    assert upstream.name == "embeddings gpt-x"
    assert {span.attributes[names.OPERATION_NAME] for span in (call, upstream)} == {"embeddings"}
    assert upstream.attributes[names.EMBEDDINGS_DIMENSIONS] == 256
    assert upstream.attributes[names.INPUT_TOKENS] == 7
    for key in ABSENT:
        assert key not in upstream.attributes
    assert PROMPT not in str(spans)
