"""Structured logs: one JSON object a line on stderr, redacted."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

import orjson

from ..core.redaction import Redactor
from .line_writer import LineHandler, LineWriter

FIELDS = ("error_id", "request_id", "trace_id", "span_id", "provider", "base_url", "model", "profile", "reason")
LEVELS = ("debug", "info", "warning", "error")


class JsonFormatter(logging.Formatter):
    """`ts` (UTC, milliseconds), `level`, `logger`, `message`, the known extra fields, and the exception's trace."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, str] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: str(record.__dict__[name]) for name in FIELDS if name in record.__dict__}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        return self._redactor.redact(orjson.dumps(line).decode())


def set_up(redactor: Redactor, level: str = "info", stream: TextIO | LineWriter | None = None) -> None:
    """Sends every log of the process through one redacting handler; to a LineWriter without ever blocking."""
    handler = LineHandler(stream) if isinstance(stream, LineWriter) else logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(redactor))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel("WARNING")
