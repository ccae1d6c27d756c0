"""The codec `openai`: chat completions and embeddings, for OpenAI and every vendor that speaks its wire format."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.adjustment import AS_ASKED, Adjustment
from ..core.catalog import Model
from ..core.classify import Verdict
from ..core.content import Embedding, Request
from ..core.reasons import Reason
from .codec import Decoder, HttpRequest
from .error_reader import classify_answer
from .history import FOREIGN_LEFT_OUT, has_foreign_reasoning
from .openai_answer import StreamDecoder, WholeDecoder
from .openai_embed import PATH, EmbedDecoder, embed_body, embed_repairs
from .openai_request import PROTOCOL, body_of
from .repair import Repaired


class OpenAI:
    """Stateless; one instance serves every provider."""

    protocol = PROTOCOL

    def encode(
        self, request: Request, model: Model, *, stream: bool, issuer: str, adjustment: Adjustment = AS_ASKED
    ) -> HttpRequest:
        """POST /chat/completions. The protocol takes no reasoning back; what another provider issued is told of.

        POST /embeddings where vectors are asked for."""
        if request.embedding is not None:
            return _embeddings(request, request.embedding, model, adjustment)
        accept = "text/event-stream" if stream else "application/json"
        headers = {"content-type": "application/json", "accept": accept}
        repairs = (
            (Repaired(Reason.FOREIGN_REASONING, FOREIGN_LEFT_OUT),)
            if has_foreign_reasoning(request.messages, issuer)
            else ()
        )
        return HttpRequest("/chat/completions", headers, body_of(request, model.id, adjustment, stream=stream), repairs)

    def authorization(self, secret: str) -> Mapping[str, str]:
        """A bearer token."""
        return {"authorization": f"Bearer {secret}"}

    def decoder(
        self, *, stream: bool, issuer: str, answer_tool: str | None = None, embedding: Embedding | None = None
    ) -> Decoder:
        """A fresh decoder of one answer."""
        if embedding is not None:
            return EmbedDecoder(embedding)
        return StreamDecoder(issuer) if stream else WholeDecoder(issuer)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes, now_wall: float) -> Verdict:
        """What an error answer means."""
        return classify_answer(PROTOCOL, status, headers, body, now_wall)


def _embeddings(request: Request, embedding: Embedding, model: Model, adjustment: Adjustment) -> HttpRequest:
    headers = {"content-type": "application/json", "accept": "application/json"}
    return HttpRequest(PATH, headers, embed_body(request, embedding, model.id, adjustment), embed_repairs(embedding))
