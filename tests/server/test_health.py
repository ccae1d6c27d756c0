"""The view from inside: the Health snapshot, reports of past calls, models and their availability."""

from __future__ import annotations

import time

import grpc

from sidecar.pb import chat_pb2, error_reason_pb2, health_pb2, policy_pb2

from .conftest import Start
from .conversation import question
from .outcome import ask, chat, tried
from .process import Sidecar
from .provider import Provider

ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)
CLOSED, OPEN = health_pb2.BREAKER_STATE_CLOSED, health_pb2.BREAKER_STATE_OPEN


def snapshot(sidecar: Sidecar) -> health_pb2.HealthResponse:
    """The one message of a Health stream that does not watch."""
    (message,) = sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)
    assert isinstance(message, health_pb2.HealthResponse)
    return message


def entry(sidecar: Sidecar, name: str) -> health_pb2.EntryHealth:
    (found,) = [entry for entry in snapshot(sidecar).entries if entry.entry == name]
    return found


def test_a_snapshot_shows_what_succeeded(sidecar: Sidecar) -> None:
    chat(sidecar.chat, question("ok+seen"))
    seen = entry(sidecar, "sim/ok+seen")
    assert (seen.state, seen.attempts, seen.successes, seen.failures) == (CLOSED, 1, 1, 0)
    assert (seen.reason, seen.last_error, seen.openings) == (0, "", 0)
    assert seen.base_url.startswith("http://127.0.0.1:")
    assert not seen.HasField("next_attempt_time")
    message = snapshot(sidecar)
    assert message.snapshot
    assert abs(message.observed_time.ToSeconds() - time.time()) < 60


def test_failures_in_a_row_open_the_breaker_and_it_says_when_it_is_asked_again(sidecar: Sidecar) -> None:
    model = "status-500+opens"
    for _ in range(3):
        chat(sidecar.chat, question(model, policy=ONCE))
    seen = entry(sidecar, f"sim/{model}")
    assert (seen.state, seen.openings, seen.failures, seen.consecutive_failures) == (OPEN, 1, 3, 3)
    assert seen.reason == error_reason_pb2.ERROR_REASON_SERVER_ERROR
    assert seen.last_error
    assert 0 < seen.next_attempt_time.ToSeconds() - time.time() < 25
    assert abs(seen.since_time.ToSeconds() - time.time()) < 10
    outcome = chat(sidecar.chat, question(model, policy=ONCE), timeout_s=2)
    assert outcome.reason == "ALL_UNAVAILABLE"
    assert outcome.report.skipped[0].cause == 4
    assert "open" in outcome.message


def test_a_cooldown_shows_with_its_end_and_reason(start: Start) -> None:
    sidecar = start()
    chat(sidecar.chat, question("retry-after-200", policy=ONCE))
    by_model = {profile.model: profile for profile in snapshot(sidecar).profiles if profile.provider == "sim"}
    pair = by_model["retry-after-200"]
    assert pair.profile == "main"
    assert 190 < pair.cooldown_end_time.ToSeconds() - time.time() <= 200
    assert pair.reason == error_reason_pb2.ERROR_REASON_RATE_LIMITED
    assert not by_model[""].HasField("cooldown_end_time")
    chat(sidecar.chat, question("status-401", policy=ONCE))
    whole = {profile.model: profile for profile in snapshot(sidecar).profiles}[""]
    assert whole.reason == error_reason_pb2.ERROR_REASON_AUTHENTICATION
    assert whole.cooldown_end_time.ToSeconds() > time.time() + 50


def until_s(sidecar: Sidecar, name: str) -> float | None:
    """Seconds until an entry may be called again; None: now."""
    seen = entry(sidecar, name)
    return seen.next_attempt_time.ToSeconds() - time.time() if seen.HasField("next_attempt_time") else None


