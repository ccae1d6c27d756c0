"""What /metrics says."""

from __future__ import annotations

import re
from pathlib import Path

from sidecar.core.breaker import BreakerState
from sidecar.core.catalog import Entry
from sidecar.core.observation import EntryReading, ProfileReading, Reading
from sidecar.core.reasons import Reason
from sidecar.core.report import Repair, SkipCause, Skipped
from sidecar.core.usage import Usage
from sidecar.telemetry import names
from sidecar.telemetry.export import Drop
from sidecar.telemetry.metrics import Metrics
from sidecar.telemetry.names import Generation

from ..conftest import Golden
from .build import attempt, failed, operation, rpc, target

GOLDEN = Path(__file__).parent / "golden"
DECLARED = {("openai", "gpt-x"), ("groq", "llama-x")}
URL = "https://openai.example/v1"
READING = Reading(
    entries=(
        EntryReading("openai", URL, "gpt-x", BreakerState.OPEN, 12.5, True),
        EntryReading("openai", URL, "invented-1", BreakerState.CLOSED, 3.0, False),
        EntryReading("openai", URL, "invented-2", BreakerState.CLOSED, 7.0, False),
    ),
    profiles=(
        ProfileReading("openai", "main", None, 60.0),
        ProfileReading("openai", "main", "invented-1", 5.0),
        ProfileReading("openai", "main", "gpt-x", 4.0),
    ),
    retry_tokens=8.5,
    calls_under_way=3,
    bytes_in_flight=4096,
)


def is_declared(provider: str, model: str) -> bool:
    """Two models are configured."""
    return (provider, model) in DECLARED


def told(metrics: Metrics) -> dict[str, float]:
    """Every sample that is not a bucket and not of the process."""
    text = metrics.text("")[0].decode()
    pairs = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs if "_bucket" not in name and not name.startswith("process_")}


def call(metrics: Metrics) -> None:
    """One that failed over."""
    made = operation(
        failed(0),
        attempt(1, target=target("groq", "llama-x"), usage=Usage(10, 20, 4, 3, 5)),
        skipped=(Skipped(Entry("openai", "invented"), SkipCause.COOLING, "cools"),),
        repairs=(Repair(0, Reason.UNSUPPORTED_PARAMETER, "dropped"),),
    )
    metrics.rpc_started("remora.v1.ChatService", "Chat")
    for record in made.report.attempts:
        metrics.attempt_started(record.target.entry.provider, record.target.entry.model)
        metrics.attempt_ended(record)
    metrics.rpc_ended(rpc(made))


def full() -> Metrics:
    """With everything counted at least once, but what a clock tells."""
    metrics = Metrics(is_declared, "1.2.3", frozenset(Generation))
    metrics.read_from(lambda: READING)
    call(metrics)
    metrics.attempt_started("openai", "gpt-x")
    metrics.attempt_ended(attempt(embeds=True, is_streamed=False, usage=Usage(7, 0)))
    metrics.opened("openai", "gpt-x")
    metrics.opened("openai", "invented")
    metrics.reloaded(is_applied=False)
    metrics.spans_exported(3)
    metrics.spans_dropped(Drop.QUEUE_FULL, 2)
    return metrics


def test_the_page_of_metrics_is_exactly_this(golden: Golden) -> None:
    text = full().text("")[0].decode()
    lines = [line for line in text.splitlines() if not re.match(r"(# (HELP|TYPE) )?process_", line)]
    golden(GOLDEN / "metrics.txt", re.sub(r'python="[^"]*"', 'python="3"', "\n".join(lines)) + "\n")


def test_every_series_and_label_is_documented() -> None:
    metrics = full()
    for family in metrics.registry.collect():
        if family.name.startswith("process_"):
            continue
        names_of = {sample.name for sample in family.samples} | {family.name}
        documented = [names.METRICS[name] for name in names_of if name in names.METRICS]
        assert documented, family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(documented[0].labels)


