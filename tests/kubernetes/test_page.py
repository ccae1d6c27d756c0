"""docs/kubernetes.md: complete against the code, and its first answer is made of objects that Kubernetes takes."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from sidecar.config.loading import load_text
from sidecar.injector import annotation, names
from sidecar.injector.reason import Reason

from .rendering import CHART, ROOT

PAGE = (ROOT / "docs/kubernetes.md").read_text()
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "docs/first-answer.yaml").read_text()))
COMMANDS = re.search(r"first traced answer\n.*?```sh\n(.*?)```", PAGE, re.DOTALL)


def named(kind: str, name: str) -> dict[str, Any]:
    return next(one for one in OBJECTS if (one["kind"], one["metadata"]["name"]) == (kind, name))


def test_the_first_traced_answer_takes_ten_commands_or_fewer() -> None:
    assert COMMANDS is not None
    assert 5 <= len(COMMANDS.group(1).splitlines()) <= 10


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_the_objects_of_the_first_answer_are_valid(version: str) -> None:
    for one in OBJECTS:
        kubernetes_validate.validate(one, version, strict=True)


def test_its_configuration_is_one() -> None:
    text = named("ConfigMap", "remora")["data"]["remora.yaml"]
    keys = named("Secret", "providers")["stringData"]
    folder = "/var/run/secrets/remora/providers/"
    assert set(re.findall(rf"file:{folder}(\w+)", text)) == set(keys)
    loaded = load_text(re.sub(rf"file:{folder}\w+", "env:KEY", text), {"KEY": "only-simulated"}, ROOT)
    assert loaded.settings.catalog.default_model == "smart"


def test_every_annotation_and_every_reason_is_on_the_page() -> None:
    for name in annotation.KNOWN | {names.LABEL}:
        assert f"`{name}" in PAGE, name
    for reason in Reason:
        assert f"| `{reason}` | {reason.outcome} | {reason.sentence} |" in PAGE


def test_every_value_that_the_page_names_is_one() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    named_values = set(re.findall(r"`((?:sidecar|injector|standalone|certificates)\.[A-Za-z.]+)", PAGE))
    assert len(named_values) > 8
    for path in named_values:
        found = values
        for name in path.split("."):
            assert name in found, path
            found = found[name]


def test_every_metric_of_the_injector_is_on_the_page() -> None:
    told = set(re.findall(r"remora_injector_\w+", (ROOT / "sidecar/injector/metrics.py").read_text()))
    known = set(re.findall(r"`(remora_injector_\w+)`", PAGE))
    assert told
    assert {name.removesuffix("_total") for name in told} == {name.removesuffix("_total") for name in known}
