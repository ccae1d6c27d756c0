"""The limits of one attempt that are not switches of the policy (streams.md, "Clocks")."""

from __future__ import annotations

from .value import value_type


@value_type
class Timing:
    """Durations in seconds; `first_content_tokens_per_s`: estimated prompt tokens that earn one more second.

    `adaptive`: a hedge is started when the first content takes longer than it does in 95 of 100 attempts at that entry,
    `adaptive_least_s` at the least, once `adaptive_after` attempts are known.
    """

    connect_s: float = 5.0
    first_content_base_s: float = 10.0
    first_content_tokens_per_s: int = 20_000
    first_content_thinking_s: float = 60.0
    idle_content_s: float = 45.0
    idle_tool_s: float = 90.0
    adaptive: bool = False
    adaptive_least_s: float = 1.0
    adaptive_after: int = 20
