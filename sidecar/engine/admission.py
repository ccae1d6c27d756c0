"""One call's view of its targets: in which order to ask them, whether one may be asked, and leave to ask it."""

from __future__ import annotations

from ..core.catalog import Strategy, Target
from ..core.chain import Link
from ..core.content import Request
from ..core.leg import Unavailable
from ..core.limit import expected_tokens
from ..core.report import AttemptKind
from ..core.routing import by_affinity, drawn, least, rotated
from ..core.step import Start
from .limiter import Reservation
from .services import Services
from .state import Ticket

TURNS = frozenset({Strategy.ROUND_ROBIN, Strategy.LEAST_BUSY, Strategy.HEADROOM})
"""The strategies that take turns, at least where profiles are equal."""


class Admission:
    """Of one call. What it asks is shared by all of them: health, limits, and whose turn it is at each provider."""

    def __init__(self, services: Services, request: Request) -> None:
        self._services = services
        self._health = services.health
        self._limiter = services.limiter
        self._affinity_key = request.affinity_key
        self._tokens = expected_tokens(request)

    def arranged(self, link: Link, now: float) -> tuple[Target, ...]:
        """The targets of an entry in the order to ask them now."""
        targets, provider = link.targets, link.provider
        if len(targets) < 2:
            return targets
        if self._affinity_key:
            return by_affinity(targets, self._affinity_key)
        match provider.strategy:
            case Strategy.SEQUENTIAL:
                return targets
            case Strategy.RANDOM:
                return drawn(targets, {}, self._services.rand)
            case Strategy.WEIGHTED:
                weights = {profile.name: profile.weight for profile in provider.profiles}
                return drawn(targets, weights, self._services.rand)
        turns = rotated(targets, self._services.turns.get(provider.name))
        if provider.strategy is Strategy.LEAST_BUSY:
            return least(turns, self._limiter.under_way)
        if provider.strategy is Strategy.HEADROOM:
            return least(turns, lambda target: -self._calls_left(target, now))
        return turns

    def _calls_left(self, target: Target, now: float) -> float:
        quota = self._limiter.quotas(target.key_id).get(target.entry.model)
        return float("inf") if quota is None else quota.calls_left(self._tokens, now)

    def unavailable(self, target: Target, now: float) -> Unavailable | None:
        """Why not now, for its health or its limits, the longer of both; None if it may be called."""
        sick = self._health.unavailable(target, now)
        full = self._limiter.unavailable(target, self._tokens, now)
        if sick is None or full is None:
            return sick or full
        return full if full.until > sick.until else sick

    def is_closed(self, target: Target, now: float) -> bool:
        """Whether its breaker is closed."""
        return self._health.is_closed(target, now)

    def may_probe_early(self, target: Target, now: float) -> bool:
        """Whether it may be asked before its time: its limits allow it, and only its breaker or our own ladder do not."""
        if self._limiter.unavailable(target, self._tokens, now) is not None:
            return False
        return self._health.may_probe_early(target, now)

    def acquire(self, start: Start, call: int, now: float) -> Ticket | Unavailable:
        """Leave for one attempt. What its limits hold is taken by `reserve`, to be called at once."""
        full = self._limiter.unavailable(start.target, self._tokens, now)
        return full or self._health.acquire(start.target, call, now, short=start.short, early=start.early)

    def reserve(self, start: Start, now: float) -> Reservation:
        """The attempt starts: it counts, and the next turn is the next profile's."""
        provider = start.link.provider
        took_turn = start.kind is not AttemptKind.RETRY and len(start.link.targets) > 1 and not self._affinity_key
        if took_turn and provider.strategy in TURNS:
            self._services.turns[provider.name] = start.target.profile
        return self._limiter.reserve(start.target, self._tokens, now)
