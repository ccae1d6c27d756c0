"""The codec `anthropic`: the Messages API, for Anthropic and every vendor that speaks its wire format."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.adjustment import AS_ASKED, Adjustment
from ..core.catalog import Model
from ..core.classify import Verdict
from ..core.content import Embedding, Request
from .anthropic_answer import StreamDecoder, WholeDecoder
from .anthropic_request import PROTOCOL, encoded
from .codec import Decoder, HttpRequest
from .error_reader import classify_answer

VERSION = "2023-06-01"


class Anthropic:
    """Stateless; one instance serves every provider."""

    protocol = PROTOCOL

    def encode(
        self, request: Request, model: Model, *, stream: bool, issuer: str, adjustment: Adjustment = AS_ASKED
    ) -> HttpRequest:
        """POST /v1/messages."""
        accept = "text/event-stream" if stream else "application/json"
        headers = {"content-type": "application/json", "accept": accept, "anthropic-version": VERSION}
        sent = encoded(request, model, stream=stream, issuer=issuer)
        return HttpRequest("/v1/messages", headers, sent.body, sent.repairs, sent.answer_tool)

    def authorization(self, secret: str) -> Mapping[str, str]:
        """The key as it is, in a header of its own."""
        return {"x-api-key": secret}

    def decoder(
        self, *, stream: bool, issuer: str, answer_tool: str | None = None, embedding: Embedding | None = None
    ) -> Decoder:
        """A fresh decoder of one answer; the protocol has no embeddings, and no request for them comes here."""
        return StreamDecoder(issuer, answer_tool) if stream else WholeDecoder(issuer, answer_tool)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> Verdict:
        """What an error answer means."""
        return classify_answer(PROTOCOL, status, headers, body, now_wall)
