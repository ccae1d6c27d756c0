"""Where one rpc stands in a distributed trace."""

from __future__ import annotations

from .value import value_type


@value_type
class Trace:
    """The W3C trace context of one rpc; ids in lower-case hexadecimal.

    `span_id`: the rpc's own span. `parent_id`: the caller's; None where the trace begins here. `state`, `baggage`: the
    caller's headers as received, to be passed on.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    is_sampled: bool = True
    state: str = ""
    baggage: str = ""
