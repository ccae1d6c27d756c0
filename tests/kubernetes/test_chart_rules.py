"""The alerts: Prometheus takes them, they are about metrics that there are, and they fire when they should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sidecar.injector.metrics import Metrics
from tests.kubernetes.rendering import CHART, HERE, ROOT, documents, one_of

RULES = CHART / "files/rules.yaml"
OF_KUBERNETES = {"apiserver_admission_webhook_fail_open_count"}


def test_the_alerts_are_installed_as_they_stand_in_their_file() -> None:
    made = one_of(documents("monitored-and-walled"), "PrometheusRule")["spec"]
    assert made == yaml.safe_load(RULES.read_text())


def test_every_metric_of_the_alerts_is_one_that_there_is() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    used = {name for rule in rules for name in re.findall(r"\b(?:remora|apiserver)_\w+", rule["expr"])}
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/observability.md").read_text(), re.M))
    of_injector = set(re.findall(r"^(\w+)", Metrics("0").text("")[0].decode(), re.M))
    assert used - documented - of_injector == OF_KUBERNETES


def test_prometheus_takes_the_alerts() -> None:
    done = _promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    done = _promtool("test", "rules", HERE / "rules-test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def _promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("promtool")
    if found is None and not os.environ.get("CI"):
        pytest.skip("promtool, of Debian's package prometheus, is not here")
    assert found is not None, "CI has Debian's package prometheus"
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
