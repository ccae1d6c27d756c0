"""Telemetry as a whole: what rpcs leave at a collector, in metrics and in the log."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest

from sidecar.core.observation import Change, ChangeKind, Reading
from sidecar.core.redaction import Redactor
from sidecar.core.trace import Trace
from sidecar.telemetry.setup import TelemetryObserver, build

from .build import PROMPT, TRACE_ID, Configured, failed, operation, rpc
from .receiver import GrpcCollector, HttpCollector
from .test_senders import closed_port

SECRET = "planted-secret-value-0123"


def built(
    stream: io.StringIO | None = None, env: dict[str, str] | None = None, **configured: object
) -> TelemetryObserver:
    """Telemetry of a configuration."""
    out = stream or io.StringIO()
    settings = Configured(**configured)  # type: ignore[arg-type]  # a test's own fields
    return build(settings, env or {}, Redactor([SECRET]), lambda provider, model: True, lambda: out)


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
async def test_a_call_s_spans_arrive_at_the_collector(protocol: str) -> None:
    async with HttpCollector() if protocol != "grpc" else GrpcCollector() as collector:
        observer = built(endpoint=collector.url, protocol=protocol)
        observer.start()
        observer.rpc_ended(rpc(operation(failed(0, message=SECRET)), request_id=f"r-{SECRET}"))
        observer.settled()
        assert await observer.flush()
        await observer.stop()
    assert [span.kind for span in collector.spans] == ["SERVER", "INTERNAL", "CLIENT"]
    assert {span.resource["service.name"] for span in collector.spans} == {"remora"}
    sent = b"".join(arrival.body for arrival in collector.arrivals)
    assert SECRET.encode() not in sent
    assert PROMPT.encode() not in sent
    assert "remora_spans_exported_total 3.0" in observer.metrics.text("")[0].decode()


async def test_what_was_not_sampled_is_not_sent() -> None:
    async with HttpCollector() as collector:
        observer = built(endpoint=collector.url)
        observer.start()
        observer.rpc_ended(rpc(operation(), trace=Trace(TRACE_ID, "1" * 16, None, False)))
        observer.settled()
        await observer.stop()
    assert collector.arrivals == []


async def test_health_and_reflection_leave_no_spans_and_no_access_line() -> None:
    out = io.StringIO()
    async with HttpCollector() as collector:
        observer = built(out, endpoint=collector.url)
        observer.start()
        for service in ("remora.v1.HealthService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"):
            observer.rpc_started(service, "Check")
            observer.rpc_ended(rpc(service=service, method="Check"))
            observer.settled()
        await observer.stop()
    assert collector.arrivals == []
    assert out.getvalue() == ""
    assert 'method="grpc.health.v1.Health/Check"' in observer.metrics.text("")[0].decode()


async def test_a_dead_collector_holds_nobody_up_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    observer = built(endpoint=url, env={"OTEL_BSP_EXPORT_TIMEOUT": "50"})
    observer.start()
    for _ in range(3):
        observer.rpc_ended(rpc(operation()))
        observer.settled()
        assert await observer.flush()
    await observer.stop()
    assert len([record for record in caplog.records if record.name == "remora.telemetry"]) == 1
    assert 'remora_spans_dropped_total{cause="failed"} 9.0' in observer.metrics.text("")[0].decode()


async def test_an_access_line_has_a_redacted_request_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    out = io.StringIO()
    observer = built(out)
    observer.rpc_ended(rpc(operation(), request_id=f"r-{SECRET}"))
    observer.settled()
    assert json.loads(out.getvalue())["request_id"] == "r-[redacted]"


async def test_the_access_log_can_be_turned_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    out = io.StringIO()
    observer = built(out, access_log=False)
    observer.rpc_ended(rpc(operation()))
    observer.settled()
    assert out.getvalue() == ""


async def test_a_new_redactor_holds_from_then_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    out = io.StringIO()
    observer = built(out)
    observer.rpc_ended(rpc(operation(requested_model="another-secret")))
    observer.settled()
    observer.use(Redactor(["another-secret"]))
    observer.rpc_ended(rpc(operation(requested_model="another-secret")))
    observer.settled()
    assert [json.loads(line)["requested_model"] for line in out.getvalue().splitlines()] == [
        "another-secret",
        "[redacted]",
    ]


async def test_a_defect_of_telemetry_is_logged_and_does_not_reach_the_call(caplog: pytest.LogCaptureFixture) -> None:
    observer = built(endpoint="http://127.0.0.1:1")
    observer.rpc_ended(rpc(operation(), trace=Trace("no hexadecimal digits", "1" * 16, None, True)))
    observer.settled()
    assert "what happened could not be noted" in caplog.text


async def test_the_configuration_in_use_has_a_time_from_the_start() -> None:
    observer = built()
    observer.start()
    assert "remora_configuration_last_success_timestamp_seconds 0.0" not in observer.metrics.text("")[0].decode()


def test_changes_are_counted() -> None:
    observer = built()
    observer.read_from(lambda: Reading((), (), 7.0, 0, 0))
    observer.changed(Change(ChangeKind.OPENED, "c", "openai", "u", "gpt-x"))
    observer.changed(Change(ChangeKind.CLOSED, "c", "openai", "u", "gpt-x"))
    observer.changed(Change(ChangeKind.CONFIGURED, "c"))
    observer.changed(Change(ChangeKind.REFUSED, "c"))
    text = observer.metrics.text("")[0].decode()
    assert 'remora_breaker_openings_total{model="gpt-x",provider="openai"} 1.0' in text
    assert 'remora_configuration_reloads_total{outcome="applied"} 1.0' in text
    assert 'remora_configuration_reloads_total{outcome="refused"} 1.0' in text
    assert "remora_retry_budget_tokens 7.0" in text


async def test_without_an_endpoint_nothing_is_traced() -> None:
    observer = built()
    assert not observer.is_tracing
    assert not observer.sampled(TRACE_ID, True)
    observer.start()
    assert await observer.flush()
    await observer.stop()


def test_with_an_endpoint_the_sampler_decides() -> None:
    observer = built(endpoint="http://127.0.0.1:1", sample_ratio=0.0, propagate_upstream=True)
    assert observer.is_tracing
    assert observer.is_propagating
    assert observer.sampled(TRACE_ID, True)
    assert not observer.sampled(TRACE_ID, None)


async def test_certificates_that_cannot_be_used_end_tracing_and_not_the_sidecar(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for protocol in ("http/protobuf", "grpc"):
        env = {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/ca.pem"}
        observer = built(env=env, endpoint="https://127.0.0.1:1", protocol=protocol)
        observer.start()
        assert not observer.is_tracing
        observer.rpc_ended(rpc(operation()))
        observer.settled()
    assert "spans are not exported: No such file or directory" in caplog.text


async def test_a_variable_that_cannot_be_used_is_logged_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    observer = built(env={"OTEL_TRACES_SAMPLER": "sometimes"}, endpoint="http://127.0.0.1:1")
    assert not caplog.records
    observer.start()
    await observer.stop()
    assert "OTEL_TRACES_SAMPLER" in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "absent"),
    [("None", ("opentelemetry", "grpc", "aiohttp")), ("'http://127.0.0.1:1'", ("grpc", "opentelemetry.exporter"))],
)
def test_only_what_is_used_is_imported(endpoint: str, absent: tuple[str, ...]) -> None:
    script = (
        "import asyncio, sys\n"
        "from sidecar.core.redaction import Redactor\n"
        "from sidecar.config.settings import Telemetry\n"
        "from sidecar.telemetry.setup import build\n"
        "async def main():\n"
        f"    observer = build(Telemetry(endpoint={endpoint}), {{}}, Redactor([]), lambda p, m: True)\n"
        "    observer.start()\n"
        "    await observer.stop()\n"
        "asyncio.run(main())\n"
        f"print([name for name in {absent!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
