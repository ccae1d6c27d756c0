"""A watcher of health in virtual time: each change with its cause, what time alone does, and nothing piling up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.reasons import Reason
from sidecar.engine.state import HealthState
from sidecar.engine.watching import ANEW, CONFIGURED, MAX_NOTICES, MAX_PENDING, Credential, ProfileKey, Update, Watcher

from ..core.build import target, verdict
from .known import EU, ONE, TWO, fail, health, ticket
from .virtual import VirtualClock, run

ENTRY = ("p", "https://p.test/v1", "m")
CREDENTIALS = [Credential("p", asked.profile, asked.key_id) for asked in (ONE, TWO, EU)]
WHOLE = Update(is_whole=True)

Scene = Callable[["Stage"], Awaitable[None]]


class Stage:
    """A state and one watcher of it, who hears as fast as can be. Instants are seconds since the beginning."""

    def __init__(self) -> None:
        self.state = health()
        self.credentials = list(CREDENTIALS)
        self.watcher = Watcher(self.state, lambda: self.credentials, VirtualClock())
        self.heard: list[tuple[float, Update]] = []
        self.looks = 0
        self._began = asyncio.get_running_loop().time()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def listen(self) -> None:
        while updates := await self.watcher.next():
            self.looks += 1
            self.heard += [(round(self.now - self._began, 2), update) for update in updates]

    async def until(self, at: float) -> None:
        await asyncio.sleep(self._began + at - self.now)

    def fail(self, told: Any, asked: Any = ONE, request: int = 1) -> None:
        fail(self.state, asked, told, self.now, request)

    def open(self) -> None:
        for request in range(3):
            self.fail(Reason.SERVER_ERROR, request=request)


def played(scene: Scene) -> list[tuple[float, Update]]:
    """What a watcher hears of a scene, after the first snapshot."""

    async def play() -> list[tuple[float, Update]]:
        stage = Stage()
        listening = asyncio.create_task(stage.listen())
        await asyncio.sleep(0.0)
        await scene(stage)
        await asyncio.sleep(0.01)
        stage.watcher.close()
        await listening
        assert stage.heard[0] == (0.0, WHOLE)
        return stage.heard[1:]

    return run(play())


def told(heard: list[tuple[float, Update]]) -> list[tuple[float, str]]:
    return [(at, update.cause) for at, update in heard]


def test_an_opening_is_told_at_once_and_the_end_of_its_time_when_it_comes() -> None:
    async def scene(stage: Stage) -> None:
        await stage.until(1.0)
        stage.open()
        await stage.until(100.0)

    assert played(scene) == [
        (1.0, Update("3 failures in a row: SERVER_ERROR; open for 20 s", (ENTRY,))),
        (21.0, Update("its open time is over: the next attempt probes", (ENTRY,))),
    ]


def test_a_probe_is_told_all_its_way() -> None:
    async def scene(stage: Stage) -> None:
        stage.open()
        await stage.until(25.0)
        probe = ticket(stage.state, ONE, stage.now)
        await stage.until(26.0)
        stage.state.finished(probe, stage.now)

    assert told(played(scene))[2:] == [(25.0, "a probe is out"), (26.0, "the probe answered")]


def test_a_probe_that_never_reports_is_told_when_its_lease_ends() -> None:
    async def scene(stage: Stage) -> None:
        stage.open()
        await stage.until(25.0)
        ticket(stage.state, ONE, stage.now)
        await stage.until(100.0)

    assert told(played(scene))[2:] == [
        (25.0, "a probe is out"),
        (95.0, "its probe has not reported in time: the next attempt probes"),
    ]


@pytest.mark.parametrize(
    ("reason", "key", "length_s"),
    [
        (Reason.AUTHENTICATION, ProfileKey("p", "one"), 60.0),
        (Reason.RATE_LIMITED, ProfileKey("p", "one", "m"), 5.0),
        (Reason.MODEL_NOT_FOUND, ENTRY, 60.0),
    ],
)
def test_a_cooldown_is_told_when_it_begins_and_when_it_ends(reason: Reason, key: Any, length_s: float) -> None:
    async def scene(stage: Stage) -> None:
        stage.fail(reason)
        await stage.until(200.0)

    begun, ended = played(scene)
    assert (begun[0], begun[1].keys) == (0.0, (key,))
    assert ended == (length_s, Update("its cooldown is over", (key,)))


def test_a_cooldown_that_gets_longer_ends_once_at_its_last_instant() -> None:
    async def scene(stage: Stage) -> None:
        pending = ticket(stage.state, ONE, stage.now)
        stage.fail(Reason.RATE_LIMITED)
        await stage.until(2.0)
        stage.state.failed(pending, verdict(Reason.RATE_LIMITED, 30.0), "", stage.now)
        await stage.until(100.0)

    assert told(played(scene)) == [
        (0.0, "RATE_LIMITED: cooling for 5.0 s"),
        (2.0, "RATE_LIMITED: cooling for 30 s"),
        (32.0, "its cooldown is over"),
    ]


def test_profiles_with_one_secret_change_together() -> None:
    async def scene(stage: Stage) -> None:
        stage.credentials.append(Credential("p", "twin", ONE.key_id))
        stage.fail(Reason.AUTHENTICATION)

    ((_, update),) = played(scene)
    assert set(update.keys) == {ProfileKey("p", "one"), ProfileKey("p", "twin")}


def test_a_watcher_with_nothing_to_tell_sleeps() -> None:
    async def scene(stage: Stage) -> None:
        stage.fail(Reason.AUTHENTICATION)
        await stage.until(86_400.0)
        assert stage.looks == 3

    assert len(played(scene)) == 2


def test_a_model_first_heard_of_is_told_when_it_changes() -> None:
    async def scene(stage: Stage) -> None:
        stage.fail(Reason.MODEL_NOT_FOUND, target(model="new", profile="one"))

    ((_, update),) = played(scene)
    assert update.keys == (("p", "https://p.test/v1", "new"),)


def test_a_reset_is_told_with_all_that_came_free() -> None:
    async def scene(stage: Stage) -> None:
        stage.open()
        pending = ticket(stage.state, EU, stage.now)
        stage.fail(Reason.RATE_LIMITED, EU)
        stage.state.failed(pending, verdict(Reason.AUTHENTICATION), "", stage.now)
        await stage.until(1.0)
        stage.state.reset_profile("p", "eu", EU.key_id)
        await stage.until(2.0)
        stage.state.reset_entry("p", "m", [])
        await stage.until(3.0)
        stage.state.reset_all()

    profile, entry, everything = played(scene)[-3:]
    pair = ProfileKey("p", "eu", "m")
    assert profile == (1.0, Update("reset by an operator", (ProfileKey("p", "eu"), pair)))
    assert entry == (2.0, Update("reset by an operator", (ENTRY, ("p", "https://eu.test", "m"))))
    assert everything == (3.0, Update("everything was reset by an operator"))


def test_a_reset_of_everything_names_what_it_freed() -> None:
    async def scene(stage: Stage) -> None:
        stage.open()
        stage.fail(Reason.AUTHENTICATION, EU)
        await stage.until(1.0)
        stage.state.reset_all()

    assert played(scene)[-1] == (1.0, Update("everything was reset by an operator", (ENTRY, ProfileKey("p", "eu"))))


def test_a_configuration_is_told_with_its_cause_and_everything_anew_where_it_names_others() -> None:
    async def scene(stage: Stage) -> None:
        stage.state.changes.refused("line 3: unknown key")
        await stage.until(1.0)
        stage.state.changes.configured("remora.yaml was applied")
        await stage.until(2.0)
        stage.credentials.pop()
        stage.state.changes.configured("remora.yaml was applied again")

    assert played(scene) == [
        (0.0, Update("line 3: unknown key")),
        (1.0, Update("remora.yaml was applied")),
        (2.0, Update("remora.yaml was applied again")),
        (2.0, Update(CONFIGURED, is_whole=True)),
    ]


async def _pending(scene: Callable[[HealthState, float], None]) -> list[Update]:
    """What waits for a watcher that heard the first snapshot and then stood still."""
    stage = Stage()
    assert await stage.watcher.next() == [WHOLE]
    scene(stage.state, stage.now)
    updates = await stage.watcher.next()
    stage.watcher.close()
    return updates


def test_a_slow_watcher_gets_the_newest_of_each_key_and_not_every_step() -> None:
    def scene(state: HealthState, now: float) -> None:
        for request in range(3):
            fail(state, ONE, Reason.SERVER_ERROR, now, request)
        for step in range(500):
            state.neutral(ticket(state, ONE, now + 20.0 + step), now + 20.0 + step)
        state.finished(ticket(state, ONE, now + 600.0), now + 600.0)
        assert state.entry(ONE).breaker.state(now) is BreakerState.CLOSED

    assert run(_pending(scene)) == [Update("the probe answered", (ENTRY,))]


def test_what_waits_for_a_slow_watcher_is_bounded() -> None:
    def scene(state: HealthState, now: float) -> None:
        for i in range(MAX_PENDING + 100):
            fail(state, target(model=f"x{i}", profile="one"), Reason.MODEL_NOT_FOUND, now)
        for i in range(100):
            state.changes.refused(f"problem {i}")

    updates = run(_pending(scene))
    assert [update.cause for update in updates[:-1]] == [f"problem {i}" for i in range(100 - MAX_NOTICES, 100)]
    assert updates[-1] == Update(ANEW, is_whole=True)


def test_a_closed_watcher_hears_nothing_and_whoever_waits_is_let_go() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.watcher.next()
        waiting = asyncio.create_task(stage.watcher.next())
        await asyncio.sleep(0.0)
        stage.watcher.close()
        stage.open()
        assert await waiting == []
        assert await stage.watcher.next() == []

    run(play())
