"""Another configuration under calls that go on: they keep what they began with, and health keeps what it knows."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from sidecar.core.catalog import Alias, Catalog, Credential, Model, Profile, Provider, Target
from sidecar.core.errors import CallError
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.timing import Timing
from sidecar.transport.credential import Vault
from sidecar.transport.double import Play, Wait

from .rig import DONE, Rig, ask, chunk, error, good, hear, provider, text
from .virtual import run

SLOW = Play((*text("one"), Wait(5.0), *text(" two"), chunk({}, "stop"), DONE))


def adopt(rig: Rig, *providers: Provider, limit: int = 1000, breaker: BreakerSettings | None = None) -> None:
    """Replaces the configuration by one of these providers."""
    catalog = Catalog({p.name: p for p in providers}, {"smart": Alias("smart", (f"{providers[0].name}/m",))})
    services = replace(rig.engine.services, vault=Vault(catalog, lambda credential: credential.source))
    rig.engine.adopt(catalog, services, limit, 256 * 1024 * 1024, breaker or BreakerSettings())


def keys(rig: Rig) -> list[str]:
    return sorted(f"{key[0]}/{key[2]}" for key, _ in rig.engine.services.health.entries())


async def fail_thrice(rig: Rig, model: str) -> None:
    for _ in range(3):
        await hear(rig, ask(model))


def is_open(rig: Rig, target: Target) -> bool:
    return rig.engine.services.health.unavailable(target, rig.engine.services.clock.now()) is not None


def test_a_call_under_way_ends_with_the_provider_it_began_with() -> None:
    rig = Rig({"a/m": [SLOW]}, (provider("a"),))

    async def scenario() -> str:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            said = "".join(getattr(event, "text", "") for event in await call.__anext__())
            adopt(rig, provider("b"))
            with pytest.raises(CallError) as refused:
                rig.engine.call(ask("a/m"), None, buffered=False)
            assert refused.value.reason is Reason.UNKNOWN_MODEL
            async for batch in call:
                said += "".join(getattr(event, "text", "") for event in batch)
        return said

    assert "one two" in run(scenario())


def test_a_call_under_way_sends_the_key_it_began_with_and_new_calls_the_new_one() -> None:
    rig = Rig({"a/m/k1": [error(500), good()], "a/m/k9": [good()]}, (provider("a"),))
    renewed = replace(provider("a"), profiles=(Profile("k1", Credential("literal", "key-a-k9")),))

    async def scenario() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            adopt(rig, renewed)
            async for _ in call:
                pass
        await hear(rig)

    run(scenario())
    assert rig.asked == ["a/m/k1", "a/m/k1", "a/m/k9"]


def test_breakers_and_cooldowns_of_what_is_unchanged_are_kept() -> None:
    models = (Model("m"), Model("gone"))
    rig = Rig({"a/m": [error(500)], "a/other": [error(429, retry_after="50")]}, (provider("a", models=models),))

    async def scenario() -> None:
        await fail_thrice(rig, "a/m")
        await hear(rig, ask("a/other"))
        m, other = rig.target("a/m"), rig.target("a/other")
        adopt(rig, provider("a", models=(Model("m"), Model("new"))), provider("b"))
        assert is_open(rig, m)
        assert is_open(rig, other)
        (state,) = [state for key, state in rig.engine.services.health.entries() if key[2] == "m"]
        assert (state.breaker.openings, state.failures > 0) == (1, True)

    run(scenario())
    assert keys(rig) == ["a/m", "a/new", "a/other"]


def test_a_replaced_key_or_base_url_starts_clean() -> None:
    rig = Rig({"a/m": [error(401)]}, (provider("a"),))

    async def scenario() -> None:
        await hear(rig, ask("a/m"))
        assert is_open(rig, rig.target("a/m"))
        adopt(rig, replace(provider("a"), profiles=(Profile("k1", Credential("literal", "another")),)))
        assert not is_open(rig, rig.target("a/m"))
        adopt(rig, provider("a"))
        assert not is_open(rig, rig.target("a/m"))  # it was forgotten: nothing used it any more

    run(scenario())


def test_what_a_running_call_uses_is_forgotten_only_when_it_has_ended() -> None:
    rig = Rig({"a/m": [SLOW]}, (provider("a", models=(Model("m"),)),))

    async def scenario() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            await call.__anext__()
            adopt(rig, provider("b", models=(Model("m"),)))
            adopt(rig, provider("c", models=(Model("m"),)))
            assert keys(rig) == ["a/m", "c/m"]
            async for _ in call:
                pass
        assert keys(rig) == ["c/m"]

    run(scenario())


def test_a_ticket_of_what_has_gone_is_harmless() -> None:
    rig = Rig({"a/m": [Play((), before_headers_s=3.0, status=500)]}, (provider("a", models=(Model("m"),)),))

    async def scenario() -> None:
        call = rig.engine.call(ask(), None, buffered=False)
        adopt(rig, provider("b"))
        async with call:
            with pytest.raises(CallError):
                async for _ in call:
                    pass
        assert rig.engine.services.health.open_tickets == 0

    run(scenario())
    assert keys(rig) == ["b/m"]  # the new configuration's alias names it


def test_new_numbers_hold_for_what_is_known_already() -> None:
    rig = Rig({"a/m": [error(500)]}, (provider("a", models=(Model("m"),)),))

    async def scenario() -> list[int]:
        await hear(rig, ask("a/m"))
        counts = [len(rig.asked)]
        adopt(rig, provider("a", models=(Model("m"),)), breaker=BreakerSettings(failures_in_a_row=50, few_attempts=100))
        for _ in range(4):
            await hear(rig, ask("a/m"))
            counts.append(len(rig.asked))
        return counts

    counts = run(scenario())
    assert all(later > earlier for earlier, later in itertools.pairwise(counts))


def test_fewer_calls_at_once_bind_new_calls_only() -> None:
    rig = Rig({"a/m": [SLOW, SLOW, good()]}, (provider("a"),))

    async def scenario() -> None:
        async with rig.engine.call(ask(), None, buffered=False), rig.engine.call(ask(), None, buffered=False):
            adopt(rig, provider("a"), limit=1)
            with pytest.raises(CallError) as busy:
                rig.engine.call(ask(), None, buffered=False)
            assert busy.value.reason is Reason.BUSY
        assert (await hear(rig)).error is None

    run(scenario())


def test_new_clocks_hold_for_new_calls_only() -> None:
    late = Play((*text("late"), chunk({}, "stop"), DONE), before_headers_s=8.0)
    rig = Rig({"a/m": [late]}, (provider("a"),), policy=Policy(on_slow=OnSlow.FAILOVER))

    async def scenario() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            services = replace(rig.engine.services, timing=Timing(first_content_base_s=1.0))
            rig.engine.adopt(rig.engine.catalog, services, 1000, 2**28, BreakerSettings())
            assert any([batch async for batch in call])
        heard = await hear(rig)
        assert heard.reasons == ["TIMEOUT"]

    run(scenario())