def test_an_entry_returns_when_the_first_of_its_keys_does(start: Start, provider: Provider) -> None:
    profiles = "[{name: one, api_key: env:SIM_KEY}, {name: two, api_key: env:TOKEN}]"
    sidecar = start(
        config=f"listen: {{grpc: ['127.0.0.1:0']}}\ndefault_provider: sim\nproviders:\n"
        f"  sim: {{protocol: openai, base_url: {provider.url}, profiles: {profiles}, models: {{ok: {{}}}}}}\n"
    )

    def fail(model: str, profile: str) -> None:
        chat(
            sidecar.chat, question(model, policy=policy_pb2.Policy(max_attempts=1, last_resort=False, profile=profile))
        )

    chat(sidecar.chat, question("retry-after-200", policy=ONCE))
    assert until_s(sidecar, "sim/retry-after-200") is None, "the second key may be called"
    fail("retry-after-200", "two")
    assert 190 < (until_s(sidecar, "sim/retry-after-200") or 0) <= 200
    assert until_s(sidecar, "sim/ok") is None, "the keys rest with one model only"
    fail("status-401", "one")
    assert until_s(sidecar, "sim/ok") is None
    fail("status-401", "two")
    assert (until_s(sidecar, "sim/ok") or 0) > 50, "both keys rest with every model"


def test_a_report_can_be_asked_for_after_the_call(sidecar: Sidecar) -> None:
    request = question("status-404+asked", fallback_models=["sim/ok+asked"], request_id="asked-1")
    done = chat(sidecar.chat, request).completed
    kept = ask(sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="asked-1"))
    assert list(kept.response.reports) == [done.report]
    outcome = chat(sidecar.chat, question("status-404+asked-2", request_id="asked-2"))
    kept = ask(sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="asked-2"))
    assert list(kept.response.reports) == [outcome.report]


def test_calls_with_one_request_id_are_several_reports_newest_first_and_at_most_ten(sidecar: Sidecar) -> None:
    for number in range(12):
        chat(sidecar.chat, question(f"ok+number-{number}", request_id="many"))
    kept = ask(sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="many")).response.reports
    assert [tried(report)[0][0] for report in kept] == [f"sim/ok+number-{number}" for number in range(11, 1, -1)]


def test_an_unknown_request_id_is_not_found_and_none_is_invalid(sidecar: Sidecar) -> None:
    unknown = ask(sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="never-heard-of"))
    assert unknown.code is grpc.StatusCode.NOT_FOUND
    empty = ask(sidecar.health.GetReport, health_pb2.GetReportRequest())
    assert (empty.code, list(empty.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, ["request_id"])


def test_models_are_listed_with_what_is_known_of_them(sidecar: Sidecar) -> None:
    listed = ask(sidecar.chat.ListModels, chat_pb2.ListModelsRequest()).response
    models = {model.reference: model for model in listed.models}
    ok = models["sim/ok"]
    assert (ok.provider, ok.model, ok.context_window) == ("sim", "ok", 1000)
    assert (ok.input_price, ok.output_price) == (2_000_000, 8_000_000)
    assert ok.capabilities_known
    assert {chat_pb2.CAPABILITY_TOOLS, chat_pb2.CAPABILITY_JSON_SCHEMA} <= set(ok.capabilities)
    assert chat_pb2.CAPABILITY_IMAGES not in ok.capabilities
    assert ok.available
    assert not models["sim/unstreamed"].capabilities_known
    assert not models["sim/unstreamed"].HasField("context_window")
    assert models["sim/with-fallback"].chain_length == 2
    aliases = {alias.name: alias for alias in listed.aliases}
    assert list(aliases["smart"].targets) == ["sim/ok", "spare/ok"]
    assert (aliases["smart"].chain_length, aliases["smart"].isolated, aliases["alone"].isolated) == (2, False, True)
    assert listed.default_model == "sim/ok"


def test_models_of_one_provider_and_of_an_unknown_one(sidecar: Sidecar) -> None:
    listed = ask(sidecar.chat.ListModels, chat_pb2.ListModelsRequest(provider="sim")).response
    assert {model.provider for model in listed.models} == {"sim"}
    assert ask(sidecar.chat.ListModels, chat_pb2.ListModelsRequest(provider="spare")).response.models == []
    unknown = ask(sidecar.chat.ListModels, chat_pb2.ListModelsRequest(provider="nobody"))
    assert unknown.code is grpc.StatusCode.NOT_FOUND
    assert "sim" in unknown.message


def test_a_model_that_rests_is_listed_as_not_available(start: Start) -> None:
    sidecar = start("aliases: {resting: {targets: [sim/status-401]}, other: {targets: [sim/ok]}}")

    def available() -> list[bool]:
        listed = ask(sidecar.chat.ListModels, chat_pb2.ListModelsRequest()).response
        return [alias.available for alias in listed.aliases]

    assert available() == [True, True]
    chat(sidecar.chat, question("resting", policy=ONCE))
    assert available() == [False, False]  # the key rests, and both need it
