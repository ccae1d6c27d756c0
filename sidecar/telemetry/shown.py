"""Names that callers choose, as they may be shown: redacted, cut, and remembered since they return."""

from __future__ import annotations

from ..core.redaction import Redactor

SHOWN_CHARACTERS = 300
MAX_REMEMBERED = 1024


class Shown:
    """Redacts; what was asked for lately is remembered. `redactor` may be replaced with the configuration."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names: dict[str, str] = {}

    def use(self, redactor: Redactor) -> None:
        """From now on another one: the secrets have changed."""
        self._redactor = redactor
        self._names.clear()

    def text(self, text: str) -> str:
        """Any text, whole."""
        return self._redactor.redact(text) if text else text

    def name(self, name: str) -> str:
        """A name of at most 300 characters that is likely to return, such as a model's."""
        found = self._names.get(name)
        if found is None:
            if len(self._names) >= MAX_REMEMBERED:
                self._names.clear()
            found = self._names[name] = self._redactor.redact_then_cut(name, SHOWN_CHARACTERS)
        return found
