"""For the same conversation, the official `anthropic` package and our codec ask the same."""

from __future__ import annotations

from typing import Any

import anthropic
import orjson
import pytest

from sidecar.core.catalog import Model
from sidecar.providers.anthropic import Anthropic

from .anthropic_conversations import BUDGETED, ISSUER, SAME, request
from .capture import caught
from .conftest import KEY
from .meaning import meaning


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SAME)
def test_the_same_conversation_is_asked_in_the_same_words(name: str, stream: bool):
    arguments, ours = SAME[name]
    arguments = {"model": BUDGETED, "max_tokens": 900, **arguments}

    def ask(http: Any) -> object:
        client = anthropic.Anthropic(api_key=KEY, base_url="http://provider", max_retries=0, http_client=http)
        return client.messages.create(stream=stream, **arguments)

    sent, body = caught(ask)
    encoded = Anthropic().encode(ours, Model(arguments["model"]), stream=stream, issuer=ISSUER)
    assert meaning(orjson.loads(encoded.body)) == meaning(body)
    assert encoded.repairs == ()
    assert sent.url.path == encoded.path
    assert orjson.loads(encoded.body).get("stream", False) == stream


def test_the_key_and_the_version_travel_as_the_older_version_of_the_api_wants_them():
    """The package speaks 2026-10-21 and sends a bearer token. That version refuses temperature, top_p and top_k of every
    model; 2023-06-01, which the API and its other vendors go on serving, takes them, and a key in `x-api-key`."""
    encoded = Anthropic().encode(request(temperature=0.5), Model(BUDGETED), stream=False, issuer=ISSUER)
    assert encoded.headers["anthropic-version"] == "2023-06-01"
    assert Anthropic().authorization(KEY) == {"x-api-key": KEY}
    assert orjson.loads(encoded.body)["temperature"] == 0.5
