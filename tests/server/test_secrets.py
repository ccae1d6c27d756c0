"""Keys never leave: not by a status, a report, an event, the log, or the health view."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sidecar.pb import health_pb2

from .conversation import question
from .outcome import ask, chat
from .process import Sidecar
from .provider import Provider

KEY = "plain/planted+key=of~some&length%41"
FORMS = [
    KEY,
    quote(KEY, safe=""),
    quote(KEY),
    b64encode(KEY.encode()).decode(),
    urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    b64encode(b"user:" + KEY.encode()).decode(),
]
PATTERNS = ["sk-ant-abcdef0123456789", "AIzaSyA0123456789abcdefghij", "someone@example.com", "ghp_0123456789abcdefghij"]


@pytest.fixture
def planted(provider: Provider) -> str:
    model = "says-keys"
    message = "Incorrect key: " + " | ".join([*FORMS, *PATTERNS])
    body = {"error": {"message": message, "type": "invalid_request_error", "param": KEY}}
    provider.when(model, status=400, body=body)
    provider.when("streams-keys", error_event_at=2, error_event=body)
    return model


@pytest.fixture(scope="module")
def careless(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """A sidecar whose key the provider plants."""
    folder = tmp_path_factory.mktemp("keys")
    with Sidecar(folder, config_of(provider), "--log-level", "debug", SIM_KEY=KEY) as started:
        yield started


def config_of(provider: Provider) -> str:
    return (
        'listen: {grpc: ["127.0.0.1:0"]}\n'
        f"providers: {{sim: {{protocol: openai, base_url: '{provider.url}', api_key: 'env:SIM_KEY'}}}}\n"
        "default_provider: sim\n"
    )


def assert_clean(text: str) -> None:
    for secret in (*FORMS, *PATTERNS):
        assert secret not in text
        assert secret.encode().hex() not in text


@pytest.mark.parametrize("model", ["says-keys", "streams-keys"])
def test_keys_in_upstream_messages_reach_nobody(careless: Sidecar, planted: str, model: str) -> None:
    outcome = chat(careless.chat, question(model, include_attempts=True, request_id=model))
    trailers = b"".join(v if isinstance(v, bytes) else v.encode() for v in outcome.trailers.values())
    kept = ask(careless.health.GetReport, health_pb2.GetReportRequest(request_id=model))
    snapshot = next(iter(careless.health.Health(health_pb2.HealthRequest(), timeout=5)))
    (failed,) = outcome.of("failed")
    assert "[redacted]" in failed.report.attempts[0].message
    for seen in (
        outcome.message,
        trailers.decode("utf-8", "replace"),
        str(outcome.status),
        str(outcome.report),
        str(failed),
        str(kept.response),
        str(snapshot),
        careless.log,
    ):
        assert_clean(seen)
    # The text formats above escape what is not ASCII: look at the bytes too.
    packed = b"".join(
        message.SerializeToString()
        for message in (outcome.status, failed, kept.response, snapshot)  # type: ignore[union-attr]
    )
    assert_clean(packed.decode("utf-8", "replace"))


def test_keys_in_codes_and_request_ids_of_the_provider_reach_nobody(careless: Sidecar, provider: Provider) -> None:
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": KEY}}
    provider.when("codes-keys", status=400, body=body, headers={"x-request-id": KEY})
    outcome = chat(careless.chat, question("codes-keys"))
    assert_clean(str(outcome.status) + outcome.status.SerializeToString().decode("utf-8", "replace"))
