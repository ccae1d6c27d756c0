"""Chat completions, incoming: a stream of chunks, or one whole answer, as events.

Source: OpenAI's API reference, "The chat completion chunk object". Reasoning comes as `reasoning_content` (DeepSeek,
vLLM, xAI) or `reasoning` (OpenRouter, Groq); both are read.
"""

from __future__ import annotations

from typing import Any

import orjson

from ..core.errors import ProtocolViolation
from ..core.events import Closed, Delta, Finish, Finished, Identity, Kind, PartCompleted, Upstream, UsageTold
from ..core.usage import Usage
from .codec import ErrorEvent
from .repetition import Repetition
from .sse import ServerEvent, SseParser

FINISHES = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "end_turn": Finish.STOP,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTERED,
}
MAX_ANSWER_BYTES = 64 * 1024 * 1024
EVENTS_TO_LEARN_FROM = 3


class PartIndex:
    """Numbers the parts of one answer: a change of kind begins a new part; each tool call is a part of its own."""

    def __init__(self) -> None:
        self._count = 0
        self._kind: Kind | None = None
        self._calls: dict[int, int] = {}
        self._last_call: int | None = None
        self._call_ids: dict[int, str] = {}

    @property
    def count(self) -> int:
        """Parts begun so far."""
        return self._count

    def of(self, kind: Kind) -> int:
        """The part a piece of text, reasoning or refusal belongs to."""
        if self._kind is not kind:
            self._kind = kind
            self._count += 1
        return self._count - 1

    def of_call(self, index: int | None, call_id: str, name: str) -> tuple[int, bool]:
        """The part of a tool call's fragment, and whether it begins now.

        Some vendors send whole calls one after the other without an index, or all with index 0: another id with a name
        begins another call, and without an index so does a name alone.
        """
        part = self._last_call if index is None else self._calls.get(index)
        if part is not None:
            is_other = call_id != self._call_ids[part] if call_id else index is None
            if not (name and is_other):
                return part, False
        self._kind = Kind.TOOL_CALL
        part = self._last_call = self._count
        self._call_ids[part] = call_id
        if index is not None:
            self._calls[index] = part
        self._count += 1
        return part, True


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except ValueError:
        return False


