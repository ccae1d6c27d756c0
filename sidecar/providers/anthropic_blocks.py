"""Content blocks of the Messages API as events; shared by the streamed and the whole answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import ProtocolViolation
from ..core.events import Citation, Delta, Finish, Finished, Identity, Kind, PartCompleted, Upstream, UsageTold
from ..core.usage import Usage
from .anthropic_content import REDACTED, THINKING

FINISHES = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.CONTENT_FILTERED,
    "pause_turn": Finish.OTHER,
}
_KINDS = {
    "text": Kind.TEXT,
    "thinking": Kind.REASONING,
    "redacted_thinking": Kind.REASONING,
    "tool_use": Kind.TOOL_CALL,
}
_PIECES = {
    "text_delta": ("text", "text"),
    "input_json_delta": ("partial_json", "tool_use"),
    "thinking_delta": ("thinking", "thinking"),
}
"""The kinds of delta that carry content: the field it is in, and the type of block it belongs to."""


@dataclass(slots=True)
class _Block:
    """A block under way. `kind` None: it is passed over. `type`: as the API names it. `part`: numbered at its first content."""

    kind: Kind | None
    type: str = ""
    part: int | None = None
    state: list[str] = field(default_factory=list)
    has_text: bool = False


class BlockReader:
    """Appends events to `out`. `answer_tool`: the tool whose arguments are text of the answer.

    Reasoning that is not shown is a completed part without content; it is held back until a part with content is whole,
    since what comes before any content may still be taken back by a failover. Without any content it is worth nothing.
    """

    def __init__(self, issuer: str, answer_tool: str | None, out: list[Upstream]) -> None:
        self._issuer = issuer
        self._answer_tool = answer_tool
        self._out = out
        self._open: dict[Any, _Block] = {}
        self._parts = 0
        self._has_content = False
        self._has_calls = False
        self._unshown: list[Upstream] = []
        self._counts: dict[str, Any] = {}
        self.is_finished = False

    def message(self, message: dict[str, Any]) -> None:
        """The answer's id and model, and its usage so far."""
        response_id, model = message.get("id"), message.get("model")
        if isinstance(response_id, str) and response_id:
            self._out.append(Identity(response_id, model if isinstance(model, str) else ""))
        self.usage(message.get("usage"))

    def usage(self, usage: Any) -> None:
        """Counts replace those told before; what is not told again, or as nothing, stands: they only grow."""
        if isinstance(usage, dict):
            self._counts |= {name: value for name, value in usage.items() if value or name not in self._counts}
            self._out.append(UsageTold(read_usage(self._counts)))

    def begin(self, index: Any, block: dict[str, Any]) -> None:
        """A block begins; some vendors send it whole, and some never end the one before that had its index."""
        self.end(index)
        name = block.get("type")
        begun = self._open[_key(index)] = _Block(_KINDS.get(name), name) if isinstance(name, str) else _Block(None)
        match begun.kind:
            case Kind.TEXT:
                self._piece(begun, _string(block, "text"))
                citations = block.get("citations")
                for citation in citations if isinstance(citations, list) else ():
                    self._citation(begun, citation)
            case Kind.REASONING:
                self._piece(begun, _string(block, "thinking"))
                begun.state.append(_string(block, "data" if begun.type == "redacted_thinking" else "signature"))
            case Kind.TOOL_CALL:
                self._call(begun, block)
            case _:
                pass

    def delta(self, event: dict[str, Any]) -> None:
        """A piece of a block. Content of a block that never began, or of another type of block, is a ProtocolViolation:
        text would be missing, or taken for thinking."""
        delta = event.get("delta")
        if not isinstance(delta, dict):
            raise ProtocolViolation("a delta that is no JSON object")
        kind = delta.get("type")
        block = self._begun(event.get("index"))
        if block.kind is None or not isinstance(kind, str):
            return
        if kind in _PIECES:
            name, of_type = _PIECES[kind]
            if block.type != of_type:
                raise ProtocolViolation(f"a {kind} of a block of another type")
            self._piece(block, _string(delta, name))
        elif kind == "signature_delta":
            block.state.append(_string(delta, "signature"))
        elif kind == "citations_delta":
            self._citation(block, delta.get("citation"))

    def text(self, index: Any, text: str) -> None:
        """The same, of a delta that is known to be text."""
        self._piece(self._begun(index), text)

    def end(self, index: Any) -> None:
        """A block is whole."""
        block = self._open.pop(_key(index), None)
        if block is not None:
            self._complete(block)

    def stop_unexplained(self) -> None:
        """The answer is complete, though nothing said why."""
        self.stop("tool_use" if self._has_calls else "end_turn")

    def stop(self, reason: Any) -> None:
        """The answer is complete, if there is a reason: so are blocks nobody ended."""
        if not isinstance(reason, str) or self.is_finished:
            return
        self.is_finished = True
        while self._open:
            self._complete(self._open.pop(next(iter(self._open))))
        finish = FINISHES.get(reason, Finish.OTHER)
        if self._answer_tool is not None and finish is Finish.TOOL_CALLS and not self._has_calls:
            finish = Finish.STOP
        self._out.append(Finished(finish))

    def _begun(self, index: Any) -> _Block:
        block = self._open.get(_key(index))
        if block is None:
            raise ProtocolViolation("a delta of a block that has not begun")
        return block

    def _call(self, begun: _Block, block: dict[str, Any]) -> None:
        name, call_id = _string(block, "name"), _string(block, "id")
        if not name:
            raise ProtocolViolation("a tool call without a name")
        if name == self._answer_tool:
            begun.kind = Kind.TEXT
        else:
            self._has_calls = self._has_content = True
            part = self._number(begun)
            self._out.append(Delta(Kind.TOOL_CALL, part, "", call_id or f"call_{part}", name))
        self._piece(begun, _arguments(block.get("input")))

    def _piece(self, block: _Block, text: str) -> None:
        """A piece of content; pieces of one part that arrive together are one event."""
        kind = block.kind
        if not text or kind is None:
            return
        block.has_text = True
        part = block.part
        if part is None:
            part = self._number(block)
        last = self._out[-1] if self._out else None
        if isinstance(last, Delta) and last.part_index == part:
            self._out[-1] = Delta(kind, part, last.text + text, last.id, last.name)
            return
        self._out.append(Delta(kind, part, text))
        self._has_content = True

    def _citation(self, block: _Block, citation: Any) -> None:
        if isinstance(citation, dict) and block.kind is Kind.TEXT:
            part = self._number(block) if block.part is None else block.part
            uri = _told(citation, "url") or _told(citation, "source")
            title = _told(citation, "title") or _told(citation, "document_title")
            self._unless_empty(Citation(part, uri, title, _told(citation, "cited_text")))

    def _unless_empty(self, event: Upstream) -> None:
        """To the caller, or held back until a part with content is whole."""
        (self._out if self._has_content else self._unshown).append(event)

    def _complete(self, block: _Block) -> None:
        if block.type == "tool_use" and not block.has_text:
            self._piece(block, "{}")
        state = None
        if block.kind is Kind.REASONING and (opaque := "".join(block.state)):
            state = (REDACTED if block.type == "redacted_thinking" else THINKING) + opaque.encode("utf-8", "replace")
        if block.part is None and state is not None:
            self._number(block)
        if self._has_content:
            self._out += self._unshown
            self._unshown.clear()
        if block.part is not None:
            self._unless_empty(PartCompleted(block.part, self._issuer, state))

    def _number(self, block: _Block) -> int:
        block.part = self._parts
        self._parts += 1
        return block.part


def read_usage(counts: dict[str, Any]) -> Usage:
    """Usage as ours counts it: input includes what the cache gave and took, which the API counts beside it."""
    read, written = _count(counts, "cache_read_input_tokens"), _count(counts, "cache_creation_input_tokens")
    return Usage(
        input_tokens=(_count(counts, "input_tokens") or 0) + (read or 0) + (written or 0),
        output_tokens=_count(counts, "output_tokens") or 0,
        cached_input_tokens=read,
        cache_write_input_tokens=written,
        reasoning_tokens=_count(counts.get("output_tokens_details"), "thinking_tokens"),
    )


def _arguments(given: Any) -> str:
    """Arguments that come with a call's beginning; "" for none, as the API begins every call it streams. What is no object
    is kept for the caller to see; text is taken for the JSON some vendors make of it."""
    if isinstance(given, str):
        return given
    return "" if given is None or given == {} else json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def _key(index: Any) -> int | None:
    return index if isinstance(index, int) else None


def _string(holder: dict[str, Any], name: str) -> str:
    """A field that is a string; "" where it is not there."""
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ProtocolViolation(f"a {name} that is no string")
    return value


def _told(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _count(holder: Any, name: str) -> int | None:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
