"""The switches of one call; what is left out comes from the sidecar's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from ._pb import policy_pb2 as pb
from .duration import duration
from .enumeration import value_number

OnSlow: TypeAlias = Literal["hedge", "failover", "wait"]
OnStreamBreak: TypeAlias = Literal["fail", "restart", "resume", "resume_or_restart", "buffer"]
OnContextOverflow: TypeAlias = Literal["fail", "larger_window", "truncate", "larger_window_then_truncate"]
OnContentFiltered: TypeAlias = Literal["stop", "failover"]
PromptGuidedTools: TypeAlias = Literal["allow", "forbid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The fields of `remora.v1.Policy`, explained there: durations in seconds (`_s`), enum values as lower-case names.

    A caller may tighten the operator's limits, never exceed them. None: the configuration's value.
    """

    pin: bool | None = None
    profile: str | None = None
    only_providers: Sequence[str] = ()
    never_providers: Sequence[str] = ()
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

    def to_message(self) -> pb.Policy:
        """The contract's message; ValueError for an unknown name, or a duration that is negative or not finite."""
        message = pb.Policy()
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                _set(message, field.name, value)
        return message


_DESCRIPTOR = pb.Policy.DESCRIPTOR


def _set(message: pb.Policy, name: str, value: object) -> None:
    if isinstance(value, int | float) and name.endswith("_s"):
        getattr(message, name.removesuffix("_s") + "_duration").CopyFrom(duration(value))
        return
    enum = _DESCRIPTOR.fields_by_name[name].enum_type
    if enum is not None and isinstance(value, str):
        prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
        setattr(message, name, value_number(enum, value, prefix, name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        getattr(message, name).extend(value)
    else:
        setattr(message, name, value)
