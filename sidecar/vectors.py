"""The command `remora classify FILE`: what would Remora make of these upstream answers?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import orjson
import yaml

from .core.classify import Verdict
from .providers.error_reader import PROTOCOLS, classify_answer


@dataclass(frozen=True, slots=True)
class _Vector:
    """One upstream answer. `now`: epoch seconds."""

    id: str
    protocol: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    now: float


class _Invalid(ValueError):
    """What is wrong with one entry, as a sentence."""


def run(path: str, out: TextIO, err: TextIO) -> int:
    """Prints for each entry of a file one JSON line, `{"id", "reason", "retry_after_s", "limit", "parameter"}`.

    The file: a YAML list of `id`, `protocol`, `status`, and optionally `headers`, `body` (absent: empty), `now`
    (RFC 3339 or epoch seconds; absent: the current time). Other fields are left alone. Returns the exit code: 1 where
    the file or any entry is not valid; then every problem is on `err` with its line, and nothing is on `out`.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        err.write(f"{path}: cannot be read: {error.strerror or type(error).__name__}\n")
        return 1
    try:
        entries = _entries(text)
    except (yaml.YAMLError, UnicodeDecodeError, _Invalid) as error:
        err.write(f"{path}: {_sentence(error)}\n")
        return 1
    vectors, problems = _checked(entries)
    for problem in problems:
        err.write(f"{path}:{problem}\n")
    if problems:
        return 1
    for vector in vectors:
        out.write(orjson.dumps(_line(vector)).decode() + "\n")
    return 0


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, _Invalid) else "is not YAML: " + " ".join(str(error).split())


def _entries(text: bytes) -> list[tuple[int, Any]]:
    """The entries with their lines, counted from 1."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            raise _Invalid("must be a YAML list of entries with id, protocol, status and body")
        lines = [node.start_mark.line + 1 for node in root.value]
        values = loader.construct_document(root)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, _Invalid) else _Invalid(f"is not YAML: {error}") from error
    finally:
        loader.dispose()
    return list(zip(lines, values, strict=True))


def _checked(entries: list[tuple[int, Any]]) -> tuple[list[_Vector], list[str]]:
    vectors, problems = [], []
    for number, (line, entry) in enumerate(entries, 1):
        try:
            vectors.append(_vector(entry))
        except _Invalid as error:
            name = entry.get("id") if isinstance(entry, dict) else None
            problems.append(f"{line}: entry {name if isinstance(name, str) else number}: {error}")
    return vectors, problems


def _vector(entry: object) -> _Vector:
    if not isinstance(entry, dict):
        raise _Invalid("must be a mapping")
    missing = [field for field in ("id", "protocol", "status") if entry.get(field) is None]
    if missing:
        raise _Invalid(f"{', '.join(missing)} missing")
    return _Vector(
        _identifier(entry["id"]),
        _protocol(entry["protocol"]),
        _status(entry["status"]),
        _headers(entry.get("headers")),
        _body(entry.get("body")),
        _now(entry.get("now")),
    )


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Invalid("id must be a text")
    return value


def _protocol(value: object) -> str:
    if not isinstance(value, str) or value not in PROTOCOLS:
        raise _Invalid(f"protocol must be one of {', '.join(PROTOCOLS)}, not {value!r}")
    return value


def _status(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 100 <= value <= 999:
        raise _Invalid("status must be a whole number from 100 to 999")
    return value


def _headers(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Invalid("headers must be a mapping of texts")
    headers = {}
    for name, text in value.items():
        if not isinstance(name, str) or isinstance(text, bool) or not isinstance(text, (str, int, float)):
            raise _Invalid(f"header {name!r} must be a text")
        headers[name] = str(text)
    return headers


def _body(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _Invalid("body must be a text")
    return value.encode(errors="surrogatepass")


def _now(value: object) -> float:
    if value is None:
        return time.time()
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _Invalid("now must be a time such as 2026-11-21T03:00:00Z") from None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e11:
        return float(value)
    raise _Invalid("now must be a time such as 2026-11-21T03:00:00Z")


def _line(vector: _Vector) -> dict[str, object]:
    verdict = classify_answer(vector.protocol, vector.status, vector.headers, vector.body, vector.now)
    return {
        "id": vector.id,
        "reason": verdict.reason.value,
        "retry_after_s": _seconds(verdict),
        "limit": verdict.limit,
        "parameter": verdict.parameter,
    }


def _seconds(verdict: Verdict) -> int | float | None:
    wait = verdict.retry_after_s
    return int(wait) if wait is not None and wait.is_integer() else wait
