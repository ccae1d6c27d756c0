"""The switches of one call, layered: request > alias > model > provider > global > default."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class OnSlow(StrEnum):
    """What to do when the first-content clock runs out."""

    HEDGE = "hedge"
    FAILOVER = "failover"
    WAIT = "wait"


class OnStreamBreak(StrEnum):
    """What to do when a committed attempt breaks."""

    FAIL = "fail"
    RESTART = "restart"
    RESUME = "resume"
    RESUME_OR_RESTART = "resume_or_restart"
    BUFFER = "buffer"


class OnContextOverflow(StrEnum):
    """What to do when the prompt does not fit."""

    FAIL = "fail"
    LARGER_WINDOW = "larger_window"
    TRUNCATE = "truncate"
    LARGER_WINDOW_THEN_TRUNCATE = "larger_window_then_truncate"


class OnContentFiltered(StrEnum):
    """What to do when a provider's safety system refuses."""

    STOP = "stop"
    FAILOVER = "failover"


class PromptGuidedTools(StrEnum):
    """Whether tools may be given as instructions in the prompt where a model has no native ones."""

    ALLOW = "allow"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Policy:
    """One layer: None means that this layer says nothing. Durations in seconds."""

    pin: bool | None = None
    profile: str | None = None
    only_providers: tuple[str, ...] | None = None
    never_providers: tuple[str, ...] | None = None
    on_slow: OnSlow | None = None
    first_content_s: float | None = None
    first_content_limit_s: float | None = None
    idle_s: float | None = None
    on_stream_break: OnStreamBreak | None = None
    buffer_tokens: int | None = None
    buffer_s: float | None = None
    buffer_then: OnStreamBreak | None = None
    infer_tool_end: bool | None = None
    on_context_overflow: OnContextOverflow | None = None
    on_content_filtered: OnContentFiltered | None = None
    prompt_guided_tools: PromptGuidedTools | None = None
    last_resort: bool | None = None
    max_attempts: int | None = None
    max_wait_s: float | None = None

    def over(self, lower: Policy) -> Policy:
        """This layer on top of a lower one: what this one says wins."""
        said: dict[str, Any] = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(lower, **said) if said else lower


DEFAULT_ON_SLOW = OnSlow.HEDGE
DEFAULT_ON_STREAM_BREAK = OnStreamBreak.RESUME
DEFAULT_BUFFER_TOKENS = 64
DEFAULT_BUFFER_S = 1.5
DEFAULT_MAX_ATTEMPTS = 8
DEFAULT_MAX_WAIT_S = 10.0
DEFAULT_FIRST_CONTENT_LIMIT_S = 60.0
DEFAULT_IDLE_S = 15.0
DEFAULT_IDLE_CONTENT_S = 45.0
