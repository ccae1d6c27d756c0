"""What a request would meet now: its chain as the engine builds it, and of each target whether it may be called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .core.catalog import Catalog, Target
from .core.chain import Link, TargetsOf, build_chain
from .core.content import Request
from .core.policy import (
    DEFAULT_IDLE_S,
    DEFAULT_MAX_ATTEMPTS,
    DEFAULT_MAX_WAIT_S,
    DEFAULT_ON_SLOW,
    DEFAULT_ON_STREAM_BREAK,
    OnContentFiltered,
    OnContextOverflow,
    OnSlow,
)
from .core.timing import Timing
from .engine.limits import first_content_s


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a target may not be called now. `until`: when it may be, None where that is not known."""

    message: str
    until: datetime | None


class Known(Protocol):
    """What is known of the health of targets."""

    def hindrance(self, target: Target) -> Hindrance | None:
        """The one that lasts longest; None if the target may be called."""
        ...


class AllHealthy:
    """Nothing is known, so nothing is in the way."""

    def hindrance(self, target: Target) -> Hindrance | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """One target of an entry, in the order they would be asked."""

    target: Target
    hindrance: Hindrance | None


@dataclass(frozen=True, slots=True)
class Step:
    """One entry that may answer. `policy`: the switches and limits in force for it."""

    entry: str
    choices: tuple[Choice, ...]
    policy: dict[str, Any]

    @property
    def is_callable(self) -> bool:
        """Whether some target may be called now."""
        return any(choice.hindrance is None for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Passed:
    """One entry that the request cannot use, with why."""

    entry: str
    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`asked`: what the request named, "" for the default; `requested`: what that comes to."""

    asked: str
    requested: str
    steps: tuple[Step, ...]
    passed: tuple[Passed, ...]

    @property
    def first(self) -> Target | None:
        """What would be asked first; None if nothing may be called now."""
        free = (choice.target for step in self.steps for choice in step.choices if choice.hindrance is None)
        return next(free, None)


def explain(request: Request, catalog: Catalog, targets_of: TargetsOf, timing: Timing, known: Known) -> Explanation:
    """The chain of a request and how it stands. Raises CallError as the engine would."""
    chain = build_chain(request, catalog, targets_of)
    steps = tuple(
        Step(
            str(link.entry),
            tuple(Choice(target, known.hindrance(target)) for target in link.targets),
            in_force(link, request, timing),
        )
        for link in chain.links
    )
    passed = tuple(Passed(str(skip.entry), skip.cause.value, skip.message) for skip in chain.skipped)
    return Explanation(request.model, chain.requested, steps, passed)


def in_force(link: Link, request: Request, timing: Timing) -> dict[str, Any]:
    """The switches and limits of an entry for this request, defaults filled in; boundaries only where there are any."""
    policy = link.policy
    waits = policy.on_slow is OnSlow.WAIT or not link.model.streaming
    thinks = link.model.thinks_silently
    rules: dict[str, Any] = {
        "on_slow": (policy.on_slow or DEFAULT_ON_SLOW).value,
        "first_content_s": round(first_content_s(policy, request, timing, thinks=thinks)[waits], 3),
        "idle_s": policy.idle_s or DEFAULT_IDLE_S,
        "on_stream_break": (policy.on_stream_break or DEFAULT_ON_STREAM_BREAK).value,
        "prefill": link.prefill.value,
        "on_context_overflow": (policy.on_context_overflow or OnContextOverflow.LARGER_WINDOW).value,
        "on_content_filtered": (policy.on_content_filtered or OnContentFiltered.STOP).value,
        "last_resort": policy.last_resort is not False,
        "max_attempts": policy.max_attempts or DEFAULT_MAX_ATTEMPTS,
        "max_wait_s": DEFAULT_MAX_WAIT_S if policy.max_wait_s is None else policy.max_wait_s,
    }
    limits: Iterable[tuple[str, Any]] = (
        ("pin", policy.pin),
        ("profile", policy.profile),
        ("only_providers", policy.only_providers),
        ("never_providers", policy.never_providers),
    )
    return rules | {name: list(value) if isinstance(value, tuple) else value for name, value in limits if value}
