"""The conversation of a Messages request: roles, tool calls with their results, what it may end with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .text import Turn
from .wire import SignedBlock
from .wire_anthropic_block import Block, read_blocks
from .wire_anthropic_field import literal, record, refuse, typed

_ROLES = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; messages of one role that follow each other are one turn to the API."""

    role: str
    path: str
    blocks: tuple[Block, ...]


def read_messages(value: Any) -> tuple[Message, ...]:
    """Return the messages, after every check that concerns nothing else of the request."""
    found = tuple(
        _message(message, f"messages.{place}") for place, message in enumerate(typed(value, "messages", list))
    )
    if not found:
        refuse("messages: at least one message is required")
    if found[0].role != "user":
        refuse('messages: first message must use the "user" role')
    for message in found[:-1]:
        _check_content(message)
    if found[-1].role == "user":
        _check_content(found[-1])
    _check_calls(_merged(found))
    _check_end(found[-1])
    return found


def turns_of(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """Return the messages as turns; results of tools are turns of their own, before what else the user says."""
    return tuple(turn for message in messages for turn in _turns(message))


def signed_of(messages: Sequence[Message]) -> tuple[SignedBlock, ...]:
    """Return the reasoning in the messages that must be signed."""
    return tuple(
        SignedBlock(block.path, block.fields["thinking"], block.fields["signature"])
        if block.kind == "thinking"
        else SignedBlock(block.path, None, block.fields["data"])
        for message in messages
        for block in message.blocks
        if block.kind in ("thinking", "redacted_thinking")
    )


def loop_of(messages: Sequence[Message]) -> list[Message]:
    """Return the assistant's messages of the turn that the answer goes on with, newest first.

    They are those back to the last user's message that has anything but results of tools; none when the conversation
    ends with such a message.
    """
    found: list[Message] = []
    for message in reversed(messages):
        if message.role == "assistant":
            found.append(message)
        elif any(block.kind != "tool_result" for block in message.blocks):
            break
    return found


def _message(value: Any, path: str) -> Message:
    fields = record(value, path, ("role", "content"))
    if fields["role"] == "system":
        refuse(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" '
            "as an input message role."
        )
    role = literal(fields["role"], f"{path}.role", _ROLES)
    return Message(role, path, read_blocks(fields["content"], path, role))


def _check_content(message: Message) -> None:
    if not message.blocks:
        refuse(
            f"{message.path}: all messages must have non-empty content except for the optional final assistant message"
        )
    if message.role == "assistant" and message.blocks[-1].kind in ("thinking", "redacted_thinking"):
        refuse(f"{message.path}: The final block in an assistant message cannot be `{message.blocks[-1].kind}`.")


def _check_end(last: Message) -> None:
    if last.role != "assistant" or not last.blocks:
        return
    _check_content(last)
    text = last.blocks[-1].text
    if text != text.rstrip():
        refuse("messages: final assistant content cannot end with trailing whitespace")


def _check_calls(turns: Sequence[Message]) -> None:
    seen: set[str] = set()
    for place, turn in enumerate(turns):
        answers = turns[place + 1].blocks if place + 1 < len(turns) else ()
        called = list(_called(turn, seen))
        given = [block.fields["tool_use_id"] for block in _leading_results(answers)]
        missing = [block for block in called if block.fields["id"] not in given]
        if missing:
            ids = ", ".join(block.fields["id"] for block in missing)
            message = missing[0].path.partition(".content")[0]
            refuse(
                f"{message}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each "
                "`tool_use` block must have a corresponding `tool_result` block in the next message."
            )
        before = turns[place - 1].blocks if place else ()
        _check_results(turn, [block.fields["id"] for block in before if block.kind == "tool_use"])


def _called(turn: Message, seen: set[str]) -> Iterator[Block]:
    for block in turn.blocks:
        if block.kind == "tool_use":
            if block.fields["id"] in seen:
                refuse(f"{block.path}: `tool_use` ids must be unique")
            seen.add(block.fields["id"])
            yield block


def _check_results(turn: Message, called: list[str]) -> None:
    given: set[str] = set()
    for block in turn.blocks:
        if block.kind != "tool_result":
            continue
        name = block.fields["tool_use_id"]
        if name not in called:
            refuse(
                f"{block.path}: unexpected `tool_use_id` found in `tool_result` blocks: {name}. Each `tool_result` block "
                "must have a corresponding `tool_use` block in the previous message."
            )
        if name in given:
            refuse(
                f"{block.path}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
                f"{name}"
            )
        given.add(name)


def _leading_results(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind != "tool_result":
            return
        yield block


def _merged(messages: Sequence[Message]) -> list[Message]:
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.role:
            turns[-1] = Message(message.role, turns[-1].path, turns[-1].blocks + message.blocks)
        else:
            turns.append(message)
    return turns


def _turns(message: Message) -> Iterator[Turn]:
    results = [block for block in message.blocks if block.kind == "tool_result"]
    yield from (Turn("tool", _result_text(block.fields.get("content", ""))) for block in results)
    if len(results) < len(message.blocks) or not results:
        yield Turn(message.role, "".join(block.text for block in message.blocks))


def _result_text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
