"""How a protocol words its errors, as data: machine names and anchored phrases, and how a phrase is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .reasons import Reason

MAX_EVIDENCE_CHARS = 4096
"""Only this much of a message is matched, so that no pattern is slow."""

_PARTS = {
    "id": r"[`'\"]?[^\s`'\"]{1,200}[`'\"]?",
    "gap": r"[^'\"\n]{0,300}?",
    "n": r"\d[\d,]{0,14}",
    "q": r"[`'\"]?",
    "limit": r"(?P<limit>\d[\d,]{0,14})",
    "below": r"(?P<below>\d[\d,]{0,14})",
    "window": r"(?P<window>\d[\d,]{0,14})",
    "prompt": r"(?P<prompt>\d[\d,]{0,14})",
    "more": r"(?P<more>\d[\d,]{0,14})",
    "parameter": r"(?P<parameter>[A-Za-z_](?:[\w.\[\]-]{0,78}[\w\]])?)",
}
_PART = re.compile(r"(?<!\?P)<(\w+)>")
_WRAPPER = re.compile(
    r"(?:(?:Error code: \d{3} - "
    r"|litellm\.\w{1,40}: "
    r"|\w{1,40}(?:Error|Exception)(?: -|:) "
    r"|Error from provider(?: \([\w .-]{1,60}\))?: "
    r"|Upstream (?:error|request failed)(?: from [\w .-]{1,60})?: "
    r"|Provider returned error: "
    r"|The model returned the following errors: "
    r"|Unable to submit request because "
    r"|Input validation error: |Value error, |Bad request: |Invalid request: "
    r"|\[\w[\w ./-]{0,60}\] ?)){1,6}",
    re.IGNORECASE | re.ASCII,
)
_QUOTED = re.compile(r"(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a phrase said. `limit`: tokens."""

    reason: Reason
    limit: int | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A provider's sentence, matched from the start of its message.

    Groups of `pattern`: `limit` (the ceiling itself), `below` (the first value that is too much), `window` with
    `prompt` (and `more`, a further part of the prompt), `parameter`. `parameter` as a field: what the sentence means
    where it names nothing.
    """

    reason: Reason
    pattern: re.Pattern[str]
    parameter: str | None = None

    def read(self, text: str) -> Finding | None:
        """What the text says, or None where it is another sentence.

        A prompt that fits its window leaves too much output asked for: MAX_TOKENS with what is left. Else the prompt
        itself is too long, whatever output was asked for.
        """
        match = self.pattern.match(text)
        if match is None:
            return None
        found = match.groupdict()
        window, prompt = _number(found.get("window")), _number(found.get("prompt"))
        if window is not None and prompt is not None:
            room = window - prompt - (_number(found.get("more")) or 0)
            return Finding(Reason.MAX_TOKENS, room) if room > 0 else Finding(Reason.CONTEXT_LENGTH, window)
        limit, below = _number(found.get("limit")), _number(found.get("below"))
        return Finding(
            self.reason,
            below - 1 if below is not None else limit,
            self.parameter or found.get("parameter"),
        )


@dataclass(frozen=True, slots=True)
class Wording:
    """One protocol's words, all names in lower case.

    `names`: codes and types that narrow the possible reasons to these, the likeliest first. `kinds`: broad types that
    only say what it is when nothing else does. `phrases`: the first that fits and is possible decides. `parameters`: a
    vendor's spelling of a parameter to the protocol's own.
    """

    names: Mapping[str, tuple[Reason, ...]]
    kinds: Mapping[str, Reason]
    phrases: tuple[Phrase, ...]
    parameters: Mapping[str, str]


def phrase(reason: Reason, template: str, parameter: str | None = None) -> Phrase:
    """A phrase from a template: a regular expression in which `<limit>`, `<id>`, `<gap>` and the like stand for parts.

    `<id>` is a model's or project's name, quoted or not; `<gap>` up to 300 characters without quotes; `<q>` a quote or
    none. Case does not matter.
    """
    pattern = _PART.sub(lambda part: _PARTS[part[1]], template)
    return Phrase(reason, re.compile(pattern, re.IGNORECASE | re.ASCII), parameter)


def phrases(reason: Reason, *templates: str, parameter: str | None = None) -> tuple[Phrase, ...]:
    """Several phrases of one reason."""
    return tuple(phrase(reason, template, parameter) for template in templates)


def evidence(message: str) -> str:
    """The start of the provider's own sentence: bounded, straight apostrophes, without what gateways put before it."""
    text = message[:MAX_EVIDENCE_CHARS].replace("\u2019", "'").strip()
    wrapper = _WRAPPER.match(text)
    return text[wrapper.end() :] if wrapper else text


def unquoted(message: str) -> str:
    """The message's start without quoted parts: those may be the caller's own words."""
    return _QUOTED.sub("''", message[:MAX_EVIDENCE_CHARS])


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits.replace(",", ""))
