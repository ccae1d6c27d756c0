"""The switches of one call; what is left out comes from the sidecar's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from google.protobuf.duration_pb2 import Duration

from ._pb import policy_pb2 as pb
from .duration import duration
from .enumeration import value_number
from .fields import new_message, texts

OnSlow: TypeAlias = Literal["hedge", "failover", "wait"]
OnStreamBreak: TypeAlias = Literal["fail", "restart", "resume", "resume_or_restart", "buffer"]
OnContextOverflow: TypeAlias = Literal["fail", "larger_window", "truncate", "larger_window_then_truncate"]
OnContentFiltered: TypeAlias = Literal["stop", "failover"]
PromptGuidedTools: TypeAlias = Literal["allow", "forbid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The fields of `remora.v1.Policy`, explained in `proto/remora/v1/policy.proto`.

    Durations are in seconds (`_s`), enum values lower-case names, such as `Policy(on_stream_break="restart")`.

    A caller may tighten the operator's limits, never exceed them. None: the configuration's value.
    """

    pin: bool | None = None
    profile: str | None = None
    only_providers: str | Sequence[str] = ()
    never_providers: str | Sequence[str] = ()
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
        """The contract's message; TypeError or ValueError, naming the field, for a value that cannot be."""
        message = pb.Policy()
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                _set(message, field.name, value)
        return message


def policy_message(policy: object) -> pb.Policy:
    """The message of a policy that a caller gave; TypeError for anything else."""
    if not isinstance(policy, Policy):
        raise TypeError(f"policy must be a Policy, such as Policy(max_attempts=3), not {type(policy).__name__}")
    return policy.to_message()


_DESCRIPTOR = pb.Policy.DESCRIPTOR
_LISTS = frozenset(["only_providers", "never_providers"])


def _set(message: pb.Policy, name: str, value: Any) -> None:
    if name in _LISTS:
        getattr(message, name).extend(texts(value, name))
        return
    if name.endswith("_s"):
        getattr(message, name.removesuffix("_s") + "_duration").CopyFrom(_duration(value, name))
        return
    enum = _DESCRIPTOR.fields_by_name[name].enum_type
    if enum is not None:
        value = value_number(enum, value, enum.values[0].name.removesuffix("UNSPECIFIED"), name)
    message.MergeFrom(new_message(pb.Policy, {name: value}))


def _duration(value: Any, name: str) -> Duration:
    try:
        return duration(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None
