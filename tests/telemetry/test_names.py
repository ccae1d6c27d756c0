"""Names: documented, used, and each in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sidecar.core.reasons import Code
from sidecar.core.report import SkipCause
from sidecar.telemetry import names
from sidecar.telemetry.export import Drop
from sidecar.telemetry.line_writer import Loss
from sidecar.telemetry.names import Generation

from ..conftest import Golden
from .documentation import observability_page

ROOT = Path(__file__).parents[2]
TELEMETRY = ROOT / "sidecar" / "telemetry"


def test_the_page_is_made_of_the_names(golden: Golden) -> None:
    golden(ROOT / "docs" / "observability.md", observability_page())


def test_every_label_of_a_metric_is_documented_and_every_documented_label_is_used() -> None:
    assert {label for metric in names.METRICS.values() for label in metric.labels} == set(names.LABELS)


def test_names_are_opentelemetry_s_or_begin_with_remora() -> None:
    for name in (*names.ATTRIBUTES, *names.EVENTS):
        assert name.startswith(("remora.", "gen_ai.", "rpc.", "server.", "http.", "network.", "error."))
    for name in names.METRICS:
        assert name.startswith(("remora_", "gen_ai_", "rpc_"))


def test_counters_end_in_total_and_nothing_else_does() -> None:
    for metric in names.METRICS.values():
        assert metric.name.endswith("_total") == (metric.kind is names.MetricKind.COUNTER)
        assert bool(metric.bounds) == (metric.kind is names.MetricKind.HISTOGRAM)
        assert list(metric.bounds) == sorted(set(metric.bounds))


def test_no_other_file_has_a_name_of_its_own() -> None:
    quoted = re.compile(r"\"(?:gen_ai|rpc|http|server|network)\.[a-z_.]+\"")
    for file in TELEMETRY.glob("*.py"):
        if file.name != "names.py":
            assert not quoted.findall(file.read_text()), file.name


def test_the_documented_words_are_those_of_the_code() -> None:
    assert set(names.ATTRIBUTES[names.SKIP_CAUSE].meaning.split(", ")) == {cause.value for cause in SkipCause}
    assert set(names.SPANS_DROPPED.meaning.split(": ")[1].split(", ")) == {drop.value for drop in Drop}
    assert set(names.LINES_DROPPED.meaning.split(": ")[1].split(", ")) == {loss.value for loss in Loss}
    assert {code.value for code in Code} <= set(names.STATUSES)


@pytest.mark.parametrize(
    ("tokens", "generations"),
    [
        ("", set()),
        ("gen_ai_latest_experimental,rpc", set()),
        ("gen_ai/dup", {Generation.GEN_AI}),
        (" rpc/dup , gen_ai_latest_experimental/dup", {Generation.RPC, Generation.GEN_AI}),
    ],
)
def test_old_names_are_asked_for_by_the_tokens_of_the_conventions(tokens: str, generations: set[Generation]) -> None:
    assert names.old_generations({names.OPT_IN_VARIABLE: tokens}) == generations
