"""ResetHealth at a real sidecar: what was parked is asked again, and a wrong name is told with the right ones."""

from __future__ import annotations

import time

import grpc
import pytest

from sidecar.pb import health_pb2, policy_pb2

from .conftest import Start
from .conversation import question
from .outcome import ask, chat
from .process import Sidecar
from .provider import Provider
from .test_health import snapshot
from .test_health_watch import watch

ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)
Request = health_pb2.ResetHealthRequest


def park(sidecar: Sidecar, model: str, times: int = 3) -> None:
    for _ in range(times):
        chat(sidecar.chat, question(model, policy=ONCE))


def is_parked(sidecar: Sidecar, model: str) -> bool:
    return bool(chat(sidecar.chat, question(model, policy=ONCE), timeout_s=2).reason == "ALL_UNAVAILABLE")


def test_a_reset_entry_is_asked_again_and_its_totals_stay(start: Start) -> None:
    sidecar = start()
    park(sidecar, "status-500+parked")
    park(sidecar, "status-500+stays")
    assert is_parked(sidecar, "status-500+parked")
    changes = watch(sidecar)
    done = ask(sidecar.health.ResetHealth, Request(entry="sim/status-500+parked"))
    assert (list(done.response.entries), list(done.response.profiles)) == (["sim/status-500+parked"], [])
    told = next(changes)
    assert (told.cause, [entry.entry for entry in told.entries]) == ("reset by an operator", ["sim/status-500+parked"])
    (entry,) = told.entries
    assert (entry.state, entry.failures, entry.openings, entry.consecutive_failures) == (1, 3, 1, 0)
    assert not entry.HasField("next_attempt_time")
    assert (entry.reason, entry.last_error) == (0, "")
    assert not is_parked(sidecar, "status-500+parked")
    assert is_parked(sidecar, "status-500+stays")


def test_a_reset_profile_is_asked_again_with_every_model(start: Start) -> None:
    sidecar = start()
    park(sidecar, "retry-after-200", 1)
    park(sidecar, "status-401", 1)
    done = ask(sidecar.health.ResetHealth, Request(profile="sim/main"))
    assert list(done.response.profiles) == ["sim/main"]
    assert not any(profile.HasField("cooldown_end_time") for profile in snapshot(sidecar).profiles)
    assert chat(sidecar.chat, question("ok")).text
    assert not is_parked(sidecar, "retry-after-200")


def test_a_reset_of_everything_says_what_that_was(start: Start) -> None:
    sidecar = start()
    park(sidecar, "status-500+one")
    park(sidecar, "status-401", 1)
    done = ask(sidecar.health.ResetHealth, Request(all=True)).response
    assert set(done.entries) == {"sim/status-500+one", "sim/status-401"}
    assert list(done.profiles) == ["sim/main"]
    assert chat(sidecar.chat, question("ok")).text


def test_a_probe_under_way_during_a_reset_answers_its_caller_and_opens_nothing(
    start: Start, provider: Provider
) -> None:
    sidecar = start("policy: {breaker: {open_s: 0.2, jitter: 0}}")
    park(sidecar, "status-500+probed")
    provider.when("status-500+probed", text="here again", first_token_s=0.5)
    time.sleep(0.25)  # another process's clock: the open time ends
    probe = sidecar.chat.Chat(question("status-500+probed"), timeout=10)
    provider.wait_for("status-500+probed", lambda entry: entry.outcome is None)
    ask(sidecar.health.ResetHealth, Request(all=True))
    assert "".join(event.text_delta.text for event in probe) == "here again"
    (entry,) = snapshot(sidecar).entries
    assert (entry.state, entry.successes, entry.openings) == (1, 1, 1)


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        (Request(entry="sim/okk"), "sim/ok"),
        (Request(entry="nobody/nothing"), ""),
        (Request(profile="sim/mian"), "sim/main"),
        (Request(entry="sim"), "there is no state of the entry 'sim'"),
    ],
)
def test_a_name_nothing_has_is_not_found_with_the_closest(sidecar: Sidecar, request_: Request, hint: str) -> None:
    outcome = ask(sidecar.health.ResetHealth, request_)
    assert outcome.code is grpc.StatusCode.NOT_FOUND
    assert hint in outcome.message


@pytest.mark.parametrize(
    ("request_", "field"),
    [(Request(), "scope"), (Request(all=False), "all"), (Request(entry=""), "entry"), (Request(profile=""), "profile")],
)
def test_a_reset_of_nothing_is_invalid(sidecar: Sidecar, request_: Request, field: str) -> None:
    outcome = ask(sidecar.health.ResetHealth, request_)
    assert (outcome.code, list(outcome.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


def test_a_reset_needs_the_token(start: Start) -> None:
    sidecar = start(listen='{grpc: ["127.0.0.1:0"], token: "env:TOKEN"}')
    assert ask(sidecar.health.ResetHealth, Request(all=True)).code is grpc.StatusCode.UNAUTHENTICATED
