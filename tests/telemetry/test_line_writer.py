"""Lines reach whoever reads them, and nobody else waits for that."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from sidecar.core.redaction import Redactor
from sidecar.telemetry.line_writer import LineHandler, LineWriter, Loss, to_file
from sidecar.telemetry.logs import JsonFormatter

LIMIT_S = 5.0


class Sink:
    """What was written. While `gate` is not set writing waits; with `failing` it fails after so many bytes."""

    def __init__(self) -> None:
        self.taken = b""
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failing: int | None = None

    def write(self, data: bytes) -> int:
        """Takes all, or a part and then fails."""
        self.entered.set()
        assert self.gate.wait(LIMIT_S)
        if self.failing is None:
            self.taken += data
            return len(data)
        if self.failing == 0:
            raise OSError(errno.ENOSPC, "full")
        data = data[: self.failing]
        self.failing -= len(data)
        self.taken += data
        return len(data)

    @property
    def lines(self) -> list[str]:
        return self.taken.decode().splitlines()


class Counted:
    """A writer and what it has counted."""

    def __init__(self, write: Callable[[bytes], int], max_bytes: int = 1000) -> None:
        self.losses: list[tuple[Loss, int]] = []
        self.writer = LineWriter(write, max_bytes)
        self.writer.lost = lambda cause, number: self.losses.append((cause, number))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A reading and a writing end, both non-blocking."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            pass  # the test has closed it


def test_lines_are_written_in_order_and_all_of_them_before_the_end() -> None:
    sink = Sink()
    made = Counted(sink.write, 100_000)
    for number in range(1000):
        made.writer.write(f"line {number}\n")
    assert made.writer.stop(LIMIT_S)
    assert sink.lines == [f"line {number}" for number in range(1000)]
    assert made.losses == []


def test_a_reader_that_stalls_stops_nobody_and_is_told_how_many_lines_were_lost() -> None:
    sink = Sink()
    sink.gate.clear()
    made = Counted(sink.write, 100)
    for number in range(1000):
        made.writer.write(f"line {number:04}\n")
    sink.gate.set()
    assert made.writer.stop(LIMIT_S)
    assert sink.lines[:10] == [f"line {number:04}" for number in range(10)]
    told = json.loads(sink.lines[10])
    assert told["message"].startswith("990 lines of the log were lost")
    assert (told["level"], told["logger"]) == ("warning", "remora.telemetry")
    assert sum(number for _, number in made.losses) == 990
    assert {cause for cause, _ in made.losses} == {Loss.QUEUE_FULL}


def test_of_many_lines_at_once_those_are_kept_that_fit() -> None:
    sink = Sink()
    made = Counted(sink.write, 25)
    made.writer.write("".join(f"line {number:04}\n" for number in range(5)))
    assert made.writer.stop(LIMIT_S)
    assert sink.lines[:2] == ["line 0000", "line 0001"]
    assert made.losses == [(Loss.QUEUE_FULL, 3)]


def test_what_cannot_be_written_is_lost_and_writing_goes_on_with_whole_lines() -> None:
    sink = Sink()
    sink.failing = 4
    made = Counted(sink.write)
    made.writer.write("first\n")
    until(lambda: made.losses)
    made.writer.write("second\n")
    until(lambda: len(made.losses) == 2)
    sink.failing = None
    made.writer.write("third\n")
    assert made.writer.stop(LIMIT_S)
    assert sink.lines[:2] == ["firs", "third"]
    assert json.loads(sink.lines[2])["message"].startswith("2 lines")
    assert made.losses == [(Loss.FAILED, 1), (Loss.FAILED, 1)]


def test_stopping_waits_for_no_longer_than_it_may_and_nothing_is_taken_afterwards() -> None:
    sink = Sink()
    sink.gate.clear()
    made = Counted(sink.write)
    made.writer.write("stuck\n")
    assert sink.entered.wait(LIMIT_S)
    assert not made.writer.stop(0.01)
    made.writer.write("late\n")
    assert made.losses == [(Loss.SHUTDOWN, 1)]
    sink.gate.set()


def test_stopping_what_was_never_used_takes_no_time() -> None:
    assert LineWriter(Sink().write).stop(0.0)


def test_a_pipe_that_does_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    made = Counted(to_file(end), 1_000_000)
    sent = b"".join(b"line %d\n" % number for number in range(30_000))
    made.writer.write(sent.decode())
    taken = b""
    while len(taken) < len(sent):
        try:
            taken += os.read(reader, 65_536)
        except BlockingIOError:
            pass  # the writer's turn
    assert taken == sent
    assert made.writer.stop(LIMIT_S)


def test_a_pipe_that_nobody_reads_any_more_raises_nothing(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    os.close(reader)
    made = Counted(to_file(end))
    made.writer.write("lost\n")
    assert made.writer.stop(LIMIT_S)
    assert made.losses == [(Loss.FAILED, 1)]


def test_what_is_no_valid_text_is_written_all_the_same() -> None:
    sink = Sink()
    made = Counted(sink.write)
    made.writer.write("half \ud800\n")
    assert made.writer.stop(LIMIT_S)
    assert sink.lines == ["half \\ud800"]


def test_logs_go_through_it_redacted_and_a_record_that_cannot_be_formatted_is_only_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sink = Sink()
    made = Counted(sink.write)
    handler = LineHandler(made.writer)
    handler.setFormatter(JsonFormatter(Redactor(["planted-secret-0123"])))
    handler.handle(logging.LogRecord("a", logging.INFO, "", 0, "has %s", ("planted-secret-0123",), None))
    handler.handle(logging.LogRecord("a", logging.INFO, "", 0, "too few %s %s", ("one",), None))
    assert made.writer.stop(LIMIT_S)
    assert json.loads(sink.lines[0])["message"] == "has [redacted]"
    assert made.losses == [(Loss.FAILED, 1)]
    assert capsys.readouterr().err == ""


def until(holds: Callable[[], object]) -> None:
    """Another thread's doing, waited for."""
    waited = threading.Event()
    for _ in range(500):
        if holds():
            return
        waited.wait(0.01)
    raise AssertionError("nothing happened in time")
