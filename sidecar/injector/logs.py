"""The injector's log: one JSON object a line on stderr, in the shape of the sidecar's."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

LEVELS = ("debug", "info", "warning", "error")
_LOGGER = logging.getLogger("remora.injector")


class JsonFormatter(logging.Formatter):
    """`ts` (UTC, milliseconds), `level`, `logger`, `message`, then the fields of `tell`; of an exception only its kind,
    since its text may quote a pod."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= record.__dict__.get("fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return orjson.dumps(line, default=str).decode()


def set_up(level: str = "info", stream: TextIO | None = None) -> None:
    """Sends every log of the process to `stream`, stderr if None."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel("WARNING")


def tell(level: str, message: str, **fields: str | int | float | bool) -> None:
    """One line. Never give it values of a pod other than its names."""
    _LOGGER.log(logging.getLevelNamesMapping()[level.upper()], "%s", message, extra={"fields": fields})
