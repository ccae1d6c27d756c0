"""Watching Health at a real sidecar: a snapshot, each change with its cause, and an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2 as standard_pb2

from sidecar.pb import health_pb2, policy_pb2

from .conftest import Start
from .conversation import question
from .outcome import ask, chat
from .process import Sidecar
from .provider import Provider

ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)
CLOSED, OPEN, HALF_OPEN = (
    health_pb2.BREAKER_STATE_CLOSED,
    health_pb2.BREAKER_STATE_OPEN,
    health_pb2.BREAKER_STATE_HALF_OPEN,
)
SHORT = "policy: {breaker: {open_s: 0.5, jitter: 0}}"
WATCH = health_pb2.HealthRequest(watch=True)


def watch(sidecar: Sidecar, timeout_s: float = 20) -> Iterator[health_pb2.HealthResponse]:
    """A watcher that has seen the snapshot."""
    changes: Iterator[health_pb2.HealthResponse] = sidecar.health.Health(WATCH, timeout=timeout_s)
    first = next(changes)
    assert first.snapshot
    assert first.cause == ""
    return changes


def fail(sidecar: Sidecar, model: str, times: int = 3) -> None:
    for _ in range(times):
        chat(sidecar.chat, question(model, policy=ONCE))


def until(changes: Iterator[health_pb2.HealthResponse], cause: str) -> health_pb2.HealthResponse:
    """The next change whose cause begins so."""
    return next(change for change in changes if change.cause.startswith(cause))


def test_a_breaker_is_told_from_its_opening_to_its_closing(start: Start, provider: Provider) -> None:
    sidecar = start(SHORT)
    provider.when("recovers", status=500)
    changes = watch(sidecar)
    fail(sidecar, "recovers")
    opened = next(changes)
    assert opened.cause == "3 failures in a row: SERVER_ERROR; open for 0.5 s"
    (entry,) = opened.entries
    assert (entry.entry, entry.state, entry.openings, list(opened.profiles)) == ("sim/recovers", OPEN, 1, [])
    assert not opened.snapshot
    elapsed = next(changes)
    assert (elapsed.cause, elapsed.entries[0].state) == ("its open time is over: the next attempt probes", HALF_OPEN)
    assert not elapsed.entries[0].HasField("next_attempt_time")
    provider.when("recovers", text="back again")
    assert chat(sidecar.chat, question("recovers")).text == "back again"
    assert until(changes, "a probe is out").entries[0].HasField("next_attempt_time")
    closed = next(changes)
    assert (closed.cause, closed.entries[0].state) == ("the probe answered", CLOSED)


def test_a_cooldown_is_told_when_it_begins_and_when_it_ends(start: Start) -> None:
    sidecar = start()
    changes = watch(sidecar)
    fail(sidecar, "retry-after-1", 1)
    begun = next(changes)
    (profile,) = begun.profiles
    assert (profile.provider, profile.profile, profile.model) == ("sim", "main", "retry-after-1")
    assert begun.cause.startswith("RATE_LIMITED: cooling for")
    assert profile.HasField("cooldown_end_time")
    (entry,) = begun.entries
    assert (entry.entry, entry.next_attempt_time) == ("sim/retry-after-1", profile.cooldown_end_time)
    ended = next(changes)
    assert (ended.cause, ended.profiles[0].model) == ("its cooldown is over", "retry-after-1")
    assert not ended.profiles[0].HasField("cooldown_end_time")
    assert not ended.entries[0].HasField("next_attempt_time")
    assert ended.observed_time.ToNanoseconds() >= profile.cooldown_end_time.ToNanoseconds() - 2_000_000


def test_many_watchers_hear_the_same_and_one_that_leaves_takes_nobody_along(start: Start) -> None:
    sidecar = start()
    watchers = [watch(sidecar) for _ in range(20)]
    leaves: Any = watchers.pop()
    leaves.cancel()
    fail(sidecar, "status-500+many")
    told = [next(changes) for changes in watchers]
    assert len({change.cause for change in told}) == 1
    assert {change.entries[0].entry for change in told} == {"sim/status-500+many"}


def test_a_watcher_that_does_not_read_loses_nothing_that_still_holds(start: Start) -> None:
    sidecar = start()
    changes = watch(sidecar)
    for number in range(30):
        fail(sidecar, f"status-500+slow-{number}")
    seen: dict[str, int] = {}
    while len(seen) < 30:
        seen |= {entry.entry: entry.state for entry in next(changes).entries}
    assert set(seen.values()) == {OPEN}


def test_a_watch_ends_with_the_deadline_its_caller_set(sidecar: Sidecar) -> None:
    with pytest.raises(grpc.RpcError) as error:
        list(watch(sidecar, 0.5))
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED  # type: ignore[attr-defined]


def test_a_watch_goes_on_while_the_sidecar_drains_and_ends_with_it(start: Start, provider: Provider) -> None:
    provider.when("lasting", text="one two three four five six", tokens_per_s=4)
    sidecar = start()
    changes: Any = watch(sidecar)
    call = sidecar.chat.Chat(question("lasting"), timeout=20)
    next(call)
    sidecar.terminate()
    while sidecar.standard.Check(standard_pb2.HealthCheckRequest()).status == standard_pb2.HealthCheckResponse.SERVING:
        time.sleep(0.01)  # another process's state: there is no event to await
    ask(sidecar.health.ResetHealth, health_pb2.ResetHealthRequest(all=True))
    assert next(changes).cause == "everything was reset by an operator"
    assert sum(event.HasField("text_delta") for event in call) > 2
    with pytest.raises(grpc.RpcError):
        list(changes)
    assert changes.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    assert sidecar.wait() == 0


def test_a_watcher_needs_the_token_as_every_caller_does(start: Start) -> None:
    sidecar = start(listen='{grpc: ["127.0.0.1:0"], token: "env:TOKEN"}')
    call = sidecar.health.Health(WATCH, timeout=5)
    with pytest.raises(grpc.RpcError):
        next(call)
    assert call.code() is grpc.StatusCode.UNAUTHENTICATED
    allowed = sidecar.health.Health(WATCH, timeout=5, metadata=(("authorization", "Bearer a-token"),))
    assert next(allowed).snapshot
