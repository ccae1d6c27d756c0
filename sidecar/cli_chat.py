"""`remora chat`: a terminal caller that streams an answer and shows failovers as they happen."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from typing import TextIO

from remora_client import (
    Answer,
    AttemptEnded,
    ChatOptions,
    Client,
    Completed,
    Event,
    PartDiscarded,
    Policy,
    RefusalDelta,
    RemoraError,
    Restarted,
    Resumed,
    Started,
    TextDelta,
    ToolCallDelta,
    system,
    user,
)

from .cli_screen import TOKEN_HELP, Screen, drop_output

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


@dataclass(frozen=True)
class ChatSettings:
    """How `chat` asks. Absent is None: what the client or the configuration says. `timeout_s` in seconds, over 0."""

    address: str | None = None
    instructions: str | None = None
    timeout_s: float | None = None
    quiet: bool = False
    options: ChatOptions = field(default_factory=ChatOptions)


def add_chat_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `run_chat` takes."""
    parser.epilog = TOKEN_HELP
    parser.add_argument("model", help="an alias, a pool, provider/model-id, or a model id; '' for the default model")
    parser.add_argument("text", nargs="?", help="what to ask; absent or '-': read from standard input")
    parser.add_argument("--address", help="host:port or unix:///path (default: REMORA_ADDRESS, else 127.0.0.1:7650)")
    parser.add_argument("--system", metavar="TEXT", dest="instructions", help="instructions for the model")
    parser.add_argument("--timeout", metavar="SECONDS", dest="timeout_s", type=float, help="(default: 300)")
    parser.add_argument("--max-tokens", metavar="N", type=int, help="output tokens at the most")
    parser.add_argument("--temperature", metavar="T", type=float, help="0 to 2")
    parser.add_argument("--fallback", metavar="MODEL", action="append", help="a model to try next; may be repeated")
    parser.add_argument("--pin", action="store_true", help="no fallbacks: this model only; not with --fallback")
    parser.add_argument(
        "--on-stream-break",
        choices=["fail", "restart", "resume", "resume_or_restart", "buffer"],
        help="what to do when the answer breaks half-way",
    )
    parser.add_argument("--request-id", metavar="ID", help="a label, for `GetReport`")
    parser.add_argument("-q", "--quiet", action="store_true", help="the answer only; errors are still told")


def run_chat(args: argparse.Namespace) -> int:
    """`remora chat` with parsed arguments, on the process's own streams; the exit code."""
    text = None if args.text in (None, "-") else args.text
    policy = Policy(pin=args.pin or None, on_stream_break=args.on_stream_break)
    options: ChatOptions = {"policy": policy}
    if args.max_tokens is not None:
        options["max_output_tokens"] = args.max_tokens
    if args.temperature is not None:
        options["temperature"] = args.temperature
    if args.fallback:
        options["fallback_models"] = args.fallback
    if args.request_id is not None:
        options["request_id"] = args.request_id
    settings = ChatSettings(args.address, args.instructions, args.timeout_s, args.quiet, options)
    return chat(args.model, text, settings, stdin=sys.stdin, out=sys.stdout, err=sys.stderr)


def chat(model: str, text: str | None, settings: ChatSettings, *, stdin: TextIO, out: TextIO, err: TextIO) -> int:
    """Asks `model` and writes the answer to `out` as it comes, remarks to `err`.

    Without `text` the question is what `stdin` holds. Gives 0, 1 after an error, 2 for arguments that cannot be, 130
    after Ctrl-C, which cancels the call, and 141 when the reader of `out` has gone away.
    """
    screen = Screen(out, err, quiet=settings.quiet)
    try:
        _check(settings.options)
        return _chat(model, _question(text, stdin, screen), settings, screen)
    except RemoraError as error:
        screen.complain_of(error)
        return EXIT_FAILED
    except ValueError as error:
        screen.complain(f"✗ {error}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        screen.remark("cancelled", "yellow")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        drop_output(out)
        return EXIT_BROKEN_PIPE


def _chat(model: str, question: str, settings: ChatSettings, screen: Screen) -> int:
    instructions = [system(settings.instructions)] if settings.instructions else []
    options: ChatOptions = {**settings.options, "include_attempts": True}
    narrator = _Narrator(screen)
    with (
        Client(settings.address) as remora,
        remora.chat(model, [*instructions, user(question)], timeout_s=settings.timeout_s, **options) as stream,
    ):
        for event in stream:
            narrator.tell(event)
    return 0


def _check(options: ChatOptions) -> None:
    """ValueError for options that contradict each other."""
    policy = options.get("policy")
    if policy is not None and policy.pin and options.get("fallback_models"):
        raise ValueError("--pin and --fallback exclude each other: a pinned call has no fallbacks; leave one out")


def _question(text: str | None, stdin: TextIO, screen: Screen) -> str:
    """What to ask; ValueError for nothing."""
    if text is None:
        if stdin.isatty():
            screen.remark("reading the question from standard input; Ctrl-D ends it")
        text = stdin.read().strip()
    if not text:
        raise ValueError("there is no question: give a text, or write it to standard input")
    return text


class _Narrator:
    """Says what each event means to somebody who watches."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._has_failed = False
        self._text_parts: set[int] = set()

    def tell(self, event: Event) -> None:
        """Writes the answer's text, and a remark on what else happened."""
        match event:
            case TextDelta(piece, index) | RefusalDelta(piece, index):
                self._text_parts.add(index)
                self._screen.text(piece)
            case AttemptEnded(attempt) if attempt.reason is not None:
                self._has_failed = True
                status = f" {attempt.upstream_status}" if attempt.upstream_status is not None else ""
                self._screen.remark(f"↷ {attempt.target} {attempt.reason}{status} → …", "yellow")
            case Started(target, failed_over) if self._has_failed or failed_over:
                self._screen.remark(f"→ {target}", "green")
            case Resumed(target):
                self._screen.remark(f"↷ {target} goes on from here", "yellow")
            case Restarted(target):
                self._screen.remark(f"↷ {target} begins again: the text above is void", "yellow")
            case PartDiscarded(index) if index in self._text_parts:
                self._screen.remark("↷ the end of the text above is void", "yellow")
            case ToolCallDelta(name=name) if name:
                self._screen.remark(f"wants to call {name}")
            case Completed():
                self._screen.end_text()
                self._screen.remark(end_line(event))


def end_line(answer: Answer) -> str:
    """One line about a whole answer: target, finish, tokens, cost, attempts, trace id."""
    usage, cost = answer.usage, answer.cost
    attempts = len(answer.report.attempts) or 1
    items = [
        str(answer.target),
        "" if answer.finish_reason == "STOP" else f"ended by {answer.finish_reason}",
        f"{'~' if usage.estimated else ''}{usage.input_tokens} + {usage.output_tokens} tokens",
        f"{'~' if cost.estimated else ''}${cost.dollars:.6f}" if cost is not None else "cost not known",
        f"{attempts} attempt{'s' if attempts != 1 else ''}",
        f"trace {answer.trace_id}" if answer.trace_id else "",
    ]
    return "— " + " · ".join(item for item in items if item)
