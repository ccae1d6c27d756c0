"""The state file's content as text, and the names that stand for credentials in it.

One JSON object, all instants in epoch seconds:

    {"remora_state": 1, "salt": "…", "cooldowns": [
      {"key": "…", "model": "m" or null, "reason": "BILLING", "until": 1800003600.0, "stated_until": 1800000100.0 or null,
       "counts": [{"reason": "BILLING", "steps": 2, "decays_at": 1800086400.0}]}]}
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from typing import Any

import orjson

from ..core.cooldown import NEVER
from ..core.lasting import Count, Lasting, outlives
from ..core.reasons import Reason

VERSION = 1
MAX_ROWS = 1_000
"""A file holds no more cooldowns: those that end last."""
MAX_MODEL_CHARACTERS = 500
"""Longer model ids, which no configuration can have, get no row."""
SALT_BYTES = 16
_NAME_BYTES = 16
_COST = 2**14
"""Of one name: 16 MiB for about 50 ms."""

RowKey = tuple[str, str | None]
"""(name of a credential, model); None: with every model."""
Rows = dict[RowKey, Lasting]


class FormatError(ValueError):
    """A text that is no state file of this version. The message says why, without the text."""


@dataclass(frozen=True, slots=True)
class Content:
    """`salt`: of the names. `rows`: at most MAX_ROWS, instants in epoch seconds."""

    salt: bytes
    rows: Rows

    @classmethod
    def empty(cls) -> Content:
        """No rows, and a salt of its own."""
        return cls(os.urandom(SALT_BYTES), {})


def name_of(key_id: str, salt: bytes) -> str:
    """What a credential is called in a file with this salt.

    A key id is a hash keyed by the secret alone and made in a microsecond: enough inside a process, but whoever got hold
    of a file with key ids could try a list of likely secrets against it, a thousand million a second, and against many
    files at once. So a file has scrypt of the key id (RFC 7914, N = 2^14, r = 8, p = 1) with a random salt of its own:
    each guess costs 16 MiB and some 50 ms, for one file. Keys that providers give out cannot be guessed either way.
    """
    return hashlib.scrypt(key_id.encode(), salt=salt, n=_COST, r=8, p=1, dklen=_NAME_BYTES).hex()


def rendered(content: Content) -> bytes:
    """The text of a file."""
    rows = [_rendered_row(key, lasting) for key, lasting in content.rows.items()]
    return orjson.dumps(
        {"remora_state": VERSION, "salt": content.salt.hex(), "cooldowns": rows},
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _rendered_row(key: RowKey, lasting: Lasting) -> dict[str, Any]:
    name, model = key
    counts = [{"reason": one.reason, "steps": one.steps, "decays_at": one.decays_at} for one in lasting.counts]
    return {
        "key": name,
        "model": model,
        "reason": lasting.reason,
        "until": lasting.until,
        "stated_until": lasting.stated_until if lasting.stated_until > NEVER else None,
        "counts": counts,
    }


def parsed(text: bytes) -> Content:
    """What a file says. Raises FormatError for anything that `rendered` would not have written."""
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise FormatError("it is not JSON") from None
    if not isinstance(data, dict) or "remora_state" not in data:
        raise FormatError("it is not a state file")
    if data["remora_state"] != VERSION:
        raise FormatError("it is of another version")
    try:
        salt, rows = bytes.fromhex(data["salt"]), dict(_row(row) for row in data["cooldowns"])
    except (KeyError, TypeError, ValueError):
        raise FormatError("it has a row that no sidecar wrote") from None
    if len(salt) != SALT_BYTES or len(rows) > MAX_ROWS:
        raise FormatError("it is not as a sidecar wrote it")
    return Content(salt, rows)


def _row(row: dict[str, Any]) -> tuple[RowKey, Lasting]:
    stated = row["stated_until"]
    counts = tuple(
        Count(_reason(one["reason"]), _steps(one["steps"]), _instant(one["decays_at"])) for one in row["counts"]
    )
    stated_until = NEVER if stated is None else _instant(stated)
    key = _text(row["key"]), None if row["model"] is None else _text(row["model"])
    return key, Lasting(_reason(row["reason"]), _instant(row["until"]), stated_until, counts)


def _reason(value: object) -> Reason:
    reason = Reason(_text(value))
    if not outlives(reason):
        raise ValueError(reason)
    return reason


def _instant(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _steps(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_MODEL_CHARACTERS:
        raise ValueError
    return value
