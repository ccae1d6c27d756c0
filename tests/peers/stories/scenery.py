"""What the stories are played in: endpoints, what aimock answers at each, and the sidecar's configuration of them.

Every story has providers, models and keys of its own on each wire, so that what happens to one touches no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .aimock import Json

WIRES = ("openai", "anthropic")
NORTH_SAYS = "A remora holds on to sharks with the disc on its head, and lets them carry it “far” out — für immer 🦈."
SOUTH_SAYS = "When its host tires, the remora lets go and holds on to the next one that comes by."
WEATHER = {"city": "Nørrebro", "days": [1, 2], "unit": "°C"}
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "array", "items": {"type": "integer"}},
            "unit": {"type": "string"},
        },
        "required": ["city"],
    },
}
FISH = {"name": "Remora remora", "length_cm": 86, "hosts": ["sharks", "rays"]}
FISH_CALL = {"id": "call_fish", "name": "fish", "arguments": FISH}
FISH_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "length_cm": {"type": "integer"},
        "hosts": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "length_cm", "hosts"],
    "additionalProperties": False,
}


def says(text: str, **more: Any) -> Json:
    """An answer of text; `more`: how aimock gives it."""
    return {"response": {"content": text}, **more}


def fails(status: int, kind: str, message: str, retry_after_s: int | None = None) -> Json:
    """An error answer; with 429 aimock states a wait of 1 s unless told otherwise."""
    wait = {} if retry_after_s is None else {"retryAfter": retry_after_s}
    return {"response": {"error": {"message": message, "type": kind}, "status": status, **wait}}


def first(answer: Json) -> Json:
    """The same, for the endpoint's first request only."""
    return when(answer, sequenceIndex=0)


def when(answer: Json, **match: Any) -> Json:
    """The same, only where this matches too."""
    return {**answer, "match": {**answer.get("match", {}), **match}}


