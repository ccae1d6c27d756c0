"""`remora chat`: what a person at a terminal, and a pipe, get to see."""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from remora_client._pb import chat_pb2 as pb
from remora_client._pb import report_pb2
from remora_client.testing import FakeSidecar, completed, refuse

from sidecar.cli_chat import ChatSettings, add_chat_arguments, chat

R = pb.ChatResponse
FIRST = report_pb2.Target(provider="openai", model="gpt-x", profile="main")
SECOND = report_pb2.Target(provider="anthropic", model="claude-x", profile="main")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def fake() -> Iterator[FakeSidecar]:
    with FakeSidecar() as sidecar:
        yield sidecar


def ask(fake: FakeSidecar, text: str | None = "Hi", *, terminal: bool = False, **settings: Any) -> tuple[int, str, str]:
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    chosen = ChatSettings(address=fake.address, **settings)
    code = chat("smart", text, chosen, stdin=io.StringIO("from a pipe\n"), out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def failing_over(request: Any, context: Any) -> Iterator[pb.ChatResponse]:
    attempt = report_pb2.Attempt(index=1, target=FIRST, reason=4, upstream_status=429)  # type: ignore[arg-type]
    yield R(attempt=pb.AttemptEnded(attempt=attempt))
    yield R(started=pb.Started(target=SECOND, failed_over=True))
    yield R(text_delta=pb.TextDelta(text="Because"))
    yield R(resumed=pb.Resumed(target=FIRST, offset=7))
    yield R(text_delta=pb.TextDelta(text=" of \x1b[31mlight"))
    end = completed("Because of light", request)
    end.cost.nano_dollars = 1_200_000
    end.target.CopyFrom(FIRST)
    end.report.attempts.extend([attempt, report_pb2.Attempt(index=2)])
    yield R(completed=end)


def test_the_answer_goes_to_one_stream_and_what_happened_to_the_other(fake: FakeSidecar) -> None:
    fake.script = failing_over
    code, out, err = ask(fake)
    assert (code, out) == (0, "Because of \x1b[31mlight\n")
    assert err.splitlines() == [
        "↷ openai/gpt-x main RATE_LIMITED 429 → …",
        "→ anthropic/claude-x main",
        "↷ openai/gpt-x main goes on from here",
        "— openai/gpt-x main · 1 + 3 tokens · $0.001200 · 2 attempts · trace " + "0" * 31 + "1",
    ]


def test_a_terminal_gets_colours_and_no_control_characters_of_the_model(
    fake: FakeSidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    fake.script = failing_over
    _, out, err = ask(fake, terminal=True)
    assert out == "Because\n of [31mlight\n"
    assert err.startswith("\x1b[33m↷ openai/gpt-x main")


def test_quiet_leaves_the_answer_alone(fake: FakeSidecar) -> None:
    fake.script = failing_over
    code, _, err = ask(fake, quiet=True)
    assert (code, err) == (0, "")


def test_without_a_text_the_question_is_read_from_standard_input(fake: FakeSidecar) -> None:
    fake.answers("ok")
    assert ask(fake, None, instructions="Be brief.")[0] == 0
    request = fake.calls[0].request
    assert [message.parts[0].text for message in request.messages] == ["Be brief.", "from a pipe"]
    assert request.include_attempts


def test_no_question_is_a_usage_error(fake: FakeSidecar) -> None:
    assert ask(fake, "")[0] == 2
    assert fake.calls == []


def test_an_error_is_one_block_with_each_attempt(fake: FakeSidecar) -> None:
    def script(request: Any, context: grpc.ServicerContext) -> Any:
        report = report_pb2.FailoverReport()
        report.attempts.add(index=1, target=FIRST, reason=4, upstream_status=429, message="slow down")  # type: ignore[arg-type]
        report.skipped.add(target=SECOND, cause=report_pb2.SKIP_CAUSE_OPEN, message="open for 12 s")
        refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "2 entries failed", report)

    fake.script = script
    code, out, err = ask(fake)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "✗ 2 entries failed",
        "   1  openai/gpt-x main        RATE_LIMITED 429, 0.000 s  slow down",
        "   –  anthropic/claude-x main  skipped: OPEN, open for 12 s",
    ]


def test_an_error_says_when_to_come_back_and_what_to_ask_for(fake: FakeSidecar) -> None:
    fake.fails("RATE_LIMITED", grpc.StatusCode.RESOURCE_EXHAUSTED, "used up", retry_after_s=12)
    lines = ask(fake, quiet=True)[2].splitlines()
    assert lines == ["✗ RATE_LIMITED: used up", "  come back in 12 s", f"  request r-1 · trace {'0' * 31}1"]


def test_an_interrupt_cancels_the_call(fake: FakeSidecar) -> None:
    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            raise KeyboardInterrupt

    def script(request: Any, context: grpc.ServicerContext) -> Iterator[pb.ChatResponse]:
        while context.is_active():
            yield R(text_delta=pb.TextDelta(text="x"))
            time.sleep(0.01)

    fake.script = script
    settings = ChatSettings(address=fake.address)
    assert chat("smart", "Hi", settings, stdin=io.StringIO(), out=Interrupting(), err=io.StringIO()) == 130
    assert fake.calls[0].ended.wait(2)


def test_the_arguments_have_the_names_of_the_documentation() -> None:
    parser = argparse.ArgumentParser()
    add_chat_arguments(parser)
    args = parser.parse_args(["smart", "Hi", "-q", "--pin", "--fallback", "a", "--fallback", "b"])
    assert (args.model, args.text, args.quiet, args.pin, args.fallback) == ("smart", "Hi", True, True, ["a", "b"])
