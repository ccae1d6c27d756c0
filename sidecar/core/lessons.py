"""What entries have refused, remembered for later calls (failover.md §6 UNSUPPORTED_PARAMETER)."""

from __future__ import annotations

import re
from collections import OrderedDict

from .catalog import Entry
from .classify import Verdict
from .value import value_type

MAX_LESSONS = 1000
"""Entries remembered; the least recently taught goes first."""
FORGOTTEN_AFTER_S = 86_400.0
"""A vendor changes what a model takes: after a day it is tried again."""
_CONDITION = re.compile(
    r"\b(?:(?:when|while|if|unless|both|values?|schemas?|of type|must|forces?|forced|only|without|together|alongside)\b"
    r"|(?:requires?|combin\w+|(?:in)?compatible)\b|with (?!(?:this|the|that|these|our|latest|your)\b))",
    re.IGNORECASE | re.ASCII,
)
_DEFAULT_ONLY = re.compile(r"\bonly the default\b", re.IGNORECASE | re.ASCII)


def is_general(verdict: Verdict) -> bool:
    """Whether a refused parameter is refused whatever its value and whatever else is asked, as far as the text says.

    A refusal of one value, of a combination, or of what a schema holds is the fault of one request: it says nothing of
    the next. That only the default is taken is as good as not having the parameter.
    """
    return _DEFAULT_ONLY.search(verdict.message) is not None or _CONDITION.search(verdict.message) is None


@value_type
class Lesson:
    """`left_out`: fields of a request the model refuses, and may do without. `limit_name`: how it wants the output limit
    spelled. `lacking`: fields it refuses that no request may do without."""

    left_out: frozenset[str] = frozenset()
    limit_name: str | None = None
    lacking: frozenset[str] = frozenset()


class Lessons:
    """By (provider, model)."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[Lesson, float]] = OrderedDict()

    def of(self, entry: Entry, now: float) -> Lesson | None:
        """What is remembered of an entry."""
        known = self._known.get((entry.provider, entry.model)) if self._known else None
        return known[0] if known is not None and now < known[1] else None

    def refused(self, entry: Entry, now: float) -> frozenset[str]:
        """Fields of a request that the entry refuses, and that no request may do without."""
        lesson = self.of(entry, now) if self._known else None
        return lesson.lacking if lesson is not None else frozenset()

    def learn(self, entry: Entry, lesson: Lesson, now: float) -> None:
        """From now on this is known of the entry."""
        key = (entry.provider, entry.model)
        self._known[key] = (lesson, now + FORGOTTEN_AFTER_S)
        self._known.move_to_end(key)
        if len(self._known) > MAX_LESSONS:
            self._known.popitem(last=False)

    def forget(self, provider: str | None = None, model: str | None = None) -> None:
        """Of one entry, or of all."""
        if provider is None or model is None:
            self._known.clear()
        else:
            self._known.pop((provider, model), None)
