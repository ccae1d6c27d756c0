"""The page docs/errors.md as it must be, from the table of reasons."""

from __future__ import annotations

from sidecar.core.reasons import TABLE

HEAD = """# Errors

A call ends in `completed` or in one gRPC error. Read `google.rpc.ErrorInfo` in the status details: its `reason` is one of
these (domain `remora`), its metadata always has `request_id` and `trace_id`, and where an attempt decided also `provider`,
`model`, `profile`, `upstream_status` and `upstream_code`. `RetryInfo` is there when a return is known,
`remora.v1.FailoverReport` tells of every attempt, and `HealthService.GetReport(request_id)` has the whole report for ten
minutes. The trailer `grpc-retry-pushback-ms: -1` says that Remora has done the retrying: a caller's own would only add to it.

A failed call's reason: what ended it early; else, over the last outcome of each entry, temporary beats permanent:
RATE_LIMITED if all temporary ones are that, else the first temporary one in chain order, else the first permanent one.

| reason | gRPC code | blames | same target again | then | health |
|---|---|---|---|---|---|
"""

MIDDLE = """
## What to do

"""


def errors_page() -> str:
    """The page, whole."""
    rows = "".join(
        f"| `{reason}` | {row.code} | {row.blame} | {row.again} | {row.then} | {row.effect} |\n"
        for reason, row in TABLE.items()
    )
    advice = "".join(f"- `{reason}`: {row.sentence}\n" for reason, row in TABLE.items())
    return HEAD + rows + MIDDLE + advice