LIMITED = fails(429, "rate_limit_error", "Rate limit reached.", retry_after_s=1)
FAR_LIMITED = fails(429, "rate_limit_error", "Rate limit reached.", retry_after_s=30)
FAILING = fails(500, "api_error", "Internal server error.")
OVERLOADED = fails(503, "overloaded_error", "Overloaded.")
CALL = {"id": "call_weather_1", "name": "get_weather", "arguments": WEATHER}
CALLS = {"response": {"toolCalls": [CALL]}}
CALLS_TWICE = {"response": {"content": "Let me look.", "toolCalls": [CALL, {**CALL, "id": "call_weather_2"}]}}
THOUGHT = "The city comes first, then the days."
SIGNATURE = "c2lnbmVkIGJ5IG5vYm9keSBoZXJl"
THINKS_AND_CALLS = {"response": {"reasoning": THOUGHT, "reasoningSignature": SIGNATURE, "toolCalls": [CALL]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A provider with one model. answers: the first whose match fits answers. keys: its profiles, in order."""

    name: str
    answers: tuple[Json, ...] = (says(NORTH_SAYS),)
    keys: tuple[str, ...] = ("main",)
    refused_keys: frozenset[str] = frozenset()
    is_dead: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)


def north(*answers: Json, **more: Any) -> Endpoint:
    """The endpoint that is asked first."""
    return Endpoint(name="north", **({"answers": answers} if answers else {}), **more)


SOUTH = Endpoint(name="south", answers=(says(SOUTH_SAYS),))
STORIES: dict[str, tuple[Endpoint, ...]] = {
    "healthy": (north(),),
    "rotation": (north(first(LIMITED), says(NORTH_SAYS), keys=("main", "spare")),),
    "retry-after": (north(first(LIMITED), says(NORTH_SAYS)),),
    "long-limit": (north(FAR_LIMITED), SOUTH),
    "failing": (north(FAILING), SOUTH),
    "overloaded": (north(OVERLOADED), SOUTH),
    "refused": (north(is_dead=True), SOUTH),
    "invalid-key": (north(keys=("old", "new"), refused_keys=frozenset({"old"})),),
    "silence": (
        north(
            says(NORTH_SAYS, streamingProfile={"ttft": 3000}), policy={"first_content_s": 0.4, "on_slow": "failover"}
        ),
        SOUTH,
    ),
    "no-protocol": (north(says(NORTH_SAYS, chaos={"malformedRate": 1})), SOUTH),
    "hangs-up": (north(says(NORTH_SAYS, chaos={"disconnectRate": 1})), SOUTH),
    "cut-before": (north(says(NORTH_SAYS, truncateAfterChunks=2)), SOUTH),
    "cut-after": (north(says(NORTH_SAYS, truncateAfterChunks=6)), SOUTH),
    "complete": (north(says(NORTH_SAYS, truncateAfterChunks=6)), SOUTH),
    "all-down": (north(FAILING), Endpoint(name="south", answers=(FAR_LIMITED,))),
    "breaker": (north(OVERLOADED), SOUTH),
    "bad-request": (north(fails(400, "invalid_request_error", "messages: at least one message is required.")), SOUTH),
    "tools": (
        north(when(CALLS, toolName="get_weather", hasToolResult=False), when(says(NORTH_SAYS), hasToolResult=True)),
    ),
    "several-tools": (north(when(CALLS_TWICE, hasToolResult=False), when(says(NORTH_SAYS), hasToolResult=True)),),
    "mixed": (
        north(when(CALLS, turnIndex=0), when(says(NORTH_SAYS), turnIndex=1), when(says(SOUTH_SAYS), turnIndex=2)),
    ),
    "thinking": (
        north(
            when(THINKS_AND_CALLS, turnIndex=0),
            when(says(NORTH_SAYS), turnIndex=1),
            when(says(SOUTH_SAYS), turnIndex=2),
        ),
    ),
    "schema": (north(when({"response": {"toolCalls": [FISH_CALL]}}, toolName="fish"), says(json.dumps(FISH))),),
    "length": (north({"response": {"content": SOUTH_SAYS, "finishReason": "length"}}),),
    "usage": (north({"response": {"content": SOUTH_SAYS, "usage": {"prompt_tokens": 21, "completion_tokens": 17}}}),),
}


def everywhere() -> Iterator[tuple[str, str, Endpoint]]:
    """Each endpoint of each story, on each wire."""
    for wire in WIRES:
        for story, endpoints in STORIES.items():
            yield from ((wire, story, endpoint) for endpoint in endpoints)


def provider(wire: str, story: str, name: str) -> str:
    """An endpoint's name in the configuration."""
    return f"{story}.{name}.{wire}"


def model(wire: str, story: str, name: str) -> str:
    """An endpoint's model, which only it has."""
    return f"{story}-{name}-{wire}"


def alias(wire: str, story: str) -> str:
    """The story's chain."""
    return f"{story}.{wire}"


def fixtures() -> list[Json]:
    """All that aimock answers."""
    return [
        {**answer, "match": {"model": model(wire, story, endpoint.name), **answer.get("match", {})}}
        for wire, story, endpoint in everywhere()
        for answer in endpoint.answers
    ]


def variables() -> dict[str, str]:
    """The environment variables that hold the keys."""
    return {_variable(*place, key): _key(*place, key) for place, key in _keys()}


def accepted_keys() -> list[str]:
    """The keys that aimock takes."""
    return [_key(*place, key) for place, key in _keys() if key not in place[2].refused_keys]


def configuration(base_urls: Mapping[str, str], dead_url: str) -> Json:
    """The sidecar's configuration. `base_urls`: aimock's, by wire; `dead_url`: where every connection is refused."""
    providers = {
        provider(wire, story, endpoint.name): {
            "protocol": wire,
            "base_url": dead_url if endpoint.is_dead else base_urls[wire],
            "profiles": [
                {"name": key, "api_key": f"env:{_variable(wire, story, endpoint, key)}"} for key in endpoint.keys
            ],
            "policy": dict(endpoint.policy),
        }
        for wire, story, endpoint in everywhere()
    }
    return {
        "listen": {"grpc": ["127.0.0.1:0"]},
        "providers": providers,
        "aliases": {alias(wire, story): {"targets": _targets(wire, story)} for wire in WIRES for story in STORIES},
        "policy": {
            "on_slow": "failover",
            "on_stream_break": "fail",
            "last_resort": False,
            "retry_budget": {"capacity": 1000},
        },
    }


def _targets(wire: str, story: str) -> list[str]:
    names = [endpoint.name for endpoint in STORIES[story]]
    return [f"{provider(wire, story, name)}/{model(wire, story, name)}" for name in names]


def _keys() -> Iterator[tuple[tuple[str, str, Endpoint], str]]:
    for place in everywhere():
        yield from ((place, key) for key in place[2].keys)


def _key(wire: str, story: str, endpoint: Endpoint, key: str) -> str:
    return f"key-of-{provider(wire, story, endpoint.name)}-{key}"


def _variable(wire: str, story: str, endpoint: Endpoint, key: str) -> str:
    return f"PEER_{story}_{endpoint.name}_{wire}_{key}".upper().replace("-", "_")
