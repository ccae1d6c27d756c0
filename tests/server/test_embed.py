"""Embed over gRPC: vectors for texts, in batches, from targets that are interchangeable and from no others."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from remora_client import Client

from sidecar.pb import chat_pb2, error_reason_pb2, health_pb2, policy_pb2
from sidecar.simulator import embedding_of

from .outcome import Outcome, ask, tried
from .process import Sidecar
from .provider import Provider

CONFIG = """
listen: {grpc: ["127.0.0.1:0"]}
default_provider: one
providers:
  one:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:ONE_KEY}, {name: spare, api_key: env:SPARE_KEY}]
    models:
      small: {max_batch_inputs: 2, price: {input: 2000000, output: 8000000}, capabilities: [tools]}
      down: {fallbacks: [two/vectors], max_batch_inputs: 2}
      half: {max_batch_inputs: 2}
    fallbacks: [two/vectors]
  two: {protocol: openai, base_url: URL, api_key: env:TWO_KEY}
  claude: {protocol: anthropic, base_url: URL, api_key: env:TWO_KEY}
aliases:
  same: {targets: [one/down, two/vectors], interchangeable: true, fallbacks: [two/other]}
  mixed: {targets: [one/down, two/vectors]}
  wires: {targets: [claude/x, two/vectors], interchangeable: true}
  later: {targets: [one/half, two/vectors], interchangeable: true}
