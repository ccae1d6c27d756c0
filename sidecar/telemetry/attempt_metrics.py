"""What is counted for upstream calls, by provider and model, vendor and outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.reasons import Reason
from ..core.report import Attempt, AttemptKind
from ..core.usage import Usage
from . import names
from .vendor import vendor

IsDeclared = Callable[[str, str], bool]
"""Whether a configuration names this provider's model: only such models are labels."""
ChildOf = Callable[..., Any]
MAX_KEPT = 1024
NANO = 1e-9


class _Target:
    """The children of one (provider, model label, vendor) for one kind of call."""

    def __init__(self, child_of: ChildOf, provider: str, model: str, vendor_name: str, *, embeds: bool) -> None:
        labels = (names.EMBEDDINGS if embeds else names.CHAT, vendor_name, model, provider)
        self.labels = labels
        self.duration = names.EMBED_DURATION if embeds else names.ATTEMPT_DURATION
        self.outcomes: dict[tuple[Reason | None, AttemptKind], tuple[Any, ...]] = {}
        self.first_content = child_of(names.ATTEMPT_FIRST_CONTENT, *labels)
        self.input, self.output, self.cache_read, self.cache_write, self.reasoning = (
            child_of(metric, *labels, "unknown")
            for metric in (names.INPUT, names.OUTPUT, names.CACHE_READ, names.CACHE_WRITE, names.REASONING)
        )
        self.cost = child_of(names.COST_TOTAL, provider, model)


class AttemptMetrics:
    """`is_old`: durations and tokens are told under their former names too."""

    def __init__(self, child_of: ChildOf, is_declared: IsDeclared, *, is_old: bool) -> None:
        self._child_of = child_of
        self._is_declared = is_declared
        self._is_old = is_old
        self._in_flight: dict[tuple[str, str], Any] = {}
        self._targets: dict[tuple[str, str, str, bool], _Target] = {}

    def started(self, provider: str, model: str, number: int = 1) -> None:
        """So many more are under way."""
        self._under_way(provider, model).inc(number)

    def ended(self, attempt: Attempt) -> None:
        """One less, and what became of it."""
        entry = attempt.target.entry
        self._under_way(entry.provider, entry.model).dec()
        target = self._target(entry.provider, entry.model, attempt.protocol, attempt.embeds)
        for child, value in self._outcome(target, attempt):
            child(value)
        if attempt.first_content_s is not None and attempt.is_streamed:
            target.first_content.observe(attempt.first_content_s)
        if attempt.usage is not None:
            self._tokens(target, attempt.usage)
        if attempt.cost:
            target.cost.inc(attempt.cost * NANO)

    def forget(self) -> None:
        """Looks up anew which models are declared. What is under way keeps its label, so that it is taken off again."""
        self._targets.clear()

    def _outcome(self, target: _Target, attempt: Attempt) -> tuple[tuple[Any, float], ...]:
        key = (attempt.reason, attempt.kind)
        found = target.outcomes.get(key)
        if found is None:
            reason = attempt.reason.value if attempt.reason is not None else ""
            _, _, model, provider = target.labels
            found = (
                self._child_of(names.ATTEMPTS_ENDED, provider, model, reason, attempt.kind.value).inc,
                self._child_of(target.duration, *target.labels, reason).observe,
                self._child_of(names.OLD_DURATION, *target.labels, reason).observe if self._is_old else _ignore,
            )
            target.outcomes[key] = found
        count, observe, observe_old = found
        return (count, 1.0), (observe, attempt.duration_s), (observe_old, attempt.duration_s)

    def _tokens(self, target: _Target, usage: Usage) -> None:
        target.input.inc(usage.input_tokens)
        target.output.inc(usage.output_tokens)
        if usage.cached_input_tokens:
            target.cache_read.inc(usage.cached_input_tokens)
        if usage.cache_write_input_tokens:
            target.cache_write.inc(usage.cache_write_input_tokens)
        if usage.reasoning_tokens:
            target.reasoning.inc(usage.reasoning_tokens)
        if self._is_old:
            for kind, number in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                self._child_of(names.OLD_TOKEN_USAGE, *target.labels, kind).observe(number)

    def _under_way(self, provider: str, model: str) -> Any:
        found = self._in_flight.get((provider, model))
        if found is None:
            _bound(self._in_flight)
            label = self._label(provider, model)
            found = self._in_flight[provider, model] = self._child_of(names.ATTEMPTS_IN_FLIGHT, provider, label)
        return found

    def _target(self, provider: str, model: str, protocol: str, embeds: bool) -> _Target:
        key = (provider, model, protocol, embeds)
        found = self._targets.get(key)
        if found is None:
            _bound(self._targets)
            label, vendor_name = self._label(provider, model), vendor(provider, protocol)
            found = _Target(self._child_of, provider, label, vendor_name, embeds=embeds)
            self._targets[key] = found
        return found

    def _label(self, provider: str, model: str) -> str:
        return model if self._is_declared(provider, model) else names.OTHER


def _bound(kept: dict[Any, Any]) -> None:
    if len(kept) >= MAX_KEPT:
        kept.clear()


def _ignore(_: float) -> None:
    """Counts nothing."""