def test_every_documented_metric_is_told_once_something_was_counted() -> None:
    text = full().text("")[0].decode()
    for name in names.METRICS:
        assert f"# TYPE {name} " in text or f"# TYPE {name.removesuffix('_total')} " in text, name


def test_a_call_is_in_flight_until_it_ends() -> None:
    metrics = Metrics(is_declared, "1")
    metrics.rpc_started("remora.v1.ChatService", "Chat")
    metrics.attempt_started("openai", "gpt-x")
    assert told(metrics)['remora_rpcs_in_flight{method="remora.v1.ChatService/Chat"}'] == 1
    assert told(metrics)['remora_attempts_in_flight{model="gpt-x",provider="openai"}'] == 1
    metrics.attempt_ended(attempt())
    metrics.rpc_ended(rpc(operation()))
    assert told(metrics)['remora_rpcs_in_flight{method="remora.v1.ChatService/Chat"}'] == 0
    assert told(metrics)['remora_attempts_in_flight{model="gpt-x",provider="openai"}'] == 0


def test_models_that_nobody_configured_share_one_label() -> None:
    metrics = Metrics(is_declared, "1")
    for number in range(50):
        made = attempt(target=target(model=f"invented-{number}"))
        metrics.attempt_started("openai", f"invented-{number}")
        metrics.attempt_ended(made)
    text = metrics.text("")[0].decode()
    assert "invented" not in text
    assert told(metrics)['remora_attempts_total{kind="first",model="other",provider="openai",reason=""}'] == 50


def test_a_model_that_is_declared_later_gets_its_label_and_what_is_in_flight_stays_even() -> None:
    declared: set[str] = set()
    metrics = Metrics(lambda _, model: model in declared, "1")
    metrics.attempt_started("openai", "gpt-x")
    metrics.attempt_ended(attempt())
    metrics.attempt_started("openai", "gpt-x")
    declared.add("gpt-x")
    metrics.reloaded(is_applied=True)
    metrics.attempt_ended(attempt())
    assert told(metrics)['remora_attempts_total{kind="first",model="gpt-x",provider="openai",reason=""}'] == 1
    assert told(metrics)['remora_attempts_in_flight{model="other",provider="openai"}'] == 0


def test_many_models_do_not_grow_what_is_kept() -> None:
    metrics = Metrics(is_declared, "1")
    for number in range(2500):
        metrics.attempt_started("openai", f"invented-{number}")
        metrics.attempt_ended(attempt(target=target(model=f"invented-{number}")))
    assert len(metrics._attempts._targets) <= 1024
    assert told(metrics)['remora_attempts_in_flight{model="other",provider="openai"}'] == 0


def test_an_applied_configuration_has_its_time() -> None:
    metrics = Metrics(is_declared, "1")
    metrics.reloaded(is_applied=True)
    assert told(metrics)["remora_configuration_last_success_timestamp_seconds"] > 0
    assert told(metrics)['remora_configuration_reloads_total{outcome="applied"}'] == 1


def test_openmetrics_is_told_to_who_accepts_it() -> None:
    body, content_type = full().text("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_old_names_are_left_out_by_default() -> None:
    metrics = Metrics(is_declared, "1")
    call(metrics)
    text = metrics.text("")[0].decode()
    assert not [name for name, metric in names.METRICS.items() if metric.old is not None and name in text]


def test_the_first_content_of_a_call_that_broke_off_later_is_counted() -> None:
    metrics = Metrics(is_declared, "1.2.3", frozenset(Generation))
    broken = failed(0, Reason.STREAM_BROKEN, first_content_s=0.25)
    metrics.rpc_ended(rpc(operation(broken, first_content_s=0.25)))
    metrics.rpc_ended(rpc(operation(failed(0))))
    found = told(metrics)
    assert found['remora_operation_first_content_seconds_count{failed_over="false"}'] == 1
    assert found['remora_operation_first_content_seconds_sum{failed_over="false"}'] == 0.25
