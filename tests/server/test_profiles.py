"""Which key a provider sees, as callers of a real sidecar make it: turns, affinity, limits before sending, quotas shown."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from sidecar.pb import health_pb2, policy_pb2, report_pb2
from sidecar.simulator import fingerprint

from .conversation import question
from .outcome import chat
from .process import Sidecar
from .provider import Provider

KEYS = {f"KEY_{number}": f"key-number-{number}-0123456789" for number in (1, 2, 3)}
BOOKED_S = 0.05
"""How long after its last byte the simulator may write down the end of an answer."""
NUMBERS = {fingerprint(key): name[-1] for name, key in KEYS.items()}


def started(tmp_path: Path, provider: Provider, strategy: str, *limits: str) -> Sidecar:
    """A sidecar whose provider `sim` has three keys; `limits`: more settings of each profile."""
    profiles = "\n".join(
        f"      - {{name: k{number}, api_key: env:KEY_{number}{more}}}"
        for number, more in zip((1, 2, 3), (*(f", {limit}" for limit in limits), "", "", ""), strict=False)
    )
    config = (
        f'listen: {{grpc: ["127.0.0.1:0"]}}\nproviders:\n  sim:\n    protocol: openai\n    base_url: {provider.url}\n'
        f"    strategy: {strategy}\n    profiles:\n{profiles}\n"
    )
    return Sidecar(tmp_path / "sidecar", config, **KEYS)


def model() -> str:
    """A model that nobody else asks for."""
    return f"ok+{uuid.uuid4().hex[:8]}"


def asked(provider: Provider, name: str) -> str:
    """The numbers of the keys that the provider saw, in order."""
    return "".join(NUMBERS[entry.key] for entry in provider.entries(name))


def test_round_robin_sends_each_key_in_turn(tmp_path: Path, provider: Provider) -> None:
    name = model()
    with started(tmp_path, provider, "round_robin") as sidecar:
        for _ in range(6):
            assert chat(sidecar.chat, question(f"sim/{name}")).code is grpc.StatusCode.OK
    assert asked(provider, name) == "123123"


def test_weights_decide_how_often_a_key_is_sent(tmp_path: Path, provider: Provider) -> None:
    name = model()
    with started(tmp_path, provider, "weighted", "weight: 1000", "weight: 0.001", "enabled: false") as sidecar:
        for _ in range(20):
            chat(sidecar.chat, question(f"sim/{name}"))
    assert Counter(asked(provider, name)) == {"1": 20}


def test_an_affinity_key_always_sends_the_same_key(tmp_path: Path, provider: Provider) -> None:
    name = model()
    with started(tmp_path, provider, "round_robin") as sidecar:
        for conversation in range(8):
            for _ in range(3):
                chat(sidecar.chat, question(f"sim/{name}", affinity_key=f"conversation {conversation}"))
    seen = asked(provider, name)
    assert [seen[place : place + 3] for place in range(0, 24, 3)] == [seen[place] * 3 for place in range(0, 24, 3)]
    assert len(set(seen)) > 1


def test_a_key_at_its_limit_is_passed_over_and_when_all_are_the_error_says_when_one_returns(
    tmp_path: Path, provider: Provider
) -> None:
    name = model()
    with started(tmp_path, provider, "sequential", "rpm: 2", "rpm: 1", "enabled: false") as sidecar:
        for _ in range(3):
            assert chat(sidecar.chat, question(f"sim/{name}")).code is grpc.StatusCode.OK
        refused = chat(sidecar.chat, question(f"sim/{name}"))
        (health,) = sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)
    assert asked(provider, name) == "112"
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "ALL_UNAVAILABLE")
    assert refused.retry_s is not None
    assert 50.0 < refused.retry_s <= 60.0
    (skipped,) = refused.report.skipped
    assert skipped.cause == report_pb2.SKIP_CAUSE_RATE_BUDGET
    assert not any(profile.HasField("cooldown_end_time") for profile in health.profiles)


def test_a_call_waits_for_a_slot_and_no_more_than_allowed_run_at_once(tmp_path: Path, provider: Provider) -> None:
    name = model()
    provider.when(name, words=10, tokens_per_s=40)
    off = ("enabled: false", "enabled: false")
    with started(tmp_path, provider, "sequential", "max_concurrency: 2", *off) as sidecar:
        stub = sidecar.chat
        with ThreadPoolExecutor(6) as callers:
            ends = list(callers.map(lambda _: chat(stub, question(f"sim/{name}")).code, range(6)))
    assert ends == [grpc.StatusCode.OK] * 6
    assert asked(provider, name) == "1" * 6
    times = [(entry.received_s, provider.ended(name).end_s and entry.end_s) for entry in provider.entries(name)]
    for arrived, _ in times:
        running = [1 for began, end in times if end is not None and began <= arrived < end - BOOKED_S]
        assert len(running) <= 2


@pytest.mark.parametrize("status", [200, 500])
def test_what_the_provider_says_is_left_decides_and_is_shown(tmp_path: Path, provider: Provider, status: int) -> None:
    name = model()
    for number, left in ((1, 7), (2, 90), (3, 40)):
        told = {
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": "10m",
            "x-ratelimit-remaining-tokens": str(left * 100_000),
            "x-ratelimit-reset-tokens": "10m",
        }
        failing = {"status": status} if number == 1 and status != 200 else {}
        provider.when(name, key=KEYS[f"KEY_{number}"], headers=told, **failing)
    policy = policy_pb2.Policy(max_attempts=1)
    with started(tmp_path, provider, "headroom") as sidecar:
        for _ in range(5):
            chat(sidecar.chat, question(f"sim/{name}", policy=policy))
        (health,) = sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)
    assert asked(provider, name) == "123" + "22"
    shown = {(p.profile, p.model): (p.remaining_requests, p.remaining_tokens) for p in health.profiles}
    assert shown[("k1", name)] == shown[("k1", "")] == (7, 700_000)
    assert shown[("k2", name)] == (90, 9_000_000)
