"""Messages API, outgoing: the turns of a conversation, and the system prompt beside them.

Source: Anthropic's reference, "Create a Message", and its pages on tool use, thinking, prompt caching and system messages
inside a conversation. Turns of one role that follow each other are one turn; tool results come first in theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.content import Message, Reasoning, Role
from ..core.reasons import Reason
from .anthropic_content import Json, block_of, is_thinking
from .anthropic_family import Family
from .history import FOREIGN_LEFT_OUT, with_accepted_ids
from .repair import Repairs

MAX_CACHE_MARKS = 4
SYSTEM_MOVED = "system messages inside the conversation were moved to its beginning"
SYSTEM_ASKS = "system messages were sent as the user's, since there was no other turn"
BLANK_ASKED = "a conversation without any text was sent as a remark that it has none"
USER_BEGINS = "a user turn was put before the conversation, which must begin with one"
_BEGINNING = "(The conversation begins with the assistant.)"
_NOTHING = "(The message has no text.)"
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(slots=True)
class Turn:
    """One turn as sent: `role` is user, assistant or system. `is_own`: the target itself is known to have said it."""

    role: str
    blocks: list[Json]
    is_own: bool = False

    def as_json(self) -> Json:
        """The message; a lone text is sent as a string."""
        return {"role": self.role, "content": plain(self.blocks)}


@dataclass(slots=True)
class Conversation:
    """What is sent of the messages. At least one turn, the first of them the user's."""

    system: list[Json]
    turns: list[Turn]

    @property
    def is_begun(self) -> bool:
        """Whether the answer's beginning is given (prefill)."""
        return self.turns[-1].role == "assistant"

    @property
    def has_calls(self) -> bool:
        """Whether it holds tool calls or results."""
        return any(block["type"] in ("tool_use", "tool_result") for turn in self.turns for block in turn.blocks)

    @property
    def goes_on_without_thinking(self) -> bool:
        """Whether the answer goes on with tool calls that no thinking of its own came before: neither right before the last
        ones, nor, where the target itself called, at the beginning of what goes on (a model may think only there)."""
        going_on = list(self._going_on())
        if not any(block["type"] == "tool_use" for turn in going_on for block in turn.blocks):
            return False
        last, first = going_on[0], going_on[-1]
        return not is_thinking(last.blocks[0]) and not (last.is_own and is_thinking(first.blocks[0]))

    def _going_on(self) -> Iterator[Turn]:
        """The model's turns, newest first, back to a user turn of more than results; the last may say more beside them."""
        for turn in reversed(self.turns):
            results = [block["type"] == "tool_result" for block in turn.blocks]
            if turn.role == "assistant":
                yield turn
            elif turn.role == "user" and not (all(results) or (turn is self.turns[-1] and any(results))):
                return

    def drop_thinking_of_beginning(self) -> None:
        """With thinking off, the API refuses thinking in a turn the model is to go on with."""
        if self.is_begun:
            self.turns[-1].blocks = [block for block in self.turns[-1].blocks if not is_thinking(block)]

    def limit_cache_marks(self, most: int) -> None:
        """Keeps the last marks, which cover the longest prefixes. Longer lives must come before shorter ones."""
        marked = [block for block in self._blocks() if "cache_control" in block]
        for block in marked[: max(0, len(marked) - most)]:
            del block["cache_control"]
        is_long = False
        for block in reversed(marked[-most:]):
            is_long = is_long or "ttl" in block["cache_control"]
            if is_long:
                block["cache_control"] = {"type": "ephemeral", "ttl": "1h"}

    def _blocks(self) -> Iterator[Json]:
        yield from self.system
        for turn in self.turns:
            yield from turn.blocks


def conversation_of(messages: tuple[Message, ...], issuer: str, family: Family, told: Repairs) -> Conversation:
    """The conversation; what had to be left out or changed goes to `told`."""
    system: list[Json] = []
    turns: list[Turn] = []
    messages = with_accepted_ids(messages, lambda call_id: _ID.fullmatch(call_id) is not None)
    for i, message in enumerate(messages):
        blocks = _blocks_of(message, issuer, family, told)
        if message.role is not Role.SYSTEM:
            is_own = any(part.issuer == issuer for part in message.parts)
            turns.append(Turn("assistant" if message.role is Role.ASSISTANT else "user", blocks, is_own))
        elif family.takes_system_turns and _may_stay(messages, i):
            turns.append(Turn("system", blocks))
        else:
            system += blocks
            if turns:
                told.add(SYSTEM_MOVED, Reason.INVALID_REQUEST)
    turns = _closed(_joined(turns))
    if turns and turns[0].role == "system":  # the user turn it stood behind was blank
        system += turns.pop(0).blocks
    if not turns:
        told.add(SYSTEM_ASKS if system else BLANK_ASKED, Reason.INVALID_REQUEST)
        return Conversation([], [Turn("user", system or [_text(_NOTHING)])])
    if turns[0].role == "assistant":
        told.add(USER_BEGINS, Reason.INVALID_REQUEST)
        turns.insert(0, Turn("user", [_text(_BEGINNING)]))
    return Conversation(system, turns)


def plain(blocks: list[Json]) -> str | list[Json]:
    """Blocks as they are sent: one of nothing but text as a string."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        text: str = blocks[0]["text"]
        return text
    return blocks


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _blocks_of(message: Message, issuer: str, family: Family, told: Repairs) -> list[Json]:
    blocks = []
    for part in message.parts:
        block = block_of(part, issuer, takes_unsigned=not family.signs_thinking, told=told)
        if block is not None:
            blocks.append(block)
        elif isinstance(part.content, Reasoning):
            told.add(FOREIGN_LEFT_OUT, Reason.FOREIGN_REASONING)
    return blocks


def _may_stay(messages: tuple[Message, ...], i: int) -> bool:
    """A system message may stand right behind a user turn, with the model's turn or nothing behind it."""
    before = next((m.role for m in reversed(messages[:i]) if m.role is not Role.SYSTEM), None)
    behind = next((m.role for m in messages[i + 1 :] if m.role is not Role.SYSTEM), Role.ASSISTANT)
    return before in (Role.USER, Role.TOOL) and behind is Role.ASSISTANT


def _joined(turns: list[Turn]) -> list[Turn]:
    """Turns of one role as one, without empty ones; tool results before anything else of theirs."""
    out: list[Turn] = []
    for turn in turns:
        if not turn.blocks:
            continue
        if out and out[-1].role == turn.role:
            out[-1].blocks += turn.blocks
            out[-1].is_own = out[-1].is_own and turn.is_own
        else:
            out.append(turn)
    for turn in out:
        if turn.role == "user":
            turn.blocks.sort(key=lambda block: block["type"] != "tool_result")
    return out


def _closed(turns: list[Turn]) -> list[Turn]:
    """No assistant's turn may end in thinking, and a begun answer not in white space."""
    for turn in turns:
        while turn.role == "assistant" and turn.blocks and is_thinking(turn.blocks[-1]):
            turn.blocks.pop()
    turns = _joined(turns)
    if turns and turns[-1].role == "assistant" and turns[-1].blocks[-1]["type"] == "text":
        turns[-1].blocks[-1]["text"] = turns[-1].blocks[-1]["text"].rstrip()
    return turns
