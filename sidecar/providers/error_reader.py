"""Which reader and which wording belong to a wire protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..core.classify import ErrorAnswer, Verdict, classify
from ..core.wording import Wording
from . import anthropic_error, bedrock_error, gemini_error, openai_error
from .anthropic_wording import WORDING as ANTHROPIC
from .bedrock_wording import WORDING as BEDROCK
from .gemini_wording import WORDING as GEMINI
from .openai_wording import WORDING as OPENAI
from .redirect import redirect_message

Reader = Callable[[int, Mapping[str, str], bytes, float], ErrorAnswer]

_PROTOCOLS: dict[str, tuple[Reader, Wording]] = {
    "anthropic": (anthropic_error.read_error, ANTHROPIC),
    "bedrock": (bedrock_error.read_error, BEDROCK),
    "gemini": (gemini_error.read_error, GEMINI),
    "openai": (openai_error.read_error, OPENAI),
}
PROTOCOLS = tuple(_PROTOCOLS)
"""The protocols whose errors can be read, in alphabetical order."""


class UnknownProtocol(KeyError):
    """No error reader for a protocol."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        self.protocol = protocol

    def __str__(self) -> str:
        """One sentence, without KeyError's quotes around it."""
        return f"no protocol {self.protocol!r}; known are {', '.join(PROTOCOLS)}"


def classify_answer(protocol: str, status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> Verdict:
    """What an upstream's failed answer means.

    `status`: HTTP status. `headers`: in any case. `body`: as received; a whole event for an error inside a stream.
    `now_wall`: epoch seconds. A redirect is told in our own words. Raises UnknownProtocol.
    """
    if protocol not in _PROTOCOLS:
        raise UnknownProtocol(protocol)
    read, wording = _PROTOCOLS[protocol]
    lower = {name.lower(): value for name, value in headers.items()}
    verdict = classify(read(status, lower, body, now_wall), wording)
    redirected = redirect_message(status, lower)
    return verdict if redirected is None else replace(verdict, message=redirected, is_own=True)
