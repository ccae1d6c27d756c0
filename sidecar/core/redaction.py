"""Takes secrets out of text that a person or another system will see (failover.md §8)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MARK = "[redacted]"
_PLAIN_MARK = "***"
"""Instead of MARK where a configured secret is a piece of that word."""
MIN_SECRET_CHARS = 4
"""Configured values shorter than this are not looked for: they would take ordinary words apart."""
_MIN_EMBEDDED_CHARS = 12
"""In base64 of something longer (`user:secret`) a secret is looked for from this many base64 characters on."""
LOOKED_AT_CHARACTERS = 8192
"""Beyond what is shown: room for secrets that redaction shortens."""
_ELLIPSIS = "…"
_LENIENT = "surrogatepass"
"""A value from the environment may hold bytes that are not UTF-8."""

_NOT_IN_WORD = r"(?<![A-Za-z0-9])"
_TOKENS = re.compile(
    _NOT_IN_WORD + r"(?:"
    r"(?:c?sk-|gsk_)[A-Za-z0-9_*-]{6,}"
    r"|(?:xai-|pplx-)(?:[A-Za-z0-9]{12,}|[A-Za-z0-9]{0,11}\*[A-Za-z0-9*]*)"
    r"|nvapi-[A-Za-z0-9_*-]{8,}"
    r"|AIza[A-Za-z0-9_*-]{8,}"
    r"|AQ\.[A-Za-z0-9_*-]{12,}"
    r"|gh[pousr]_[A-Za-z0-9*]{8,}|github_pat_[A-Za-z0-9_*]{8,}"
    r"|xox[a-z]-[A-Za-z0-9*-]{8,}"
    r"|hf_[A-Za-z0-9*]{16,}|fw_[A-Za-z0-9*]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|eyJ[A-Za-z0-9_-]{4,1000}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    r")"
)
_URL_LOGIN = re.compile(r"(?P<kept>://)[^\s/?#@\"'<>]{1,400}@")
_URL_QUERY = re.compile(r"(?P<kept>\b[A-Za-z]{2,10}://[^\s?#\"'<>]{1,2000}\?)[^\s\"'<>]+")
_NAMED = re.compile(
    _NOT_IN_WORD + r"(?P<kept>(?:[A-Za-z]{1,20}[_-]){0,4}"
    r"(?:api[_-]?key|key|token|secret|password|passwd|sig|signature)[\"']?=[\"']?)[^\s&\"'<>,;]+",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    _NOT_IN_WORD + r"(?P<kept>(?:x-)?(?:goog-)?api[_ -]?keys?(?: provided)?[\"']?: ?[\"']?)"
    r"(?=[^\s\"',;]{0,200}[\d*])[^\s\"',;]{4,}",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    _NOT_IN_WORD + r"(?P<kept>(?:Bearer|Basic)[ ]{1,4})"
    r"(?!(?:tokens?|auth|authentication|authori[sz]ation|scheme|headers?|credentials?|realm|format|keys?|is|was|not|and"
    r"|or|in|for|with|must|usage|information|access)(?![\w~+/=-]))[^\s\"',;<>]{4,}",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_KEEPING = (_URL_LOGIN, _URL_QUERY, _NAMED, _LABELLED, _SCHEME)
_WHOLE = (_TOKENS, _EMAIL)
_ONE_WORD = re.compile(r"[\w.-]*", re.ASCII)
"""Text in which only tokens can be found: every other pattern needs a character that is not here."""


class Redactor:
    """Replaces secrets by `[redacted]`. Built once per configuration; time is linear in the text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets`: every configured value, without the white space around it; under 4 characters it is ignored."""
        forms = {form for secret in secrets for form in _forms(secret.strip())}
        self._mark = _PLAIN_MARK if any(form in MARK for form in forms) else MARK
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._configured = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __repr__(self) -> str:
        """Nothing of what it knows."""
        return "Redactor()"

    def redact(self, text: str) -> str:
        """The text without configured secrets (raw, URL-encoded, base64) and without what looks like a secret.

        Looks like one: keys with a known prefix, JWTs, `Bearer …`, `key=…`, queries and logins of URLs, e-mail
        addresses.
        """
        if self._configured is not None:
            text = self._configured.sub(lambda _: self._mark, text)
        if _ONE_WORD.fullmatch(text):
            return _TOKENS.sub(lambda _: self._mark, text)
        for pattern in _KEEPING:
            text = pattern.sub(lambda match: match["kept"] + self._mark, text)
        for pattern in _WHOLE:
            text = pattern.sub(lambda _: self._mark, text)
        return text

    def redact_then_cut(self, text: str, limit: int) -> str:
        """The redacted text in at most `limit` characters; the other way round would leave half a secret.

        Of a long text only the beginning is looked at, up to the last white space: what is beyond will be cut anyway.
        """
        if len(text) > limit + LOOKED_AT_CHARACTERS:
            text = text[: limit + LOOKED_AT_CHARACTERS]
            text = text.rsplit(None, 1)[0] if not text[-1].isspace() else text
        text = self.redact(text)
        return text if len(text) <= limit else text[: max(0, limit - 1)] + _ELLIPSIS[:limit]


def _forms(secret: str) -> Iterator[str]:
    """Every way a secret may stand in text: raw, JSON, URL-encoded in either case, base64 alone or inside something."""
    if len(secret) < MIN_SECRET_CHARS:
        return
    yield secret
    yield json.dumps(secret)[1:-1]
    for encoded in (
        quote(secret, safe="", errors=_LENIENT),
        quote(secret, errors=_LENIENT),
        quote_plus(secret, errors=_LENIENT),
    ):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    raw = secret.encode(errors=_LENIENT)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        padded = encode(raw).decode()
        yield from (padded, padded.rstrip("="), quote(padded, safe=""))
        for before in range(3):
            inside = _embedded(encode(b"\0" * before + raw).decode().rstrip("="), before, len(raw))
            if len(inside) >= _MIN_EMBEDDED_CHARS:
                yield inside


def _embedded(encoded: str, before: int, size: int) -> str:
    """The characters of `encoded` that depend on the secret alone, not on its neighbours."""
    first = -(-8 * before // 6)
    last = 8 * (before + size) // 6
    return encoded[first:last]
