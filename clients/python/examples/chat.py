"""A conversation in the terminal that shows failovers as they happen. Run it: python examples/chat.py [MODEL]."""

from __future__ import annotations

import sys

from remora_client import (
    AttemptEnded,
    Client,
    Completed,
    Message,
    PartDiscarded,
    RemoraError,
    Restarted,
    Resumed,
    TextDelta,
    user,
)


def main(model: str | None) -> None:
    """Asks until the input ends; what failed is told and asked again with the next line."""
    conversation: list[Message] = []
    with Client() as remora:
        for line in iter(lambda: ask("> "), ""):
            try:
                conversation = answer(remora, model, [*conversation, user(line)])
            except RemoraError as error:
                print(f"\n[{error}]", file=sys.stderr)


def answer(remora: Client, model: str | None, conversation: list[Message]) -> list[Message]:
    """Prints an answer as it comes; the conversation with it."""
    with remora.chat(model, conversation, include_attempts=True) as stream:
        for event in stream:
            match event:
                case TextDelta(text):
                    print(text, end="", flush=True)
                case AttemptEnded(attempt) if attempt.reason:
                    print(f"[{attempt.target} failed: {attempt.reason}]", file=sys.stderr)
                case Resumed(target):
                    print(f" [{target} goes on] ", file=sys.stderr, end="", flush=True)
                case Restarted() | PartDiscarded():
                    print(f"\n[again]\n{stream.text_so_far}", end="", flush=True)
                case Completed(target=target):
                    print(f"\n[{target}]", file=sys.stderr)
        return [*conversation, stream.message]


def ask(prompt: str) -> str:
    """A line; empty at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        return ""


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
