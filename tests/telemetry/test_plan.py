"""Where spans go: the configuration over OpenTelemetry's variables."""

from __future__ import annotations

import pytest

from sidecar.telemetry.plan import Batching, Certificates, Environment, Plan, plan
from sidecar.telemetry.resource import resource
from sidecar.telemetry.sampling import sampling

from .build import TRACE_ID, Configured

BASE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
LOW, HIGH = "0" * 31 + "1", "0" * 16 + "f" * 16
"""Trace ids that a ratio of one half keeps, and drops."""


def planned(env: dict[str, str], **configured: object) -> Plan:
    """The plan; there must be one, without problems."""
    found, problems = plan(Configured(**configured), env)  # type: ignore[arg-type]  # a test's own fields
    assert problems == []
    assert found is not None
    return found


def test_without_an_endpoint_there_is_no_plan() -> None:
    assert plan(Configured(), {}) == (None, [])


@pytest.mark.parametrize(
    "off",
    [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_SDK_DISABLED": "True"}, {"OTEL_TRACES_EXPORTER": "none"}],
)
def test_the_switches_of_opentelemetry_turn_tracing_off(off: dict[str, str]) -> None:
    assert plan(Configured(endpoint="http://configured"), {**BASE, **off}) == (None, [])


@pytest.mark.parametrize(
    ("env", "endpoint", "url"),
    [
        (BASE, None, "http://collector:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/base/"}, None, "http://c/base/v1/traces"),
        ({**BASE, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces:1/own"}, None, "http://traces:1/own"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces:1"}, None, "http://traces:1"),
        (BASE, "http://configured:1", "http://configured:1/v1/traces"),
        ({}, "http://configured:1/v1/traces", "http://configured:1/v1/traces"),
    ],
)
def test_the_path_is_added_to_the_general_endpoint_only(env: dict[str, str], endpoint: str | None, url: str) -> None:
    assert planned(env, endpoint=endpoint).url == url


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, "http://c:4317"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4317"}, "https://c:4317"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4317", "OTEL_EXPORTER_OTLP_INSECURE": "true"}, "http://c:4317"),
    ],
)
def test_grpc_has_no_path_and_needs_no_scheme(env: dict[str, str], url: str) -> None:
    found = planned({**env, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert (found.protocol, found.url) == ("grpc", url)


def test_the_variables_for_traces_win_over_the_general_ones() -> None:
    env = {
        **BASE,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=two%20words, c = 3",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "9000",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1500",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/cert",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": "/key",
    }
    assert planned(env) == Plan(
        url="http://collector:4318",
        protocol="grpc",
        headers=(("b", "two words"), ("c", "3")),
        timeout_s=1.5,
        is_gzip=True,
        certificates=Certificates("/ca", "/cert", "/key"),
    )


def test_the_configuration_wins_over_the_environment() -> None:
    env = {
        **BASE,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "9000",
    }
    found = planned(env, protocol="http/protobuf", headers=(("x", "y"),), export_timeout_s=0.5)
    assert (found.protocol, found.headers, found.timeout_s) == ("http/protobuf", (("x", "y"),), 0.5)


def test_the_bounds_of_the_queue_are_the_standard_ones() -> None:
    assert planned(BASE).batching == Batching(delay_s=5.0, max_queue=2048, max_batch=512, limit_s=30.0)
    env = {
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_BSP_MAX_QUEUE_SIZE": "64",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "128",
        "OTEL_BSP_EXPORT_TIMEOUT": "700",
    }
    assert planned({**BASE, **env}).batching == Batching(delay_s=0.1, max_queue=64, max_batch=64, limit_s=0.7)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ],
)
def test_a_variable_that_cannot_be_used_is_said_and_its_default_holds(variable: str, value: str) -> None:
    found, problems = plan(Configured(), {**BASE, variable: value})
    assert found == planned(BASE)
    assert len(problems) == 1
    assert variable in problems[0]


@pytest.mark.parametrize("url", ["collector:4318", "ftp://c", "http://", "http://c:99999", "http://[::1"])
def test_an_endpoint_that_is_no_url_is_said_without_showing_it(url: str) -> None:
    found, problems = plan(Configured(), {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
    assert found is None
    assert problems == ["the OTLP endpoint is no http or https URL; nothing is exported"]


@pytest.mark.parametrize("header", ["bad key=planted", "a=plan%0Ated", "a=plant%C3%A9d"])
def test_a_header_that_cannot_be_sent_is_left_out_without_showing_it(header: str) -> None:
    found, problems = plan(Configured(), {**BASE, "OTEL_EXPORTER_OTLP_HEADERS": f"{header},b=1"})
    assert found is not None
    assert found.headers == (("b", "1"),)
    assert problems == ["OTEL_EXPORTER_OTLP_HEADERS has a header that cannot be sent; it is left out"]


def test_headers_are_not_shown() -> None:
    assert "planted" not in repr(planned(BASE, headers=(("authorization", "planted"),)))


@pytest.mark.parametrize(
    ("env", "ratio", "root_low", "root_high", "with_sampled", "with_unsampled"),
    [
        ({}, None, True, True, True, False),
        ({}, 0.5, True, False, True, False),
        ({}, 0.0, False, False, True, False),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, None, False, False, False, False),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, 1.0, True, True, True, False),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, None, True, True, True, True),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"}, None, True, False, True, True),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, None, False, False, True, False),
        (
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"},
            *(None, True, False, True, False),
        ),
    ],
)
def test_sampling(
    env: dict[str, str], ratio: float | None, root_low: bool, root_high: bool, with_sampled: bool, with_unsampled: bool
) -> None:
    found = Environment(env)
    sampled = sampling(Configured(sample_ratio=ratio), found).sampled
    assert (sampled(LOW, None), sampled(HIGH, None)) == (root_low, root_high)
    assert (sampled(LOW, True), sampled(LOW, False)) == (with_sampled, with_unsampled)
    assert found.problems == []


@pytest.mark.parametrize(
    "env",
    [
        {"OTEL_TRACES_SAMPLER": "sometimes"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "half"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
    ],
)
def test_a_sampler_that_nobody_knows_is_said_and_everything_is_kept(env: dict[str, str]) -> None:
    found = Environment(env)
    assert sampling(Configured(), found).sampled(TRACE_ID, None)
    assert len(found.problems) == 1


def test_the_service_has_a_name_a_version_and_what_the_environment_adds() -> None:
    told = resource({"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=a%20b"}, "1.2.3")
    assert told["service.name"] == "other"
    assert told["service.version"] == "1.2.3"
    assert told["team"] == "a b"
    assert told["telemetry.sdk.language"] == "python"
    assert resource({"OTEL_SERVICE_NAME": "mine"}, "1")["service.name"] == "mine"
    assert resource({}, "1")["service.name"] == "remora"
