"""Cache hints of the contract, and the options of each wire protocol, as the edge takes them."""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.core.content import CacheHint
from sidecar.core.errors import CallError
from sidecar.core.trace import Trace
from sidecar.pb import content_pb2
from sidecar.server.incoming import request_of

from .conversation import question, user

TRACE = Trace("1" * 32, "2" * 16)


def hinted(hint: content_pb2.CacheHint | None) -> content_pb2.Part:
    return content_pb2.Part(text="hi", cache_hint=hint)


def hint_of(part: content_pb2.Part) -> CacheHint | None:
    return request_of(question("m", user(part)), "r", TRACE).messages[0].parts[0].cache_hint


def test_a_hint_reaches_the_core_with_its_life() -> None:
    assert hint_of(hinted(None)) is None
    assert hint_of(hinted(content_pb2.CacheHint())) == CacheHint()
    assert hint_of(hinted(content_pb2.CacheHint(ttl_duration=Duration(seconds=1, nanos=500_000_000)))) == CacheHint(1.5)


@pytest.mark.parametrize("ttl", [Duration(), Duration(seconds=-1)])
def test_a_life_of_no_time_is_refused(ttl: Duration) -> None:
    with pytest.raises(CallError) as caught:
        hint_of(hinted(content_pb2.CacheHint(ttl_duration=ttl)))
    assert [error.path for error in caught.value.fields] == ["messages[0].parts[0].cache_hint.ttl_duration"]


def test_options_are_checked_by_the_protocol_they_are_for() -> None:
    options = {"anthropic": '{"max_tokens": 1, "service_tier": "auto"}', "openai": '{"max_tokens": 1, "system": 1}'}
    with pytest.raises(CallError) as caught:
        request_of(question("m", provider_options=options), "r", TRACE)
    paths = [error.path for error in caught.value.fields]
    assert paths == ["provider_options[anthropic].max_tokens", "provider_options[openai].max_tokens"]
