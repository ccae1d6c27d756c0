"""What flows: events a codec decodes from upstream, and events a caller receives."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from .catalog import Target
from .content import Message
from .reasons import Reason
from .report import Attempt, Report
from .usage import Usage
from .value import value_type


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTERED = "content_filtered"
    OTHER = "other"


class Kind(StrEnum):
    """What a part holds."""

    TEXT = "text"
    REASONING = "reasoning"
    REFUSAL = "refusal"
    TOOL_CALL = "tool_call"


@value_type
class Delta:
    """A piece of content. For a tool call `text` is a fragment of its arguments; `id` and `name` come with its first."""

    kind: Kind
    part_index: int
    text: str
    id: str = ""
    name: str = ""

    def joined(self, later: Delta) -> Delta | None:
        """Both as one delta, or None when they do not belong together."""
        if self.kind is not later.kind or self.part_index != later.part_index or later.id or later.name:
            return None
        return Delta(self.kind, self.part_index, self.text + later.text, self.id, self.name)


@value_type
class PartCompleted:
    """A part is whole."""

    part_index: int
    issuer: str
    opaque_state: bytes | None = field(default=None, repr=False)


@value_type
class Citation:
    """A source cited for a text part; offsets in code points."""

    part_index: int
    uri: str = ""
    title: str = ""
    cited_text: str = ""
    start_offset: int | None = None
    end_offset: int | None = None


@value_type
class Vectors:
    """The vectors of all inputs, in their order: each as 32-bit floats, little-endian, all finite and of one length."""

    vectors: tuple[bytes, ...] = field(repr=False)


@value_type
class Identity:
    """Upstream tells the id of its answer, and the model that gives it where it says so."""

    response_id: str
    model: str = ""


@value_type
class UsageTold:
    """Upstream tells its usage so far; a later one replaces it."""

    usage: Usage


@value_type
class Finished:
    """The provider's completion signal."""

    finish: Finish


@value_type
class Closed:
    """Nothing of the answer follows ([DONE]): no need to wait for the connection to end."""


Upstream = Delta | PartCompleted | Citation | Vectors | Identity | UsageTold | Finished | Closed
"""What a decoder yields. Errors are raised (`core.errors`)."""


@value_type
class Started:
    """An answer begins: sent right before its first content."""

    target: Target
    failed_over: bool


@value_type
class Resumed:
    """Another attempt goes on from what was sent: in this part, at this offset in code points."""

    target: Target
    part_index: int
    offset: int


@value_type
class Restarted:
    """The answer begins again: everything sent so far is void. Parts are counted from 0 again."""

    target: Target


@value_type
class PartDiscarded:
    """A part is void from this code point on; 0: all of it."""

    part_index: int
    offset: int = 0


@value_type
class AttemptEnded:
    """An attempt ended; only for callers who asked for attempts."""

    attempt: Attempt


@value_type
class CallFailed:
    """The call is about to end with an error; only for callers who asked for attempts."""

    reason: Reason
    message: str
    report: Report


@value_type
class Completed:
    """The answer is whole. Costs in nano-dollars, None where a price is not known. `vectors`: as `Vectors` has them."""

    finish: Finish
    message: Message | None
    usage: Usage
    total_usage: Usage
    cost: int | None
    requested_model: str
    target: Target
    response_id: str | None
    failed_over: bool
    report: Report
    trace_id: str
    end_inferred: bool = False
    vectors: tuple[bytes, ...] = field(default=(), repr=False)


Said = Delta | PartCompleted | Citation
"""What an answer consists of."""

CallerEvent = Started | Said | Resumed | Restarted | PartDiscarded | AttemptEnded | CallFailed | Completed
"""What a caller receives, in the order chat.proto promises."""
