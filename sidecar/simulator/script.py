"""A script: the rules that say what happens to which request, and which of them are used up."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .action import Action, description
from .cache import PromptCache
from .fault import action_of
from .pacing import Pace


def fingerprint(key: str) -> str:
    """Return `sha256:` and the first 12 hexadecimal digits of the key's SHA-256: how a journal names a key."""
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:12]


_USUAL_PACE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which requests a rule is for; None matches any. `key` is a fingerprint, `model` may have `*` and `?`."""

    model: str | None = None
    key: str | None = None
    stream: bool | None = None
    listener: str | None = None
    prompt: str | None = None
    """Text that the last user message contains."""

    def fits(self, asked: Asked) -> bool:
        """Return whether the request is one of these."""
        return (
            (self.model is None or fnmatchcase(asked.model, self.model))
            and (self.key is None or asked.key == self.key)
            and (self.stream is None or asked.stream == self.stream)
            and (self.listener is None or asked.listener == self.listener)
            and (self.prompt is None or self.prompt in asked.prompt)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: applies to its `nth` match only, or to the first `times`, between two instants of the script."""

    name: str
    match: Match = Match()
    nth: int | None = None
    times: int | None = None
    after_s: float = 0.0
    until_s: float | None = None
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a simulator does. Without rules, models behave as their names say."""

    rules: tuple[Rule, ...] = ()
    listeners: dict[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ("simulator", "ok")
    keys: tuple[str, ...] | None = None
    """Fingerprints of the keys it takes; None takes any, or none."""
    rpm: int | None = None
    """Requests per key and minute before 429; None is without limit."""
    pace: Pace = _USUAL_PACE
    words: int = 20
    """Length of an answer that no action sets."""
    journal_bodies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as rules look at it."""

    model: str
    key: str | None
    stream: bool
    listener: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a request, the rule that says so (None: the model's name), and the same in words."""

    action: Action
    rule: str | None
    applied: str


@dataclass(frozen=True, slots=True)
class Quota:
    """A key's rate limit: requests a minute, those left of them, and seconds until all are back."""

    rpm: int
    left: int
    reset_s: float


class Playbook:
    """A running script: counts which rules have been used, and requests per key. Times are seconds since its start."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.cache = PromptCache()
        self._matched: Counter[int] = Counter()
        self._applied: Counter[int] = Counter()
        self._recent: dict[str | None, deque[float]] = {}

    def decide(self, asked: Asked, elapsed_s: float) -> Decision:
        """Return what happens to this request, and count it: keys, then the rate limit, then rules in order."""
        if self.script.keys is not None and asked.key not in self.script.keys:
            return Decision(Action(status=401), "keys", "status=401")
        wait_s = self._over_rate_s(asked.key, elapsed_s)
        if wait_s is not None:
            action = Action(status=429, retry_after=str(max(1, round(wait_s))))
            return Decision(action, "rate_limit", description(action))
        for place, rule in enumerate(self.script.rules):
            if rule.match.fits(asked) and self._is_due(place, rule, elapsed_s):
                return Decision(rule.action, rule.name, description(rule.action))
        action = action_of(asked.model)
        return Decision(action, None, description(action))

    def quota_of(self, key: str | None, elapsed_s: float) -> Quota | None:
        """Return where a key stands with the rate limit; None without a limit."""
        if self.script.rpm is None:
            return None
        recent = self._recent.get(key, ())
        reset_s = max(0.0, recent[-1] + 60 - elapsed_s) if recent else 0.0
        return Quota(self.script.rpm, max(0, self.script.rpm - len(recent)), reset_s)

    def pace_of(self, action: Action) -> Pace:
        """Return the pace of an action: its own values, the script's where it has none."""
        usual = self.script.pace
        has_speed = action.first_token_s is not None or action.tokens_per_s is not None
        return Pace(
            usual.first_token_s if action.first_token_s is None else action.first_token_s,
            usual.tokens_per_s if action.tokens_per_s is None else action.tokens_per_s,
            (usual.burst and not has_speed) if action.burst is None else action.burst,
        )

    def _is_due(self, place: int, rule: Rule, elapsed_s: float) -> bool:
        if elapsed_s < rule.after_s or (rule.until_s is not None and elapsed_s >= rule.until_s):
            return False
        self._matched[place] += 1
        if rule.nth is not None and self._matched[place] != rule.nth:
            return False
        if rule.times is not None and self._applied[place] >= rule.times:
            return False
        self._applied[place] += 1
        return True

    def _over_rate_s(self, key: str | None, elapsed_s: float) -> float | None:
        if self.script.rpm is None:
            return None
        recent = self._recent.setdefault(key, deque())
        while recent and recent[0] <= elapsed_s - 60:
            recent.popleft()
        if len(recent) >= self.script.rpm:
            return recent[0] + 60 - elapsed_s
        recent.append(elapsed_s)
        return None


def default_script() -> Script:
    """Return the script of a simulator that has none: models behave as their names say, others answer."""
    return Script()