class ChunkReader:
    """Turns decoded choices into events; shared by the streamed and the whole answer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._parts = PartIndex()
        self._is_identified = False
        self._arguments: dict[int, list[str]] = {}
        self._whole_calls: set[int] = set()
        self.is_finished = False

    def chunk(self, chunk: Any, out: list[Upstream]) -> None:
        """Appends the events of one chunk. Raises ErrorEvent or ProtocolViolation."""
        if not isinstance(chunk, dict):
            raise ProtocolViolation("a chunk that is no JSON object")
        if chunk.get("error") is not None or chunk.get("object") == "error":
            raise ErrorEvent(orjson.dumps(chunk))
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            if "usage" not in chunk and "object" not in chunk and "id" not in chunk:
                raise ProtocolViolation("a chunk without choices")
            choices = []
        if not self._is_identified and isinstance(chunk.get("id"), str) and chunk["id"]:
            self._is_identified = True
            model = chunk.get("model")
            out.append(Identity(chunk["id"], model if isinstance(model, str) else ""))
        for choice in choices[:1]:
            self._choice(choice, out)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            out.append(UsageTold(read_usage(usage)))

    def _choice(self, choice: Any, out: list[Upstream]) -> None:
        if not isinstance(choice, dict):
            raise ProtocolViolation("a choice that is no JSON object")
        delta = choice.get("delta")
        if delta is None:
            delta = choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta, out)
        elif delta is not None:
            raise ProtocolViolation("a delta that is no JSON object")
        finish = choice.get("finish_reason")
        if finish == "error":
            raise ProtocolViolation("the provider ended its answer with an error")
        if isinstance(finish, str) and finish and not self.is_finished:
            self.finish(FINISHES.get(finish, Finish.OTHER), out)

    def finish(self, finish: Finish, out: list[Upstream]) -> None:
        """The answer is complete: so are its parts."""
        self.is_finished = True
        open_parts = (index for index in range(self._parts.count) if index not in self._whole_calls)
        out += [PartCompleted(index, self._issuer) for index in open_parts]
        out.append(Finished(finish))

    def _delta(self, delta: dict[str, Any], out: list[Upstream]) -> None:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self.piece(Kind.REASONING, reasoning, out)
        if content := delta.get("content"):
            self._content(content, out)
        if refusal := delta.get("refusal"):
            if not isinstance(refusal, str):
                raise ProtocolViolation("a refusal that is no string")
            self.piece(Kind.REFUSAL, refusal, out)
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            for call in calls:
                self._call(call, out)

    def _content(self, content: Any, out: list[Upstream]) -> None:
        if isinstance(content, str):
            self.piece(Kind.TEXT, content, out)
        elif isinstance(content, list):
            self._blocks(content, out)
        else:
            raise ProtocolViolation("content that is no string")

    def piece(self, kind: Kind, text: str, out: list[Upstream]) -> None:
        """A piece of content; pieces of one part that arrive together are one event."""
        part = self._parts.of(kind)
        last = out[-1] if out else None
        if isinstance(last, Delta) and last.part_index == part:
            out[-1] = Delta(kind, part, last.text + text)
        else:
            out.append(Delta(kind, part, text))

    def _blocks(self, blocks: list[Any], out: list[Upstream]) -> None:
        """Content as a list of blocks, as Mistral's reasoning models send it (its docs, "Reasoning"). Other kinds of block
        are left out."""
        for block in blocks:
            if not isinstance(block, dict):
                raise ProtocolViolation("a content block that is no JSON object")
            if block.get("type") == "thinking" and isinstance(block.get("thinking"), list):
                texts = [inner.get("text") for inner in block["thinking"] if isinstance(inner, dict)]
                kind, text = Kind.REASONING, "".join(piece for piece in texts if isinstance(piece, str))
            else:
                found = block.get("text") if block.get("type") == "text" else ""
                kind, text = Kind.TEXT, found if isinstance(found, str) else ""
            if text:
                self.piece(kind, text, out)

    def _call(self, call: Any, out: list[Upstream]) -> None:
        if not isinstance(call, dict):
            raise ProtocolViolation("a tool call that is no JSON object")
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        number, call_id, name = call.get("index"), call.get("id"), function.get("name")
        call_id = str(call_id) if call_id else ""
        name = name if isinstance(name, str) else ""
        part, is_new = self._parts.of_call(number if isinstance(number, int) else None, call_id, name)
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = orjson.dumps(arguments).decode()
        text = arguments if isinstance(arguments, str) else ""
        if is_new:
            if not name:
                raise ProtocolViolation("a tool call without a name")
            self._complete_calls(out)
            self._arguments[part] = [text]
            out.append(Delta(Kind.TOOL_CALL, part, text, call_id or f"call_{part}", name))
        elif text:
            self._arguments[part].append(text)
            out.append(Delta(Kind.TOOL_CALL, part, text))

    def _complete_calls(self, out: list[Upstream]) -> None:
        """Another call begins: those before it whose arguments are a whole JSON object have ended, though nothing says so.

        Fragments of calls may alternate, so the others may go on.
        """
        for part, pieces in self._arguments.items():
            if part not in self._whole_calls and _is_object("".join(pieces)):
                self._whole_calls.add(part)
                out.append(PartCompleted(part, self._issuer))


class StreamDecoder:
    """Decodes `text/event-stream`."""

    def __init__(self, issuer: str) -> None:
        self._sse = SseParser()
        self._reader = ChunkReader(issuer)
        self._repetition = Repetition("choices", 0, "delta", "content")
        self._has_text = False
        self._out: list[Upstream] = []
        self._is_closed = False

    def feed(self, data: bytes) -> list[Upstream]:
        """The events that `data` completes."""
        if not self._repetition.is_learned:
            begun = _begin(data)
            if not begun:
                return self._events(self._sse.feed(data))
            self._take(self._sse.feed(data[:begun]))
            data = data[begun:]
        if self._sse.is_between_events and not self._is_closed:
            text, size = self._repetition.run(data)
            if text:
                self._reader.piece(Kind.TEXT, text, self._out)
                data = data[size:]
        return self._events(self._sse.feed(data) if data else [])

    def end(self) -> list[Upstream]:
        """The events still held back at a clean end."""
        return self._events(self._sse.end())

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        out, self._out = self._out, []
        return out

    def _events(self, events: list[ServerEvent]) -> list[Upstream]:
        self._take(events)
        return self.taken()

    def _take(self, events: list[ServerEvent]) -> None:
        texts: list[str] = []
        for event in events:
            text = self._repetition.text(event.data) if not event.name else None
            if text is not None and not self._is_closed:
                texts.append(text)
                continue
            if texts:
                self._repeat(texts)
            if not self._is_closed:
                self._event(event)
        if texts:
            self._repeat(texts)

    def _repeat(self, texts: list[str]) -> None:
        """Takes what was read as repetitions."""
        self._reader.piece(Kind.TEXT, "".join(texts), self._out)
        texts.clear()

    def _event(self, event: ServerEvent) -> None:
        data = event.data
        if data == b"[DONE]" or data.strip() == b"[DONE]":
            if not self._reader.is_finished:
                self._reader.finish(Finish.STOP, self._out)
            self._is_closed = True
            self._out.append(Closed())
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise ProtocolViolation("an event that is not JSON") from None
        if event.name == "error" and isinstance(chunk, dict):
            raise ErrorEvent(data)
        out = self._out
        before = len(out)
        last = out[-1] if out else None
        self._reader.chunk(chunk, out)
        self._learn(event, chunk, before, last)

    def _learn(self, event: ServerEvent, chunk: Any, before: int, last: Upstream | None) -> None:
        """Learns from a chunk that gave one piece of text and nothing else."""
        out = self._out
        gave_one = len(out) == before + 1 or (len(out) == before and out and out[-1] is not last)
        if not event.name and gave_one and isinstance(out[-1], Delta) and out[-1].kind is Kind.TEXT:
            content = (chunk["choices"][0].get("delta") or {}).get("content")
            if self._has_text and isinstance(content, str):
                self._repetition.learn(event.data, content)
            self._has_text = True  # an answer of one piece is not worth a lesson


def _begin(data: bytes) -> int:
    """Where to part a large piece so that a few events are parsed, and perhaps learned from, before the others; 0 where
    those are the greater part of it."""
    at = -1
    for _ in range(EVENTS_TO_LEARN_FROM):
        at = data.find(b"\n\n", at + 1)
        if at < 0:
            return 0
    return at + 2 if 2 * (at + 2) < len(data) else 0


class WholeDecoder:
    """Decodes one JSON answer."""

    def __init__(self, issuer: str) -> None:
        self._buffer = bytearray()
        self._reader = ChunkReader(issuer)
        self._out: list[Upstream] = []

    def feed(self, data: bytes) -> list[Upstream]:
        """Collects; an answer of over 64 MiB is a ProtocolViolation."""
        self._buffer += data
        if len(self._buffer) > MAX_ANSWER_BYTES:
            raise ProtocolViolation(f"an answer of over {MAX_ANSWER_BYTES} bytes")
        return []

    def end(self) -> list[Upstream]:
        """The whole answer."""
        try:
            answer = orjson.loads(bytes(self._buffer))
        except orjson.JSONDecodeError:
            raise ProtocolViolation("an answer that is not JSON") from None
        self._reader.chunk(answer, self._out)
        if self._reader.is_finished:
            self._out.append(Closed())
        return self.taken()

    def taken(self) -> list[Upstream]:
        """Events decoded by a call that then raised."""
        out, self._out = self._out, []
        return out


def read_usage(usage: dict[str, Any]) -> Usage:
    """Counts that are missing or no numbers are not told."""
    prompt = usage.get("prompt_tokens_details")
    output = usage.get("completion_tokens_details")
    cached = _count(prompt, "cached_tokens")
    return Usage(
        input_tokens=_count(usage, "prompt_tokens") or 0,
        output_tokens=_count(usage, "completion_tokens") or 0,
        cached_input_tokens=_count(usage, "prompt_cache_hit_tokens") if cached is None else cached,
        reasoning_tokens=_count(output, "reasoning_tokens"),
    )


def _count(holder: Any, name: str) -> int | None:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
