"""Writes lines of log for the event loop, on a thread of its own: a reader that stalls or fails costs lines, never calls."""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, TextIO

import orjson

MAX_BYTES = 1024 * 1024
"""What may wait to be written: some 1,500 lines of the access log."""
MAX_PIECE_BYTES = 64 * 1024
"""What is written at once; a pipe holds as much."""
STOP_LIMIT_S = 0.5
Write = Callable[[bytes], int]
"""Writes some of the bytes and says how many; may block, may raise OSError or ValueError."""


class Lines(Protocol):
    """Where lines go: a text stream, or a LineWriter."""

    def write(self, text: str, /) -> object:
        """Takes whole lines."""
        ...


class Loss(StrEnum):
    """Why lines were lost."""

    QUEUE_FULL = "queue_full"
    FAILED = "failed"
    SHUTDOWN = "shutdown"


class LineWriter:
    """A queue of at most `max_bytes`, and the daemon thread that empties it, begun by the first line.

    `write` never blocks and never raises: what has no room, or cannot be written, is lost and counted. Once everything
    that waited was written, one line says how many were lost. Any thread may call any method.
    """

    def __init__(self, write: Write, max_bytes: int = MAX_BYTES) -> None:
        self.lost: Callable[[Loss, int], None] = lambda cause, number: None
        """Told how many more lines were lost, on the thread that noticed it."""
        self._write = write
        self._max_bytes = max_bytes
        self._queue: deque[bytes] = deque()
        self._bytes = 0  # of the queue and of the piece that is being written
        self._untold = 0
        self._is_mid_line = False
        self._is_closed = False
        self._thread: threading.Thread | None = None
        # Its lock may be taken again by its holder: what is collected meanwhile may log.
        self._changed = threading.Condition()

    def write(self, text: str, /) -> None:
        """Takes whole lines, each with its end; those that fit."""
        data = text.encode(errors="backslashreplace")
        with self._changed:
            kept = self._fitting(data)
            self._queue.extend(_pieces(kept))
            self._bytes += len(kept)
            if kept and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log lines", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if len(kept) < len(data):
            self.lose(Loss.SHUTDOWN if self._is_closed else Loss.QUEUE_FULL, data.count(b"\n", len(kept)))

    def lose(self, cause: Loss, number: int) -> None:
        """Counts lines that were lost, here or before they came here."""
        with self._changed:
            self._untold += number
        self.lost(cause, number)

    def stop(self, limit_s: float = STOP_LIMIT_S) -> bool:
        """Takes nothing more, and waits for at most `limit_s`, blocking; whether everything was written, or lost, by then."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._bytes, limit_s)

    def _fitting(self, data: bytes) -> bytes:
        room = 0 if self._is_closed else self._max_bytes - self._bytes
        return data if len(data) <= room else data[: data.rfind(b"\n", 0, max(0, room)) + 1]

    def _run(self) -> None:
        while (piece := self._next()) is not None:
            written = self._written(piece)
            if written < len(piece):
                self.lose(Loss.FAILED, piece.count(b"\n", written))
            elif self._untold and self._bytes == len(piece):
                self._tell(self._untold)
            with self._changed:
                self._bytes -= len(piece)
                self._changed.notify_all()

    def _next(self) -> bytes | None:
        """The next piece; None where there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closed)
            return self._queue.popleft() if self._queue else None

    def _tell(self, number: int) -> None:
        line = {
            "ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "warning",
            "logger": "remora.telemetry",
            "message": f"{number} lines of the log were lost: stderr was not read, or could not be written",
        }
        told = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if self._written(told) == len(told):
            with self._changed:
                self._untold -= number

    def _written(self, data: bytes) -> int:
        """How many of the bytes were written, all unless writing failed."""
        begun = b"\n" if self._is_mid_line else b""  # the rest of a line that failed is lost
        whole = begun + data
        done = 0
        try:
            while done < len(whole):
                done += self._write(whole[done:])
        except (OSError, ValueError):
            pass  # the stream is closed, full or broken; the caller counts
        if done:
            self._is_mid_line = whole[done - 1 : done] != b"\n"
        return max(0, done - len(begun))


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Whole lines, as many as may be written at once, and at least one."""
    start = 0
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + MAX_PIECE_BYTES) + 1 or lines.find(b"\n", start) + 1 or len(lines)
        yield lines[start:end]
        start = end


class LineHandler(logging.Handler):
    """Gives formatted records to `lines`. Raises nothing, and prints nothing: stderr may be what is broken."""

    def __init__(self, lines: LineWriter) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Gives one line."""
        try:
            line = self.format(record)
        except Exception:  # whatever a record holds, who logs it must go on
            self._lines.lose(Loss.FAILED, 1)
        else:
            self._lines.write(f"{line}\n")


def to_stderr() -> LineWriter:
    """To the file behind sys.stderr; to sys.stderr itself where it is an object without one."""
    stream: TextIO | None = sys.stderr
    if stream is None:
        return LineWriter(_refuse)
    try:
        return LineWriter(to_file(stream.fileno()))
    except (OSError, ValueError):
        return LineWriter(_to_stream(stream))


def to_file(descriptor: int) -> Write:
    """Writes to a file descriptor, which may be one that does not block: others may have made it so."""

    def write(data: bytes) -> int:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            writable = select.poll()
            writable.register(descriptor, select.POLLOUT)
            writable.poll()
            return 0

    return write


def _to_stream(stream: TextIO) -> Write:
    def write(data: bytes) -> int:
        stream.write(data.decode(errors="replace"))
        stream.flush()
        return len(data)

    return write


def _refuse(_: bytes) -> int:
    raise OSError("there is no stderr")
