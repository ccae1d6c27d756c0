"""Fresh names for requests, traces and spans: random, not secret. One seed from the system, since asking it each time costs."""

from __future__ import annotations

import random
import secrets

_generator = random.Random(secrets.randbits(256))


def new_trace_id() -> str:
    """32 hexadecimal digits, not all zero (W3C Trace Context)."""
    return f"{_generator.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hexadecimal digits, not all zero."""
    return f"{_generator.getrandbits(64) or 1:016x}"


def new_request_id() -> str:
    """24 hexadecimal digits, for a call whose caller gave no id."""
    return f"{_generator.getrandbits(96):024x}"
