"""The `policy` sections: the switches that may stand at every level, and the numbers that stand globally only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ..core import policy as core
from ..core.deadline import DeadlineSettings
from ..core.evidence import BreakerSettings
from ..core.reasons import Again, Reason, Then
from ..core.timing import Timing
from ..core.tuning import CooldownSettings, RetrySettings
from . import settings
from .section import (
    Amount,
    Bytes,
    Capacity,
    Count,
    CountOrZero,
    Name,
    Ratio,
    RatioOrZero,
    Seconds,
    SecondsOrZero,
    Section,
    Text,
    Tokens,
)

_BREAKER = BreakerSettings()
_COOLDOWN = CooldownSettings()
_RETRY = RetrySettings()
_DEADLINE = DeadlineSettings()
_CLOCK = Timing()
_LIMITS = settings.Limits()


def _not_buffer(value: core.OnStreamBreak) -> core.OnStreamBreak:
    if value is core.OnStreamBreak.BUFFER:
        raise PydanticCustomError("buffer_then", "must not be buffer again")
    return value


class Switches(Section):
    """The fields of core's Policy, less `pin`, which is for requests only. Left out: the layer below decides."""

    profile: Name | None = None
    only_providers: list[Name] | None = None
    never_providers: list[Name] | None = None
    on_slow: Annotated[core.OnSlow, Field(strict=False)] | None = None
    first_content_s: Seconds | None = None
    first_content_limit_s: Seconds | None = None
    idle_s: Seconds | None = None
    on_stream_break: Annotated[core.OnStreamBreak, Field(strict=False)] | None = None
    buffer_tokens: Tokens | None = None
    buffer_s: Seconds | None = None
    buffer_then: Annotated[core.OnStreamBreak, Field(strict=False), AfterValidator(_not_buffer)] | None = None
    infer_tool_end: bool | None = None
    on_context_overflow: Annotated[core.OnContextOverflow, Field(strict=False)] | None = None
    on_content_filtered: Annotated[core.OnContentFiltered, Field(strict=False)] | None = None
    prompt_guided_tools: Annotated[core.PromptGuidedTools, Field(strict=False)] | None = None
    last_resort: bool | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    max_wait_s: SecondsOrZero | None = None


class Breaker(Section):
    """See core's BreakerSettings; the rest of those follows from the clocks."""

    few_attempts: Count = _BREAKER.few_attempts
    failures_in_a_row: Count = _BREAKER.failures_in_a_row
    failed_share: Ratio = _BREAKER.failed_share
    open_s: Seconds = _BREAKER.open_s
    open_max_s: Seconds = _BREAKER.open_max_s
    flat_openings: Count = _BREAKER.flat_openings
    jitter: RatioOrZero = _BREAKER.jitter
    row_ends_after_s: Seconds = _BREAKER.row_ends_after_s
    proven_after_s: SecondsOrZero = _BREAKER.proven_after_s


class Cooldown(Section):
    """See core's CooldownSettings."""

    credential_s: Seconds = _COOLDOWN.credential_s
    credential_limit_s: Seconds = _COOLDOWN.credential_limit_s
    credential_limit_step: Count = _COOLDOWN.credential_limit_step
    billing_s: Seconds = _COOLDOWN.billing_s
    billing_limit_s: Seconds = _COOLDOWN.billing_limit_s
    rate_s: Seconds = _COOLDOWN.rate_s
    rate_limit_s: Seconds = _COOLDOWN.rate_limit_s
    stated_limit_s: Seconds = _COOLDOWN.stated_limit_s
    decay_s: Seconds = _COOLDOWN.decay_s
    trial_from_s: Seconds = _COOLDOWN.trial_from_s


