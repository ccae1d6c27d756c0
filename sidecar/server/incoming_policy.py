"""The caller's policy as a core value: switches that are built, limits within their bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration

from ..core.policy import OnContentFiltered, OnContextOverflow, OnSlow, OnStreamBreak, Policy, PromptGuidedTools
from ..pb import policy_pb2
from .fields import Fields

E = TypeVar("E")

_INFINITE = float("inf")


def policy_of(pb: policy_pb2.Policy, path: str, fields: Fields) -> Policy:
    """The caller's layer of the policy."""
    on_slow = _enum(policy_pb2.OnSlow, pb.on_slow, OnSlow, f"{path}.on_slow", fields)
    on_break = _enum(policy_pb2.OnStreamBreak, pb.on_stream_break, OnStreamBreak, f"{path}.on_stream_break", fields)
    overflow = _enum(
        policy_pb2.OnContextOverflow, pb.on_context_overflow, OnContextOverflow, f"{path}.on_context_overflow", fields
    )
    filtered = _enum(
        policy_pb2.OnContentFiltered, pb.on_content_filtered, OnContentFiltered, f"{path}.on_content_filtered", fields
    )
    guided = _enum(
        policy_pb2.PromptGuidedTools, pb.prompt_guided_tools, PromptGuidedTools, f"{path}.prompt_guided_tools", fields
    )
    then = _enum(policy_pb2.OnStreamBreak, pb.buffer_then, OnStreamBreak, f"{path}.buffer_then", fields)
    if then is OnStreamBreak.BUFFER:
        fields.wrong(f"{path}.buffer_then", "must not be BUFFER again")
    if pb.HasField("buffer_tokens"):
        fields.number(f"{path}.buffer_tokens", pb.buffer_tokens, 1, _INFINITE)
    if pb.HasField("max_attempts"):
        fields.number(f"{path}.max_attempts", pb.max_attempts, 1, _INFINITE)

    def seconds(name: str, *, zero: bool = False) -> float | None:
        if not pb.HasField(name):  # type: ignore[arg-type]
            return None
        return _seconds(getattr(pb, name), f"{path}.{name}", fields, zero=zero)

    return Policy(
        pin=pb.pin if pb.HasField("pin") else None,
        profile=pb.profile if pb.HasField("profile") else None,
        only_providers=tuple(pb.only_providers) or None,
        never_providers=tuple(pb.never_providers) or None,
        on_slow=on_slow,
        first_content_s=seconds("first_content_duration"),
        first_content_limit_s=seconds("first_content_limit_duration"),
        idle_s=seconds("idle_duration"),
        on_stream_break=on_break,
        buffer_tokens=pb.buffer_tokens if pb.HasField("buffer_tokens") else None,
        buffer_s=seconds("buffer_duration"),
        buffer_then=then,
        infer_tool_end=pb.infer_tool_end if pb.HasField("infer_tool_end") else None,
        on_context_overflow=overflow,
        on_content_filtered=filtered,
        prompt_guided_tools=guided,
        last_resort=pb.last_resort if pb.HasField("last_resort") else None,
        max_attempts=pb.max_attempts if pb.HasField("max_attempts") else None,
        max_wait_s=seconds("max_wait_duration", zero=True),
    )


def _seconds(value: Duration, path: str, fields: Fields, *, zero: bool) -> float:
    seconds = value.seconds + value.nanos / 1e9
    if seconds < 0 or (seconds == 0 and not zero):
        fields.wrong(path, "must be 0 or more" if zero else "must be over 0")
    return seconds


def _enum(wrapper: Any, value: int, kind: Callable[[str], E], path: str, fields: Fields) -> E | None:
    """The core's value of the same name; None when unspecified."""
    if value == 0:
        return None
    if value not in wrapper.values():
        fields.wrong(path, f"unknown value {value}")
        return None
    prefix = wrapper.Name(0).removesuffix("UNSPECIFIED")
    return kind(wrapper.Name(value).removeprefix(prefix).lower())
