"""Tokens, as providers tell them or as we estimate them."""

from __future__ import annotations

from dataclasses import replace

from .value import value_type


@value_type
class Usage:
    """Tokens. None: not told. `estimated`: some count is ours."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False

    def plus(self, other: Usage) -> Usage:
        """The sum; a count is told when either side told it."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            _sum(self.cached_input_tokens, other.cached_input_tokens),
            _sum(self.cache_write_input_tokens, other.cache_write_input_tokens),
            _sum(self.reasoning_tokens, other.reasoning_tokens),
            self.estimated or other.estimated,
        )

    def going_on(self, other: Usage) -> Usage:
        """Of one answer in two pieces: the input of the first, which the second was sent again, and the output of both."""
        return replace(
            self,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=_sum(self.reasoning_tokens, other.reasoning_tokens),
            estimated=self.estimated or other.estimated,
        )


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None and b is None else (a or 0) + (b or 0)
