"""The stories, in the order they are told."""

from __future__ import annotations

from ..story import Story
from .failure import ALL_DOWN, BREAKER, OUTAGE, REFUSED, SILENCE
from .key import HEALTHY, INVALID_KEY, LONG_LIMIT, RETRY_AFTER, ROTATION
from .stream import CANCEL, COMPLETE, CUT, EARLY_END, ERROR_PAGE, NO_RECOVERY

STORIES: tuple[Story, ...] = (
    HEALTHY,
    ROTATION,
    RETRY_AFTER,
    LONG_LIMIT,
    OUTAGE,
    REFUSED,
    INVALID_KEY,
    SILENCE,
    ERROR_PAGE,
    ALL_DOWN,
    CUT,
    EARLY_END,
    NO_RECOVERY,
    COMPLETE,
    CANCEL,
    BREAKER,
)
