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

from sidecar.cli import main
from sidecar.cli_chat import ChatSettings, add_chat_arguments, chat
from sidecar.cli_screen import wait

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


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (0.04, "0.1 s"), (1.5, "1.5 s"), (9.96, "10 s"), (59, "59 s"), (119.2, "2 min"), (121, "2.1 min"),
     (3600, "60 min"), (7199.5, "2 h"), (9000, "2.5 h"), (2 * 86400, "2 days"), (1.5e8, "1737 days")],
)  # fmt: skip
def test_a_wait_is_said_in_the_unit_people_would_use(seconds: float, shown: str) -> None:
    assert wait(seconds) == shown


def test_a_long_wait_is_not_in_powers_of_ten(fake: FakeSidecar) -> None:
    fake.fails("QUOTA_EXHAUSTED", grpc.StatusCode.RESOURCE_EXHAUSTED, "used up", retry_after_s=3600)
    assert "  come back in 60 min" in ask(fake)[2].splitlines()


def test_a_missing_token_is_told_with_the_variable_to_set(fake: FakeSidecar) -> None:
    fake.fails("CALLER_UNAUTHENTICATED", grpc.StatusCode.UNAUTHENTICATED, "send the sidecar's token")
    code, _, err = ask(fake)
    assert code == 1
    assert err.splitlines()[:2] == [
        "✗ CALLER_UNAUTHENTICATED: send the sidecar's token",
        "  set REMORA_TOKEN to the sidecar's token",
    ]


def test_the_token_of_the_environment_is_sent(fake: FakeSidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMORA_TOKEN", "of-the-environment")
    fake.answers("ok")
    assert ask(fake)[0] == 0
    assert fake.calls[0].metadata["authorization"] == "Bearer of-the-environment"


@pytest.mark.parametrize("command", ["chat", "health"])
def test_the_help_names_the_variable_of_the_token(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "REMORA_TOKEN" in capsys.readouterr().out


def test_a_pinned_call_with_fallbacks_is_a_usage_error(
    fake: FakeSidecar, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REMORA_ADDRESS", fake.address)
    assert main(["chat", "smart", "Hi", "--pin", "--fallback", "other"]) == 2
    assert capsys.readouterr().err == (
        "✗ --pin and --fallback exclude each other: a pinned call has no fallbacks; leave one out\n"
    )
    assert fake.calls == []


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("smart --max-tokens 5 Hi", "Hi"),
        ("smart Hi --max-tokens 5", "Hi"),
        ("--max-tokens 5 smart Hi", "Hi"),
        ("-q smart --max-tokens 5 Hi --pin", "Hi"),
        ("smart -q --max-tokens=5 -- --pin", "--pin"),
        ("--max-tokens 5 -- smart -q", "-q"),
        ("smart --max-tokens 5 -3", "-3"),
        ("smart --max-tokens 5", "from a pipe"),
        ("--max-tokens 5 smart", "from a pipe"),
        ("smart --max-tokens 5 -", "from a pipe"),
    ],
)
def test_options_and_words_come_in_any_order(
    fake: FakeSidecar, monkeypatch: pytest.MonkeyPatch, line: str, asked: str
) -> None:
    monkeypatch.setenv("REMORA_ADDRESS", fake.address)
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    fake.answers("ok")
    assert main(["chat", *line.split()]) == 0
    request = fake.calls[0].request
    assert (request.model, request.messages[0].parts[0].text) == ("smart", asked)
    assert request.max_output_tokens == 5


@pytest.mark.parametrize("line", ["", "-q", "a b c", "a -q b c", "a b -q c", "a -q --what", "a -q b -- c"])
def test_a_wrong_number_of_words_is_told_with_the_usage_of_the_command(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["chat", *line.split()])
    err = capsys.readouterr().err
    assert (ended.value.code, err.startswith("usage: remora chat ")) == (2, True)
    assert "remora chat: error: " in err


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
