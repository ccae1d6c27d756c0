"""What follows when an answer breaks off whose beginning the caller has: end, go on from there, or begin again
(streams.md, "Commit and break" and "Resume, exactly"). Pure."""

from __future__ import annotations

import enum

from .assembly import Assembly
from .content import FormatKind, Request
from .events import Finish, Kind
from .policy import DEFAULT_ON_STREAM_BREAK, OnStreamBreak, Policy
from .rest import remaining_output
from .value import value_type

MAX_RESUMED_CHARACTERS = 1_000_000
"""Nobody takes a longer text to go on from; an answer beyond it is not kept for that."""
TOKENS_ARE_PIECES = (2.0, 12.0)
"""Characters a piece has on average where each piece is one token, as most providers stream."""
CHARACTERS_A_TOKEN = 6
"""Rather too many: less was sent than the limit, or the provider had ended the answer itself."""


class After(enum.Enum):
    """What follows."""

    ERROR = "ERROR"
    END = "END"
    RESUME = "RESUME"
    RESTART = "RESTART"


@value_type
class Resumption:
    """Where an answer goes on. `sent`: all its text, which may be empty. `text_index`: the part that is open for more text,
    None if there is none; `offset`: code points in it. `next_index`: of the next new part. `most_tokens`: what is left of the
    caller's output limit, over 0; None is no limit. `is_structured`: the answer as a whole must be JSON."""

    sent: str
    text_index: int | None
    offset: int
    next_index: int
    most_tokens: int | None = None
    is_structured: bool = False

    @property
    def given(self) -> str:
        """What the next target is shown of it."""
        return self.sent.rstrip()


@value_type
class Recovery:
    """`discarded`: parts that are void from now on. `finish`: of an answer that ENDs. `resumption`: where it RESUMEs.
    `or_restart`: where nothing can go on, it begins again."""

    after: After
    discarded: tuple[int, ...] = ()
    finish: Finish | None = None
    resumption: Resumption | None = None
    or_restart: bool = False


def rule_of(policy: Policy, *, is_held: bool = False) -> OnStreamBreak:
    """The switch that holds for an answer whose beginning was sent; never BUFFER but while it `is_held` back."""
    rule = policy.on_stream_break or DEFAULT_ON_STREAM_BREAK
    if rule is OnStreamBreak.BUFFER and not is_held:
        return policy.buffer_then or DEFAULT_ON_STREAM_BREAK
    return rule


def recover(had: Assembly, policy: Policy, request: Request) -> Recovery:
    """`had`: what the caller has. After a finished tool call nothing goes on nor begins again: it may have had effects."""
    rule = rule_of(policy)
    if rule is OnStreamBreak.FAIL:
        return Recovery(After.ERROR)
    shapes = had.shapes()
    calls = [index for index, kind, is_whole in shapes if kind is Kind.TOOL_CALL and is_whole]
    if calls:
        return _ended_by_calls(shapes, calls[0]) if policy.infer_tool_end is not False else Recovery(After.ERROR)
    if rule is OnStreamBreak.RESTART:
        return Recovery(After.RESTART)
    or_restart = rule is OnStreamBreak.RESUME_OR_RESTART
    if any(kind is Kind.REFUSAL for _, kind, _ in shapes) or had.characters > MAX_RESUMED_CHARACTERS:
        return Recovery(After.RESTART if or_restart else After.ERROR)
    return _resumed(had, shapes, request, or_restart)


def _ended_by_calls(shapes: list[tuple[int, Kind, bool]], first_call: int) -> Recovery:
    void = [
        index for index, kind, is_whole in shapes if not is_whole and (kind is Kind.TOOL_CALL or index > first_call)
    ]
    return Recovery(After.END, tuple(void), Finish.TOOL_CALLS)


def _resumed(had: Assembly, shapes: list[tuple[int, Kind, bool]], request: Request, or_restart: bool) -> Recovery:
    """A half tool call and a half thought are void; the text stands."""
    half = (index for index, kind, is_whole in shapes if not is_whole and _is_half(kind, is_newest=index == had.newest))
    void = tuple(half)
    kept = [shape for shape in shapes if shape[0] not in void]
    texts = {index: had.text_of(index) for index, kind, _ in kept if kind is Kind.TEXT}
    sent = "".join(texts.values())
    left = remaining_output(
        request.max_output_tokens, estimated_tokens(sent, sum(had.pieces_of(index) for index in texts))
    )
    if left == 0:
        return Recovery(After.END, void, Finish.LENGTH)
    is_open = bool(kept) and kept[-1][1] is Kind.TEXT and not kept[-1][2]
    text_index = kept[-1][0] if is_open else None
    resumption = Resumption(
        sent=sent,
        text_index=text_index,
        offset=len(texts[text_index]) if text_index is not None else 0,
        next_index=had.next_index,
        most_tokens=left,
        is_structured=is_structured(request),
    )
    return Recovery(After.RESUME, void, resumption=resumption, or_restart=or_restart)


def _is_half(kind: Kind, *, is_newest: bool) -> bool:
    """Whether such a part cannot stand as it is: a call never can; a thought that something followed was thought through."""
    return kind is Kind.TOOL_CALL or (kind is Kind.REASONING and is_newest)


def is_structured(request: Request) -> bool:
    """Whether the answer must be JSON."""
    return request.response_format is not None and request.response_format.kind is not FormatKind.TEXT


def estimated_tokens(sent: str, pieces: int) -> int:
    """Output tokens of the text sent: its pieces, where they look like tokens, else one for six characters."""
    if not sent:
        return 0
    least, most = TOKENS_ARE_PIECES
    if not sent.isascii():
        least = 1.0  # many a script has a token for each character
    return pieces if least <= len(sent) / pieces <= most else max(1, len(sent) // CHARACTERS_A_TOKEN)
