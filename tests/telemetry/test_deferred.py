"""Observation a moment later: in order, in slices, and complete when somebody looks."""

from __future__ import annotations

import asyncio

from sidecar.core.observation import Change, ChangeKind, Rpc
from sidecar.core.report import Attempt
from sidecar.core.trace import Trace
from sidecar.telemetry.deferred import DELAY_S, MAX_NOTES, SLICE, Deferred
from tests.engine.virtual import run

CHAT = Rpc("s", "Chat", "OK", None, "r", Trace("a" * 32, "b" * 16), 0.0, 0.0)


class Heard:
    """An observer that remembers what it was told, and when it was told that nothing more follows."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        self.told.append(f"{method} {number}")

    def rpc_ended(self, rpc: Rpc) -> None:
        self.told.append(f"{rpc.method} ended")

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        self.told.append(f"{provider}/{model} {number}")

    def attempt_ended(self, attempt: Attempt) -> None:
        raise AssertionError

    def changed(self, change: Change) -> None:
        self.told.append(change.cause)

    def settled(self) -> None:
        self.told.append(".")


def test_what_is_noted_is_told_a_moment_later_beginnings_in_sums_and_first() -> None:
    heard = Heard()

    async def scenario() -> None:
        deferred = Deferred(heard)
        deferred.rpc_started("s", "Chat")
        deferred.rpc_ended(CHAT)
        deferred.rpc_started("s", "Chat")
        deferred.attempt_started("p", "m")
        assert heard.told == []
        await _after(DELAY_S)
        assert heard.told == ["Chat 2", "p/m 1", "Chat ended", "."]
        deferred.rpc_started("s", "Complete")
        await _after(DELAY_S)

    run(scenario())
    assert heard.told == ["Chat 2", "p/m 1", "Chat ended", ".", "Complete 1", "."]


def test_a_change_is_told_at_once() -> None:
    heard = Heard()

    async def scenario() -> None:
        Deferred(heard).changed(Change(ChangeKind.OPENED, "opened"))

    run(scenario())
    assert heard.told == ["opened"]


def test_much_is_told_in_slices_between_which_the_loop_has_its_turn() -> None:
    heard = Heard()

    async def scenario() -> None:
        deferred = Deferred(heard)
        for _ in range(2 * SLICE + 1):
            deferred.rpc_ended(CHAT)
        await _after(DELAY_S)

    run(scenario())
    assert [len(piece) for piece in "".join(told[0] for told in heard.told).split(".")] == [SLICE, SLICE, 1, 0]


def test_who_looks_sees_everything_noted_so_far() -> None:
    heard = Heard()

    async def scenario() -> None:
        deferred = Deferred(heard)
        deferred.rpc_started("s", "Chat")
        deferred.rpc_ended(CHAT)
        deferred.settle()
        assert heard.told == ["Chat 1", "Chat ended", "."]

    run(scenario())


def test_what_waits_is_bounded() -> None:
    heard = Heard()

    async def scenario() -> None:
        deferred = Deferred(heard)
        for _ in range(MAX_NOTES):
            deferred.rpc_ended(CHAT)
        assert len(heard.told) == MAX_NOTES + 1

    run(scenario())


async def _after(duration_s: float) -> None:
    await asyncio.sleep(duration_s * 1.01)
    for _ in range(5):
        await asyncio.sleep(0)
