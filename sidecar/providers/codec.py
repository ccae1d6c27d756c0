"""What a wire protocol must offer. Fits text and binary framing: a decoder is fed bytes and yields events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from ..core.adjustment import AS_ASKED, Adjustment
from ..core.catalog import Model
from ..core.classify import Verdict
from ..core.content import Embedding, Request
from ..core.errors import RemoraError
from ..core.events import Upstream
from ..core.value import value_type
from .repair import Repaired


@value_type
class HttpRequest:
    """One upstream POST, without address and credentials. `path` is appended to the base URL.

    `repairs`: what was left out or changed so that this target accepts the request, for the report.
    `answer_tool`: a tool the model is made to call so that its arguments are the answer's text; the decoder must know.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    repairs: tuple[Repaired, ...] = ()
    answer_tool: str | None = None


class ErrorEvent(RemoraError):
    """An error inside a 200 answer. `body`: as received, to be classified like any error body."""

    def __init__(self, body: bytes) -> None:
        super().__init__("the provider sent an error inside a 200 answer")
        self.body = body


class Decoder(Protocol):
    """Turns the body of one 200 answer into events.

    Both methods raise ErrorEvent for an error of the provider, ProtocolViolation for bytes that are not the protocol.
    Events decoded before the fault in the same piece are not lost: `taken` returns them.
    """

    def feed(self, data: bytes) -> list[Upstream]:
        """The events that `data` completes. Any chunking gives the same events."""
        ...

    def end(self) -> list[Upstream]:
        """The body ended cleanly: the events still held back."""
        ...

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        ...


class Codec(Protocol):
    """One wire protocol."""

    @property
    def protocol(self) -> str:
        """The name in the configuration."""
        ...

    def encode(
        self, request: Request, model: Model, *, stream: bool, issuer: str, adjustment: Adjustment = AS_ASKED
    ) -> HttpRequest:
        """The upstream request for one entry. Whatever the edge lets through can be encoded.

        `adjustment`: how this target spells things, and what the codec adds that it refuses. `issuer`: the target's own;
        reasoning and opaque state of any other are not sent.
        """
        ...

    def authorization(self, secret: str) -> Mapping[str, str]:
        """The headers that carry a key."""
        ...

    def decoder(
        self, *, stream: bool, issuer: str, answer_tool: str | None = None, embedding: Embedding | None = None
    ) -> Decoder:
        """A fresh decoder of one answer; `issuer` marks the parts it completes; `answer_tool` as `encode` said it;
        `embedding`: what vectors were asked for, None for an answer."""
        ...

    def classify(self, status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> Verdict:
        """What an error answer means; header names in lower case, `now_wall` in epoch seconds."""
        ...
