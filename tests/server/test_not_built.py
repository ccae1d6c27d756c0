"""What the contract has and this version does not do: refused by name, never ignored. A case goes when it is built."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from sidecar.pb import chat_pb2, content_pb2, health_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .conversation import question
from .outcome import ask, chat
from .process import Sidecar
from .provider import Provider


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"metadata": {"team": "search"}}, "metadata"),
        ({"reasoning": content_pb2.Reasoning(budget_tokens=100)}, "reasoning.budget_tokens"),
    ],
)
def test_a_field_that_is_not_built_is_refused_by_name(
    stub: ChatServiceStub, provider: Provider, fields: dict[str, Any], named: str
) -> None:
    before = provider.received
    outcome = chat(stub, question("ok", **fields))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_BUILT")
    assert outcome.info.metadata["field"] == named
    assert named in outcome.message
    assert provider.received == before


def test_all_that_is_not_built_is_named_at_once(stub: ChatServiceStub) -> None:
    request = question("ok", metadata={"a": "b"}, reasoning=content_pb2.Reasoning(budget_tokens=100))
    field = chat(stub, request).info.metadata["field"]
    assert set(field.split(", ")) == {"metadata", "reasoning.budget_tokens"}


def test_a_request_that_is_not_valid_is_told_so_before_it_is_told_what_is_not_built(stub: ChatServiceStub) -> None:
    assert chat(stub, question("ok", metadata={"a": "b"}, temperature=9)).reason == "INVALID_INPUT"


@pytest.mark.parametrize("rpc", ["RecordOutcome", "GetSpend"])
def test_an_rpc_that_is_not_built_says_so(sidecar: Sidecar, rpc: str) -> None:
    method, request = {
        "RecordOutcome": (sidecar.chat.RecordOutcome, chat_pb2.RecordOutcomeRequest(request_id="r", score=1)),
        "GetSpend": (sidecar.health.GetSpend, health_pb2.GetSpendRequest()),
    }[rpc]
    outcome = ask(method, request)  # type: ignore[arg-type]
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_BUILT")
    assert outcome.info.metadata["field"].endswith(f".{rpc}")
