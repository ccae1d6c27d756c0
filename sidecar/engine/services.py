"""What the calls of one configuration share. Built in `composition`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field

from ..core.backoff import Rand
from ..core.budget import Budget, hedge_budget
from ..core.continuation import DEFAULT_INSTRUCTION
from ..core.deadline import DeadlineSettings
from ..core.lessons import Lessons
from ..core.observation import Observer, Unobserved
from ..core.pace import Paces
from ..core.redaction import Redactor
from ..core.timing import Timing
from ..core.tuning import Tuning
from ..core.value import value_type
from ..providers.codec import Codec
from ..transport.credential import Vault
from ..transport.interface import Transport
from .clock import Clock
from .identifier import new_span_id
from .limiter import Limiter
from .reports import ReportStore
from .state import HealthState


@value_type
class Services:
    """`max_pending_bytes`: what may wait for a slow caller, a stream. `tasks`: every upstream task under way.

    `new_span_id`: 16 fresh hexadecimal digits. `propagates`: whether providers are sent the call's `traceparent`.
    `turns`: by provider, the profile that had the last turn. `stated_limit_s`: longer stated waits are cut to it.
    `resume_instruction`: what asks a model to go on with an answer that broke off.
    """

    codecs: Mapping[str, Codec]
    transport: Transport
    vault: Vault
    health: HealthState
    retries: Budget
    reports: ReportStore
    redactor: Redactor
    clock: Clock
    rand: Rand
    timing: Timing
    max_pending_bytes: int
    tasks: set[asyncio.Task[None]]
    observer: Observer = field(default_factory=Unobserved)
    new_span_id: Callable[[], str] = new_span_id
    propagates: bool = False
    limiter: Limiter = field(default_factory=Limiter)
    turns: dict[str, str] = field(default_factory=dict)
    tuning: Tuning = field(default_factory=Tuning)
    deadline: DeadlineSettings = field(default_factory=DeadlineSettings)
    stated_limit_s: float = 86_400.0
    lessons: Lessons = field(default_factory=Lessons)
    hedges: Budget = field(default_factory=hedge_budget)
    resume_instruction: str = DEFAULT_INSTRUCTION
    paces: Paces = field(default_factory=Paces)
