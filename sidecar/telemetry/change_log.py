"""One line in the log for each change of what is known of an upstream, and of the configuration."""

from __future__ import annotations

import logging

from ..core.observation import Change, ChangeKind

health_log = logging.getLogger("remora.health")
config_log = logging.getLogger("remora.config")

LEVELS: dict[ChangeKind, int] = {
    ChangeKind.OPENED: logging.WARNING,
    ChangeKind.HALF_OPENED: logging.INFO,
    ChangeKind.CLOSED: logging.INFO,
    ChangeKind.COOLING: logging.WARNING,
    ChangeKind.RESET: logging.INFO,
    ChangeKind.CONFIGURED: logging.INFO,
    ChangeKind.REFUSED: logging.ERROR,
}
_WORDS: dict[ChangeKind, str] = {
    ChangeKind.OPENED: "breaker opened",
    ChangeKind.HALF_OPENED: "breaker half-open",
    ChangeKind.CLOSED: "breaker closed",
    ChangeKind.COOLING: "cooling down",
    ChangeKind.RESET: "health reset",
    ChangeKind.CONFIGURED: "the configuration is applied",
    ChangeKind.REFUSED: "the configuration is refused and the old one stays",
}


def note(change: Change) -> None:
    """Says it once, with its cause."""
    is_config = change.kind in (ChangeKind.CONFIGURED, ChangeKind.REFUSED)
    told = {"provider": change.provider, "base_url": change.base_url, "model": change.model, "profile": change.profile}
    told["reason"] = change.reason.value if change.reason is not None else None
    extra = {name: value for name, value in told.items() if value is not None}
    words = f"{_WORDS[change.kind]}: {change.cause}" if change.cause else _WORDS[change.kind]
    (config_log if is_config else health_log).log(LEVELS[change.kind], "%s", words, extra=extra)
