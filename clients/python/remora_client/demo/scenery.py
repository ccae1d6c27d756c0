"""What a story is played in: endpoints with keys, and how each misbehaves, as configuration and simulator script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .journal import Names, fingerprint

NORTH_SAYS = (
    "A remora is a fish that holds on to sharks and turtles with the flat disc on its head "
    "and lets them carry it through the sea."
)
SOUTH_SAYS = (
    "When its host tires, the remora lets go, swims a few strokes of its own, "
    "and holds on to the next one that comes by."
)
_PACE = {"first_token_s": 0.02, "tokens_per_s": 45}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a key's requests meet instead of an answer: an action of the simulator, so many times (None: always)."""

    action: Mapping[str, Any]
    times: int | None = None
    key: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A provider with one model. keys: its profiles, in order; refused_keys: those the provider does not accept.

    listener: where in the simulator it lives. says: its whole answer.
    """

    name: str
    says: str
    model: str = "large"
    keys: tuple[str, ...] = ("main",)
    refused_keys: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()
    listener: str = "http"
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenery:
    """The endpoints of one story, in the order of its chain. `story` is also the alias that is asked for."""

    story: str
    endpoints: tuple[Endpoint, ...]

    def provider(self, endpoint: Endpoint) -> str:
        """The endpoint's name in the configuration."""
        return f"{self.story}.{endpoint.name}"

    def place(self, provider: str) -> str:
        """The endpoint's name in the story, from its name in the configuration."""
        return provider.removeprefix(f"{self.story}.")

    def key(self, endpoint: Endpoint, profile: str) -> str:
        """The key itself; every story has its own, so that what happens to one does not touch another."""
        return f"sk-demo-{self.story}-{endpoint.name}-{profile}"


def configuration(sceneries: Iterable[Scenery], addresses: Mapping[str, str]) -> dict[str, Any]:
    """The sidecar's configuration; `addresses` are the simulator's listeners, as host:port."""
    providers, aliases = {}, {}
    for scenery in sceneries:
        for endpoint in scenery.endpoints:
            providers[scenery.provider(endpoint)] = _provider(scenery, endpoint, addresses)
        targets = [f"{scenery.provider(endpoint)}/{endpoint.model}" for endpoint in scenery.endpoints]
        aliases[scenery.story] = {"targets": targets}
    # What a target does while it is slow, or rests, must be certain, so that it can be judged.
    policy = {"on_slow": "failover", "last_resort": False}
    return {"listen": {"grpc": ["127.0.0.1:0"]}, "providers": providers, "aliases": aliases, "policy": policy}


def script(sceneries: Sequence[Scenery]) -> dict[str, Any]:
    """The simulator's script."""
    every = [(scenery, endpoint) for scenery in sceneries for endpoint in scenery.endpoints]
    accepted = [scenery.key(e, k) for scenery, e in every for k in e.keys if k not in e.refused_keys]
    rules = [rule for scenery, endpoint in every for rule in _rules(scenery, endpoint)]
    return {"listeners": {"dead": "refused"}, "keys": accepted, "rules": rules}


def variables(sceneries: Iterable[Scenery]) -> dict[str, str]:
    """The environment variables that hold the keys."""
    return {_variable(s, e, k): s.key(e, k) for s in sceneries for e in s.endpoints for k in e.keys}


def names(sceneries: Iterable[Scenery]) -> Names:
    """Whose key is whose."""
    return {
        fingerprint(s.key(e, k)): (s.story, f"{e.name} {k}") for s in sceneries for e in s.endpoints for k in e.keys
    }


def _provider(scenery: Scenery, endpoint: Endpoint, addresses: Mapping[str, str]) -> dict[str, Any]:
    profiles = [{"name": k, "api_key": f"env:{_variable(scenery, endpoint, k)}"} for k in endpoint.keys]
    return {
        "protocol": "openai",
        "base_url": f"http://{addresses[endpoint.listener]}/v1",
        "profiles": profiles,
        "policy": dict(endpoint.policy),
    }


def _rules(scenery: Scenery, endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    answer = {"text": endpoint.says, **_PACE}
    for fault in endpoint.faults:
        times = {} if fault.times is None else {"times": fault.times}
        yield {"match": {"key": scenery.key(endpoint, fault.key)}, "action": {**answer, **fault.action}, **times}
    for key in endpoint.keys:
        if key not in endpoint.refused_keys:
            yield {"match": {"key": scenery.key(endpoint, key)}, "action": answer}


def _variable(scenery: Scenery, endpoint: Endpoint, key: str) -> str:
    return f"DEMO_{scenery.story}_{endpoint.name}_{key}_KEY".upper().replace("-", "_")