class Retry(Section):
    """See core's RetrySettings."""

    same_target: CountOrZero = _RETRY.same_target
    same_target_last: CountOrZero = _RETRY.same_target_last
    backoff_s: Seconds = _RETRY.backoff_s
    backoff_limit_s: Seconds = _RETRY.backoff_limit_s
    short_wait_s: SecondsOrZero = _RETRY.short_wait_s
    attempts_per_entry: Count = _RETRY.attempts_per_entry
    attempts_per_entry_credential: Count = _RETRY.attempts_per_entry_credential
    attempts_reserved: CountOrZero = _RETRY.attempts_reserved
    max_waits: CountOrZero = _RETRY.max_waits
    wait_spread_s: SecondsOrZero = _RETRY.wait_spread_s
    last_resort_interval_s: Seconds = _RETRY.last_resort_interval_s


class RetryBudget(Section):
    """Same-target retries draw 1 each."""

    capacity: Capacity = 10.0
    per_request: Amount = 0.2
    per_s: Amount = 0.2


class HedgeBudget(Section):
    """Hedges draw 1 each."""

    capacity: Capacity = 3.0
    per_request: Amount = 0.05
    per_s: Amount = 1 / 60


class Deadline(Section):
    """See core's DeadlineSettings."""

    margin_s: SecondsOrZero = _DEADLINE.margin_s
    margin_ratio: RatioOrZero = _DEADLINE.margin_ratio
    no_deadline_first_content_s: Seconds = _DEADLINE.no_deadline_first_content_s
    no_deadline_total_s: Seconds = _DEADLINE.no_deadline_total_s
    min_attempt_s: SecondsOrZero = _DEADLINE.min_attempt_s
    split_entries: CountOrZero = _DEADLINE.split_entries
    split_blame_s: SecondsOrZero = _DEADLINE.split_blame_s


class Clock(Section):
    """See Timing."""

    connect_s: Seconds = _CLOCK.connect_s
    first_content_base_s: Seconds = _CLOCK.first_content_base_s
    first_content_tokens_per_s: Tokens = _CLOCK.first_content_tokens_per_s
    first_content_thinking_s: Seconds = _CLOCK.first_content_thinking_s
    idle_content_s: Seconds = _CLOCK.idle_content_s
    idle_tool_s: Seconds = _CLOCK.idle_tool_s
    adaptive: bool = _CLOCK.adaptive
    adaptive_least_s: Seconds = _CLOCK.adaptive_least_s
    adaptive_after: Count = _CLOCK.adaptive_after


AGAIN = {"no": Again.NO, "once": Again.ONCE, "backoff": Again.BACKOFF, "if_last": Again.IF_LAST}
THEN = {"profile": Then.PROFILE, "endpoint": Then.OTHER_ENDPOINT, "entry": Then.ENTRY, "stop": Then.STOP}


def _unquoted(value: object) -> object:
    """YAML takes a bare `no` for false."""
    return "no" if value is False else value


class Disposition(Section):
    """What an operator wants done about a reason instead of the table's row."""

    again: Annotated[Literal["no", "once", "backoff", "if_last"], BeforeValidator(_unquoted)] | None = None
    then: Literal["profile", "endpoint", "entry", "stop"] | None = None


class GlobalPolicy(Switches):
    """Defaults of every switch, and the numbers that no request can change."""

    max_concurrent_requests: Annotated[int, Field(ge=1, le=100_000)] = _LIMITS.max_concurrent_requests
    max_bytes_in_flight: Bytes = _LIMITS.max_bytes_in_flight
    stream_queue_bytes: Bytes = _LIMITS.stream_queue_bytes
    drain_delay_s: SecondsOrZero = _LIMITS.drain_delay_s
    drain_timeout_s: SecondsOrZero = _LIMITS.drain_timeout_s
    warm_up_s: SecondsOrZero = _LIMITS.warm_up_s
    resume_instruction: Text | None = None
    breaker: Breaker = Breaker()
    cooldown: Cooldown = Cooldown()
    retry: Retry = Retry()
    retry_budget: RetryBudget = RetryBudget()
    hedge_budget: HedgeBudget = HedgeBudget()
    deadline: Deadline = Deadline()
    clock: Clock = Clock()
    dispositions: dict[Annotated[Reason, Field(strict=False)], Disposition] = Field(default_factory=dict)
