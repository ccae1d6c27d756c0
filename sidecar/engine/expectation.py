"""What an attempt's answer is read with: decided with its request, used when the answer comes."""

from __future__ import annotations

from ..core.content import Embedding, Tool
from ..core.value import value_type
from ..providers.codec import Codec, Decoder
from ..providers.prompted_answer import PromptedDecoder
from .identifier import new_request_id


@value_type
class Expectation:
    """`stream`: it was asked for. `answer_tool`: the tool whose arguments are the text. `tools`: given as instructions, so
    that calls are found in the text; None: they were not. `embedding`: vectors are awaited."""

    stream: bool
    answer_tool: str | None = None
    tools: tuple[Tool, ...] | None = None
    embedding: Embedding | None = None

    def decoder(self, codec: Codec, issuer: str, *, is_stream: bool) -> Decoder:
        """A fresh decoder; `is_stream`: whether the answer that came is one."""
        inner = codec.decoder(stream=is_stream, issuer=issuer, answer_tool=self.answer_tool, embedding=self.embedding)
        if self.tools is None:
            return inner
        return PromptedDecoder(inner, self.tools, issuer, new_request_id)


def is_writing_call(decoder: Decoder) -> bool:
    """Whether a tool call is being written of which no event tells yet."""
    return isinstance(decoder, PromptedDecoder) and decoder.is_in_call
