"""Which provider does what when: drawn once from a seed, so that a run can be had again."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PROVIDERS = ("a", "b", "c", "d")
"""`d` speaks Anthropic's format, the others OpenAI's."""
GATED = ("a", "c")
"""Behind a gate, so that their port can close."""
KEYS = {"a": 1, "b": 2, "c": 1, "d": 2}
"""Keys of each provider."""
WORDS = 8


class Mood(StrEnum):
    """What a provider does for a while."""

    HEALTHY = "healthy"
    DOWN = "503"
    LIMITED = "429"
    REFUSED = "refused"
    SILENT = "silent"
    CUT = "cut"
    STALLED = "stalled"
    MALFORMED = "malformed"
    EVENT = "error event"
    RESET = "reset"
    STALE = "stale"
    KEY = "one key 401"


ACTIONS: dict[Mood, dict[str, Any]] = {
    Mood.DOWN: {"status": 503},
    Mood.LIMITED: {"status": 429, "retry_after": 1},
    Mood.SILENT: {"silence": True},
    Mood.CUT: {"cut_at": 3},
    Mood.STALLED: {"stall_at": 3},
    Mood.MALFORMED: {"malformed_at": 3},
    Mood.EVENT: {"error_event_at": 3},
    Mood.RESET: {"reset": True},
    Mood.STALE: {"stale": True},
    Mood.KEY: {"status": 401},
}
"""What the simulator does in each; healthy needs nothing, refused is the gate's."""
WEIGHTS = {mood: 5 if mood is Mood.HEALTHY else 1 for mood in Mood}


@dataclass(frozen=True, slots=True)
class Turn:
    """A provider's mood between two instants, in seconds since flapping began."""

    provider: str
    mood: Mood
    after_s: float
    until_s: float


def key(provider: str, number: int) -> str:
    """A key of a provider, from 1."""
    return f"sk-flap-{provider}-{number}-0123456789"


def turns(seconds: float, period_s: float, seed: int) -> list[Turn]:
    """Moods of about `period_s` for every provider, until `seconds`. The first turns have every mood that fits once."""
    generator = random.Random(seed)
    first = {"a": Mood.REFUSED, "b": Mood.KEY, "c": Mood.CUT, "d": Mood.DOWN}
    found = []
    for provider in PROVIDERS:
        at, mood = 0.0, first[provider]
        while at < seconds:
            until = min(seconds, at + period_s * generator.uniform(0.5, 1.5))
            found.append(Turn(provider, mood, at, until))
            at, mood = until, _next(provider, mood, generator)
    return found


def _next(provider: str, mood: Mood, generator: random.Random) -> Mood:
    """Another mood than this one that the provider can have."""
    impossible = {mood}
    if provider not in GATED:
        impossible.add(Mood.REFUSED)
    if KEYS[provider] < 2:
        impossible.add(Mood.KEY)
    able = [other for other in Mood if other not in impossible]
    return generator.choices(able, [WEIGHTS[other] for other in able])[0]


def script(planned: list[Turn], tokens_per_s: float) -> str:
    """The simulator's script: every provider has a listener."""
    rules = [
        {
            "name": turn.mood.value,
            "match": {"listener": turn.provider} | ({"key": key(turn.provider, 2)} if turn.mood is Mood.KEY else {}),
            "after_s": turn.after_s,
            "until_s": turn.until_s,
            "action": ACTIONS[turn.mood],
        }
        for turn in planned
        if turn.mood in ACTIONS
    ]
    pace = {"first_token_s": 0.05, "tokens_per_s": tokens_per_s, "words": WORDS}
    return json.dumps({"listeners": dict.fromkeys(PROVIDERS, "open"), "defaults": pace, "rules": rules})
