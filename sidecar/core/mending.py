"""Repairs of one call (failover.md §6): what a refusal changes in the request for its target, each kind once.

Everything here concerns the target that refused. What a model refuses whoever asks, `lessons` remember per entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .adjustment import AS_ASKED, DROPPABLE, ENCODING_FORMAT, OUR_OWN, PREFILL, STREAM_OPTIONS, Adjustment
from .capability import needs
from .catalog import Entry, Feature, Target
from .chain import Link
from .classify import Verdict
from .content import Reasoning, Request, says
from .lessons import Lesson, Lessons, is_general
from .policy import PromptGuidedTools
from .reasons import Reason
from .turns import turns_to_drop
from .value import value_type

PROMPTED = "tools given as instructions in the prompt"
LIMIT_NAMES = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_FIELDS = {
    "reasoning": "reasoning_effort",
    "thinking": "reasoning_effort",
    "output_config": "reasoning_effort",
    "disable_parallel_tool_use": "parallel_tool_calls",
    "tool_choice.disable_parallel_tool_use": "parallel_tool_calls",
    "user": "end_user_id",
    "metadata": "end_user_id",
    "output_config.format": "response_format",
    "output_format": "response_format",
    "stop_sequences": "stop",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "functions": "tools",
    "function_call": "tool_choice",
}
"""What the wires call a field of the request, where it is not its own name."""
NEVER_DROPPED = ("tools", "tool_choice", "response_format", "stop", "max_output_tokens")
"""Refused, these are what the entry cannot do. Messages are not here: without them there is no request."""


@value_type
class Mended:
    """One repair. `message`: what was changed, for a person."""

    reason: Reason
    message: str


@dataclass(slots=True)
class _Course:
    adjustment: Adjustment
    kinds: set[str]


class Mending:
    """Of one call. `lessons`: of all calls, what entries refuse."""

    def __init__(self, request: Request, lessons: Lessons) -> None:
        self._request = request
        self._lessons = lessons
        self._known: dict[Target, _Course] = {}
        self._newest: tuple[Target, _Course] | None = None
        self._untold: dict[Target, Mended] = {}

    @property
    def _has_tools(self) -> bool:
        return Feature.TOOLS in needs(self._request)

    def adjustment(self, link: Link, target: Target, now: float) -> Adjustment:
        """What is changed for a target as of now."""
        return self._of(link, target, now).adjustment

    def told(self, link: Link, target: Target, now: float) -> tuple[Mended, ...]:
        """What was changed before the target was asked: entries have refused it in other calls, or it has itself, for later, or
        the prompt exceeds its declared window."""
        if self._known and target in self._known:
            return (self._untold.pop(target),) if target in self._untold else ()
        before = self._of(link, target, now).adjustment
        if before is AS_ASKED:
            return ()
        left_out = sorted(name for name in before.left_out if name in DROPPABLE and _is_used(self._request, name))
        told = [Mended(Reason.UNSUPPORTED_PARAMETER, f"{name} left out: the model refuses it") for name in left_out]
        if before.is_prompted:
            told.append(Mended(Reason.TOOL_SCHEMA, PROMPTED))
        if before.turns_dropped:
            told.append(Mended(Reason.CONTEXT_LENGTH, _without(before.turns_dropped)))
        return tuple(told)

    def mend(self, link: Link, target: Target, verdict: Verdict, now: float) -> Mended | None:
        """Changes the request for the target that refused it; None: it cannot be repaired, or was already."""
        course = self._of(link, target, now)
        found = self._repair(link, course, verdict)
        if found is None:
            return None
        kind, course.adjustment, message = found
        course.kinds.add(kind)
        return Mended(verdict.reason, message)

    def mend_later(self, link: Link, target: Target, verdict: Verdict, now: float) -> bool:
        """The same for when the target is asked again, if it is: it is told then. Whether it can be repaired."""
        mended = self.mend(link, target, verdict, now)
        if mended is not None:
            self._untold[target] = mended
        return mended is not None

    def learn(self, entry: Entry, verdict: Verdict, now: float, *, prefilled: bool = False) -> None:
        """What a model refuses, it refuses in the next call too: that is remembered. `prefilled`: the request it refused ended
        with the beginning of an answer, by our doing."""
        if verdict.reason is not Reason.UNSUPPORTED_PARAMETER or not is_general(verdict):
            return
        field = field_of(verdict.parameter)
        if field is None or not (prefilled if field == PREFILL else _is_used(self._request, field)):
            return
        lesson, spelled = self._lessons.of(entry, now) or Lesson(), _spelled(verdict.parameter)
        if field in DROPPABLE or field in OUR_OWN:
            lesson = replace(lesson, left_out=lesson.left_out | {field})
        elif field == "max_output_tokens" and spelled in LIMIT_NAMES and lesson.limit_name != spelled:
            lesson = replace(lesson, limit_name=LIMIT_NAMES[spelled])
        else:
            lesson = replace(lesson, lacking=lesson.lacking | {field})
        self._lessons.learn(entry, lesson, now)

    def _of(self, link: Link, target: Target, now: float) -> _Course:
        if self._newest is not None and self._newest[0] is target:
            return self._newest[1]  # asked several times in a row; a target's hash is made of all its parts each time
        course = self._known.get(target) if self._known else None
        if course is None:
            course = self._known[target] = _Course(self._beginning(link, now), set())
        self._newest = target, course
        return course

    def _beginning(self, link: Link, now: float) -> Adjustment:
        """What is known of the entry before it is asked."""
        lesson, guided = self._lessons.of(link.entry, now), link.policy.prompt_guided_tools
        adjustment = AS_ASKED
        if lesson is not None:
            adjustment = replace(adjustment, left_out=lesson.left_out, limit_name=lesson.limit_name)
        lacking = lesson.lacking if lesson is not None else frozenset()
        has_refused = "tools" in lacking
        is_prompted = (has_refused and guided is not PromptGuidedTools.FORBID) or (
            link.lacks_tools and guided is PromptGuidedTools.ALLOW
        )
        if is_prompted and self._has_tools:
            adjustment = replace(adjustment, is_prompted=True)
        if link.is_shortened:
            adjustment = replace(adjustment, turns_dropped=turns_to_drop(self._request, link.model.context_window))
        return adjustment

    def _repair(self, link: Link, course: _Course, verdict: Verdict) -> tuple[str, Adjustment, str] | None:
        """Kind, what it changes, and in words."""
        kind = verdict.reason.value
        if kind in course.kinds:
            return None
        match verdict.reason:
            case Reason.MAX_TOKENS:
                found = self._lower_limit(course.adjustment, verdict.limit)
            case Reason.UNSUPPORTED_PARAMETER:
                return self._leave_out(link, course, verdict.parameter)
            case Reason.CONTEXT_LENGTH:
                found = self._truncate(link, course.adjustment, verdict.limit)
            case Reason.TOOL_SCHEMA:
                found = self._prompt(link, course.adjustment)
            case Reason.FOREIGN_REASONING:
                found = self._stop_thinking(course.adjustment)
            case _:
                return None
        return None if found is None else (kind, *found)

    def _lower_limit(self, before: Adjustment, ceiling: int | None) -> tuple[Adjustment, str] | None:
        asked = self._request.max_output_tokens
        if ceiling and (asked is None or ceiling < asked):
            was = f" instead of {asked}" if asked is not None else ""
            return replace(before, max_output_tokens=ceiling), f"at most {ceiling} output tokens asked for{was}"
        if asked is None:
            return None
        return replace(before, max_output_tokens=0), f"max_output_tokens of {asked} left out"

    def _leave_out(self, link: Link, course: _Course, parameter: str | None) -> tuple[str, Adjustment, str] | None:
        field, before = field_of(parameter), course.adjustment
        kind = f"UNSUPPORTED_PARAMETER {field}"
        if field is None or kind in course.kinds or not _is_used(self._request, field):
            return None
        if field in DROPPABLE or field in OUR_OWN:
            return (
                kind,
                replace(before, left_out=before.left_out | {field}),
                f"{field} left out: the model refuses it",
            )
        spelled = _spelled(parameter)
        if field == "max_output_tokens" and spelled in LIMIT_NAMES and before.limit_name is None:
            name = LIMIT_NAMES[spelled]
            return kind, replace(before, limit_name=name), f"{spelled} sent as {name}"
        if field == "tools" and (prompted := self._prompt(link, before)) is not None:
            return kind, *prompted
        return None

    def _truncate(self, link: Link, before: Adjustment, limit: int | None) -> tuple[Adjustment, str] | None:
        window = limit if limit is not None else link.model.context_window
        count = turns_to_drop(self._request, window, before.turns_dropped)
        if not count:
            return None
        return replace(before, turns_dropped=count), _without(count)

    def _prompt(self, link: Link, before: Adjustment) -> tuple[Adjustment, str] | None:
        forbidden = link.policy.prompt_guided_tools is PromptGuidedTools.FORBID
        if forbidden or before.is_prompted or not self._has_tools:
            return None
        return replace(before, is_prompted=True), PROMPTED

    def _stop_thinking(self, before: Adjustment) -> tuple[Adjustment, str] | None:
        parts = (part for message in self._request.messages for part in message.parts)
        has_reasoning = any(isinstance(p.content, Reasoning) or p.opaque_state is not None for p in parts)
        if not has_reasoning and self._request.reasoning_effort in (None, "none"):
            return None
        message = "reasoning left out of the conversation, and thinking switched off"
        return replace(before, is_thoughtless=True), message


def _without(turns: int) -> str:
    """In words."""
    noun = "turn" if turns == 1 else "turns"
    return f"the {turns} oldest {noun} left out of the conversation"


def field_of(parameter: str | None) -> str | None:
    """The request's own name of what a wire calls `parameter`; None where it is none of ours."""
    if parameter is None:
        return None
    name = _spelled(parameter)
    path = name.partition("[")[0].split(".")
    prefixes = (".".join(path[:length]) for length in range(len(path), 0, -1))
    field = next((_FIELDS[prefix] for prefix in prefixes if prefix in _FIELDS), path[0])
    return field if field in DROPPABLE or field in NEVER_DROPPED or field in OUR_OWN else None


def _spelled(parameter: str | None) -> str:
    return (parameter or "").strip().lower()


def _is_used(request: Request, field: str) -> bool:
    if field in OUR_OWN:
        return field == STREAM_OPTIONS or (field == ENCODING_FORMAT and request.embedding is not None)
    return says(request, field)
