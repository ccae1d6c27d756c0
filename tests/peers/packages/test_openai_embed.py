"""Embeddings: the official `openai` package takes what our simulator sends, and asks what our codec asks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import openai
import orjson
import pytest

from sidecar.core.catalog import Model
from sidecar.core.content import Embedding, Request
from sidecar.core.events import Vectors
from sidecar.providers.openai import OpenAI
from sidecar.simulator import embedding_of
from tests.server.provider import Provider

from .capture import caught
from .conftest import KEY
from .meaning import meaning

TEXTS = ["How does a remora travel?", "Auf Haien. 🦈"]


@pytest.fixture(scope="module")
def client(simulator: Provider) -> Iterator[openai.OpenAI]:
    """A strict client: an answer that does not fit its models is an error."""
    with openai.OpenAI(
        api_key=KEY, base_url=simulator.url, max_retries=0, timeout=10, _strict_response_validation=True
    ) as made:
        yield made


@pytest.mark.parametrize("encoding", ["base64", "float"])
def test_the_package_reads_the_simulators_vectors(simulator: Provider, client: openai.OpenAI, encoding: str) -> None:
    fields: dict[str, Any] = {"encoding_format": "float"}
    if encoding == "base64":  # its own choice, which its strict models refuse before it has decoded it
        client, fields = openai.OpenAI(api_key=KEY, base_url=simulator.url, max_retries=0, timeout=10), {}
    answer = client.embeddings.create(model="vectors", input=TEXTS, dimensions=64, **fields)
    assert [struct.pack("<64f", *item.embedding) for item in answer.data] == [embedding_of(text, 64) for text in TEXTS]
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    assert answer.model == "vectors"


def test_the_package_and_our_codec_read_the_same_from_one_answer(client: openai.OpenAI) -> None:
    asked = {"model": "vectors", "input": TEXTS, "dimensions": 5, "encoding_format": "float"}
    raw = client.embeddings.with_raw_response.create(**asked)  # type: ignore[arg-type]
    decoder = OpenAI().decoder(stream=False, issuer="a", embedding=Embedding(tuple(TEXTS), 5))
    decoder.feed(raw.content)
    ours = next(event.vectors for event in decoder.end() if isinstance(event, Vectors))
    assert [struct.pack("<5f", *item.embedding) for item in raw.parse().data] == list(ours)


def test_the_package_and_our_codec_ask_the_same() -> None:
    def ask(http: Any) -> object:
        official = openai.OpenAI(api_key=KEY, base_url="http://nowhere.test/v1", max_retries=0, http_client=http)
        return official.embeddings.create(model="m", input=TEXTS, dimensions=256, user="u", encoding_format="base64")

    request, theirs = caught(ask)
    embedding = Embedding(tuple(TEXTS), 256)
    ours = OpenAI().encode(Request("m", (), embedding=embedding, end_user_id="u"), Model("m"), stream=False, issuer="a")
    assert request.url.path == f"/v1{ours.path}"
    assert meaning(theirs) == meaning(orjson.loads(ours.body))