fallbacks: [two/vectors]
policy: {retry_budget: {capacity: 100000}}
"""


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"empty": True}, "MALFORMED_RESPONSE"),
    "text": ({"not_json": True}, "MALFORMED_RESPONSE"),
    "cut": ({"cut_at": 0}, "MALFORMED_RESPONSE"),
    "refused": ({"status": 401}, "AUTHENTICATION"),
    "unpaid": ({"error": "quota"}, "BILLING"),
    "long": ({"context_tokens": 1}, "CONTEXT_LENGTH"),
    "fixed": ({"refuses": ["dimensions"]}, "UNSUPPORTED_PARAMETER"),
    "broken": ({"error_event_at": 0}, "SERVER_ERROR"),
}
"""Providers with a key of their own, what each does, and what that is called."""


@pytest.fixture(scope="module")
def embedding(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """A sidecar whose `one/down` is down."""
    provider.when("down", status=503)
    more = [f"  {name}: {{protocol: openai, base_url: URL, api_key: env:{name.upper()}_KEY}}\n" for name in WRONG]
    text = CONFIG.replace("aliases:", "".join(more) + "aliases:").replace("URL", provider.url)
    keys = {f"{name.upper()}_KEY": f"key-of-{name}-0123456789" for name in ("one", "spare", "two", *WRONG)}
    with Sidecar(tmp_path_factory.mktemp("embedding"), text, **keys) as started:
        yield started


def embed(sidecar: Sidecar, model: str, *inputs: str, timeout_s: float = 15.0, **fields: Any) -> Outcome:
    request = chat_pb2.EmbedRequest(model=model, inputs=inputs, **({"dimensions": 8} | fields))
    return ask(sidecar.chat.Embed, request, timeout_s=timeout_s)


def rows(outcome: Outcome) -> list[bytes]:
    assert outcome.response is not None, outcome.message
    return [struct.pack(f"<{len(one.values)}f", *one.values) for one in outcome.response.embeddings]


def expected(*inputs: str, dimensions: int = 8) -> list[bytes]:
    return [embedding_of(text, dimensions) for text in inputs]


def test_each_text_gets_its_vector(embedding: Sidecar, provider: Provider) -> None:
    outcome = embed(embedding, "two/plain", "a fish", "ein Hai", request_id="vectors", end_user_id="u")
    assert rows(outcome) == expected("a fish", "ein Hai")
    response = outcome.response
    assert (response.target.provider, response.target.model) == ("two", "plain")
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.estimated) == (4, 0, False)
    assert response.trace_id == outcome.trailers["remora-trace-id"]
    assert response.report.request_id == outcome.trailers["remora-request-id"] == "vectors"
    assert (outcome.trailers["remora-model"], outcome.trailers["remora-attempts"]) == ("plain", "1")
    assert not response.HasField("cost")
    assert provider.bodies("plain")[-1] == {
        "model": "plain",
        "input": ["a fish", "ein Hai"],
        "encoding_format": "base64",
        "dimensions": 8,
        "user": "u",
    }
    assert provider.entries("plain")[-1].path == "/v1/embeddings"


def test_without_dimensions_the_vectors_are_the_models_own(embedding: Sidecar) -> None:
    outcome = ask(embedding.chat.Embed, chat_pb2.EmbedRequest(model="two/vectors", inputs=["a"]))
    assert rows(outcome) == expected("a", dimensions=1536)


def test_more_texts_than_a_batch_takes_are_asked_in_several(embedding: Sidecar, provider: Provider) -> None:
    outcome = embed(embedding, "small", "1", "2", "3", "4", "5", request_id="batched")
    assert rows(outcome) == expected("1", "2", "3", "4", "5")
    assert [body["input"] for body in provider.bodies("small")] == [["1", "2"], ["3", "4"], ["5"]]
    response = outcome.response
    assert [made.index for made in response.report.attempts] == [1, 2, 3]
    assert response.usage.input_tokens == sum(made.usage.input_tokens for made in response.report.attempts) == 5
    assert response.cost.nano_dollars == 10_000
    assert outcome.trailers["remora-attempts"] == "3"
    found = embedding.health.GetReport(health_pb2.GetReportRequest(request_id="batched"))
    assert list(found.reports) == [response.report]


def test_interchangeable_targets_stand_in_for_each_other(embedding: Sidecar) -> None:
    outcome = embed(embedding, "same", "a")
    assert rows(outcome) == expected("a")
    assert tried(outcome.response.report)[-1] == ("two/vectors", "UNSPECIFIED")
    assert outcome.response.report.failed_over


@pytest.mark.parametrize("model", ["mixed", "one/down"])
def test_no_other_target_and_no_fallback_is_asked_for_vectors(embedding: Sidecar, model: str) -> None:
    outcome = embed(embedding, model, "a")
    assert outcome.code == grpc.StatusCode.UNAVAILABLE
    report = outcome.report
    assert {f"{a.target.provider}/{a.target.model}" for a in report.attempts} <= {"one/down"}
    assert {f"{s.target.provider}/{s.target.model}" for s in report.skipped} <= {"one/down"}


def test_a_wire_without_embeddings_is_skipped_and_alone_a_missing_capability(
    embedding: Sidecar, provider: Provider
) -> None:
    outcome = embed(embedding, "wires", "a")
    assert rows(outcome) == expected("a")
    assert [skip.message for skip in outcome.response.report.skipped] == ["cannot do embeddings"]
    before = provider.received
    alone = embed(embedding, "claude/x", "a")
    assert (alone.code, alone.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CAPABILITY")
    assert alone.info.metadata["missing"] == "embeddings"
    assert provider.received == before


def test_a_batch_that_fails_leaves_the_others_in_the_report(embedding: Sidecar, provider: Provider) -> None:
    provider.when("half", prompt="wrong", status=400)
    outcome = embed(embedding, "one/half", "1", "2", "3", "wrong")
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert outcome.message.startswith("batch 2 of 2: ")
    assert outcome.tried == [("one/half", "UNSPECIFIED"), ("one/half", "INVALID_REQUEST")]
    assert outcome.pushback == "-1"


def test_a_later_batch_may_come_from_another_target(embedding: Sidecar, provider: Provider) -> None:
    provider.when("half", prompt="gone", status=404)
    outcome = embed(embedding, "later", "1", "2", "3", "gone")
    assert rows(outcome) == expected("1", "2", "3", "gone")
    assert tried(outcome.response.report)[-1] == ("two/vectors", "UNSPECIFIED")


@pytest.mark.parametrize("name", WRONG)
def test_what_goes_wrong_has_the_reason_it_has_for_answers(embedding: Sidecar, provider: Provider, name: str) -> None:
    action, reason = WRONG[name]
    provider.when(f"is-{name}", **action)
    outcome = embed(embedding, f"{name}/is-{name}", "one two three")
    assert outcome.reason == reason
    assert provider.entries(f"is-{name}")


def test_the_task_is_left_out_on_this_wire_and_told(embedding: Sidecar, provider: Provider) -> None:
    outcome = embed(embedding, "two/tasked", "a", task=chat_pb2.EMBED_TASK_QUERY)
    (repair,) = outcome.response.report.repairs
    assert repair.attempt_index == 1
    assert repair.reason == error_reason_pb2.ERROR_REASON_UNSUPPORTED_PARAMETER
    assert repair.message == "task was left out: this protocol has no such setting"
    assert "task" not in provider.bodies("tasked")[-1]


def test_all_that_is_wrong_with_a_request_is_told_at_once_and_nothing_is_sent(
    embedding: Sidecar, provider: Provider
) -> None:
    before = provider.received
    request = chat_pb2.EmbedRequest(
        model="x" * 600,
        inputs=["a", "", "b", ""],
        dimensions=0,
        task=9,  # type: ignore[arg-type]
        policy=policy_pb2.Policy(idle_duration=Duration(seconds=-1)),
        request_id="no\nlabel",
    )
    outcome = ask(embedding.chat.Embed, request)
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")
    assert set(outcome.fields) == {
        "model",
        "inputs[1]",
        "inputs[3]",
        "dimensions",
        "task",
        "policy.idle_duration",
        "request_id",
    }
    assert set(ask(embedding.chat.Embed, chat_pb2.EmbedRequest(model="two/x")).fields) == {"inputs"}
    assert provider.received == before


def test_vectors_that_one_message_cannot_carry_are_refused_beforehand(embedding: Sidecar, provider: Provider) -> None:
    before = provider.received
    outcome = embed(embedding, "two/x", *["a"] * 3000, dimensions=3072)
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")
    assert "3000 vectors of 3072 numbers are 36888000 bytes" in outcome.fields["inputs"]
    assert provider.received == before


def test_thousands_of_texts_come_back_in_order(embedding: Sidecar) -> None:
    texts = [f"text {i}" for i in range(5000)]
    outcome = embed(embedding, "two/many", *texts)
    assert rows(outcome) == expected(*texts)
    assert len(outcome.response.report.attempts) == 3


def test_a_caller_who_leaves_hangs_up_upstream(embedding: Sidecar, provider: Provider) -> None:
    provider.when("slow", delay_s=30)
    pending = embedding.chat.Embed.future(chat_pb2.EmbedRequest(model="two/slow", inputs=["a"]), timeout=20)
    provider.wait_for("slow", lambda entry: True)
    pending.cancel()
    assert provider.ended("slow").outcome == "caller_hung_up"


def test_the_deadline_ends_it_with_its_status(embedding: Sidecar, provider: Provider) -> None:
    provider.when("late", delay_s=30)
    outcome = embed(embedding, "two/late", "a", timeout_s=1.5)
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE")


def test_the_python_client_gets_the_same(embedding: Sidecar) -> None:
    with Client(embedding.addresses[0]) as client:
        got = client.embed("two/client", ["a", "b"], dimensions=8, task="document")
    assert [struct.pack("<8f", *vector) for vector in got.vectors] == expected("a", "b")
    assert (got.target.provider, got.usage.output_tokens) == ("two", 0)
