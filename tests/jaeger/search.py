"""How a failed attempt is found in Jaeger: the searches that docs/observability.md names, and the section that has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .witness import Told

REQUEST_ID = "remora.request_id"


@dataclass(frozen=True, slots=True)
class Search:
    """One search for traces. tags: as typed into Jaeger's field; finds: whether it must find a call's trace."""

    question: str
    tags: Mapping[str, str]
    finds: Callable[[Told], bool]

    def __str__(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.tags.items())


def _has_reason(reason: str) -> Callable[[Told], bool]:
    return lambda told: any(attempt.reason == reason for attempt in told.report.attempts)


def _has_failed(told: Told) -> bool:
    return any(attempt.reason not in (None, "CANCELLED") for attempt in told.report.attempts)


def _has_waited(told: Told) -> bool:
    return any(attempt.wait_s for attempt in told.report.attempts)


SEARCHES = (
    Search("any attempt that failed", {"error": "true"}, _has_failed),
    Search("keys that ran into a limit", {"error.type": "RATE_LIMITED"}, _has_reason("RATE_LIMITED")),
    Search(
        "what a provider answered with 503",
        {"http.response.status_code": "503"},
        lambda told: any(attempt.upstream_status == 503 for attempt in told.report.attempts),
    ),
    Search(
        "calls that another target than the first answered",
        {"remora.failed_over": "true"},
        lambda told: told.report.failed_over,
    ),
    Search(
        "calls that failed for their caller",
        {"rpc.response.status_code": "UNAVAILABLE"},
        lambda told: told.code == "UNAVAILABLE",
    ),
    Search("calls that waited", {"event": "remora.wait"}, _has_waited),
    Search(
        "calls that passed over a target whose breaker is open",
        {"remora.skip.cause": "open"},
        lambda told: any(skipped.cause == "OPEN" for skipped in told.report.skipped),
    ),
)

_ROWS = "".join(f"| {one.question} | `{one}` |\n" for one in SEARCHES)

SECTION = f"""
### Finding a failed attempt in Jaeger

Jaeger takes OTLP itself: `OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318` is all that the sidecar needs. Every call is one
trace of the service `remora`, or a part of the calling service's own trace:

```
shop    checkout                                                  the calling service
shop      └ ask                                                   its CLIENT span; its traceparent came with the call
remora        └ remora.v1.ChatService/Chat                        the rpc: status, request id
remora            └ chat assistant                                the call: waits and skips as logs, who answered
remora                ├ chat large   error  SERVER_ERROR 503      an attempt, with provider, profile and host
remora                ├ chat large   error  SERVER_ERROR 503      the same target once more, after the wait
remora                └ chat small                                the next entry, which answered
```

A failed attempt is red, in a call that may well be green: the caller got its answer. In the search form choose the service
`remora` and type into *Tags*:

| what is looked for | *Tags* |
|---|---|
| one call, by the id in its error, its report or its log line | `remora.request_id=…` |
{_ROWS}
*Operation* narrows a search to one kind of span: `chat large` is the attempts on the model `large`, and `chat assistant` the
calls for the alias `assistant`. Several tags must be on the same span; those of an event count as its span's. In an open trace
the red span's tags say what happened: `error.type` is the reason, explained in [errors.md](errors.md),
`remora.upstream.code` and `remora.upstream.request_id` are what the provider's support asks for, and
`http.request.resend_count` tells a retry. What the provider wrote is not in a trace; `HealthService.GetReport` has it for ten
minutes, by `remora.request_id`. The line of the log that belongs to a trace has its id as `trace_id`.

The same without the page, for a script:

```sh
curl -sG http://jaeger:16686/api/traces --data-urlencode service=remora --data-urlencode 'tags={{"error.type":"RATE_LIMITED"}}'
```

`make jaeger-demo` plays the demo's stories against a Jaeger of its own, makes these searches, and judges every span by what
the callers were told; `make jaeger-demo KEEP=1` leaves that Jaeger running, to look at.
"""
"""The section of the page. That of a Jaeger built without its web page is the query API alone."""
