"""Seconds as protobuf durations."""

from __future__ import annotations

import math

from google.protobuf.duration_pb2 import Duration


def duration(seconds: float) -> Duration:
    """A duration of that many seconds, to the nanosecond; ValueError for what is negative or not finite."""
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError("a duration must be a finite number of seconds, 0 or more")
    nanos = round(seconds * 1e9)
    return Duration(seconds=nanos // 10**9, nanos=nanos % 10**9)
