"""What a caller adds to the body of one wire protocol (`provider_options`), and what may not stand there."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import orjson

from ..core.content import Request
from ..core.errors import FieldError

Json = dict[str, Any]


def options_of(request: Request, protocol: str) -> Json:
    """The caller's options for a protocol, as the edge has let them through; empty where there are none."""
    text = request.provider_options.get(protocol)
    options: Json = orjson.loads(text) if text else {}
    return options


def refused_options(
    options: Json, path: str, *, reserved: Set[str], unsupported: Set[str] = frozenset()
) -> list[FieldError]:
    """Why options found at `path` of the request are refused, by name; empty where they may stand.

    `reserved`: what the request's own fields decide. `unsupported`: what no request of ours can do.
    """
    try:
        orjson.dumps(options)
    except orjson.JSONEncodeError:
        return [FieldError(path, "is nested too deeply")]
    return [
        FieldError(
            f"{path}.{name}", "is not supported" if name in unsupported else "is decided by the request's own fields"
        )
        for name in sorted((reserved | unsupported) & options.keys())
    ]
