"""The page docs/observability.md as it must be, from the names."""

from __future__ import annotations

from sidecar.telemetry import access_log, names
from sidecar.telemetry.names import Attribute, Metric
from tests.jaeger.search import SECTION as JAEGER

HEAD = """# Observability

Traces over OTLP, metrics for Prometheus, and structured logs. No key is in any of them; prompts, answers and the words of
providers are in none of them either, unless `telemetry.capture_content` puts them into spans.

## Traces

Nothing is traced until there is an endpoint, in the configuration or in the environment:

```yaml
telemetry:
  endpoint: http://otel-collector:4318   # over HTTP; with protocol: grpc the port is usually 4317
  headers: {authorization: env:OTEL_TOKEN}
  sample_ratio: 0.1                       # of traces that begin here
```

What the configuration leaves out is taken from OpenTelemetry's standard variables; durations in them are milliseconds.

| variable | what it does here |
|---|---|
| `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER` | `true`, or `none`: no traces, whatever is configured |
| `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | where to; `/v1/traces` is added to the first only |
| `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` (default) or `grpc` |
| `OTEL_EXPORTER_OTLP_HEADERS` | `name=value,…`, values percent-encoded |
| `OTEL_EXPORTER_OTLP_TIMEOUT` | of one request; 2000 where nothing is said |
| `OTEL_EXPORTER_OTLP_COMPRESSION` | `gzip` or `none` |
| `OTEL_EXPORTER_OTLP_CERTIFICATE`, `…_CLIENT_CERTIFICATE`, `…_CLIENT_KEY` | PEM files |
| `OTEL_EXPORTER_OTLP_INSECURE` | for gRPC with an endpoint that has no scheme: `true` for no TLS |
| `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | the resource; the service is `remora` where nothing is said |
| `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `parentbased_always_on` (default) and its five siblings |
| `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_QUEUE_SIZE` | 5000, and 2048 spans: what has no room is dropped and counted |
| `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_EXPORT_TIMEOUT` | 512 spans, and 30000 with all retries |
| `OTEL_SEMCONV_STABILITY_OPT_IN` | old names beside the new: `gen_ai/dup` or `gen_ai_latest_experimental/dup`, `rpc/dup` |

The exporter variables have forms for traces alone (`OTEL_EXPORTER_OTLP_TRACES_…`), which win. A collector that is down costs
no call anything: its spans are dropped after their retries, one line in the log says so, and another when it is back. A stop
waits for it at most two seconds.

Each rpc of `remora.v1.ChatService` gives one SERVER span, named after the method, in the caller's trace if it sent a
`traceparent`. Below it is one INTERNAL span `chat {model asked for}` for the call, and below that one CLIENT span
`chat {model}` for each upstream call. Health, reflection and probes give none. With `telemetry.propagate_upstream` providers
are sent the `traceparent` of their attempt. The status is an error where the conventions say so: of an rpc for codes that are
the server's fault, of a call unless its caller cancelled it, of every attempt that failed.

### Attributes

| attribute | on | meaning |
|---|---|---|
"""

EVENTS = """
### Events of the call's span

| event | meaning |
|---|---|
"""

METRICS = """
## Metrics

`GET /metrics` on `listen.probe`, as text or OpenMetrics. Names with `_total` are counters, with `_seconds` mostly histograms.
Only models that a configuration names are labels; all others are `other`. Beside these stand the `process_…` metrics.

| metric | type | labels | meaning |
|---|---|---|---|
"""

LABELS = """
### Labels

| label | value |
|---|---|
"""

PROBES = """
## Probes

`listen.probe` serves `GET /healthz` (200 while the process lives), `GET /readyz` (200 while it is configured, listening and
not draining; 503 otherwise) and `GET /metrics`, and nothing else.

## Logs

One JSON object a line on stderr: `ts`, `level`, `logger`, `message`, and where they are known `request_id`, `trace_id`,
`span_id`, `provider`, `base_url`, `model`, `profile`, `reason`, `error_id`. Breakers that open are warnings with their cause,
those that close information; a refused configuration is an error, and the old one stays.

Lines are written beside the calls, which never wait for whoever reads stderr. While it is not read at most 1 MiB of lines
waits; what has no room, or cannot be written, is lost and counted in `remora_log_lines_dropped_total`, and one line says how
many were lost once the others are written. A stop waits for the last lines for at most half a second.

Each rpc of ChatService leaves one line of the logger `remora.access` at level info (`telemetry.access_log: false` turns it
off). It always has all of these fields, null where a value is not known:

| field | meaning |
|---|---|
"""

OLD = " *Old name, only where asked for.*"


def observability_page() -> str:
    """The page, whole."""
    attributes = "".join(map(_attribute_row, names.ATTRIBUTES.values()))
    events = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in names.EVENTS.items())
    metrics = "".join(map(_metric_row, names.METRICS.values()))
    labels = "".join(f"| `{name}` | {value} |\n" for name, value in names.LABELS.items())
    fields = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in access_log.FIELDS.items())
    return HEAD + attributes + EVENTS + events + JAEGER + METRICS + metrics + LABELS + labels + PROBES + fields


def _attribute_row(attribute: Attribute) -> str:
    old = OLD if attribute.old is not None else ""
    return f"| `{attribute.name}` | {', '.join(attribute.where)} | {attribute.meaning}.{old} |\n"


def _metric_row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    old = OLD if metric.old is not None else ""
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning}.{old} |\n"
