"""Calls helm: charts to manifests, and the table of cases that the chart's tests share."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHART = ROOT / "helm/remora"
HELM = ROOT / ".tools/helm"
NAMESPACE = "remora-system"
Document = dict[str, Any]
Key = tuple[str, str]
"""An object's kind and name."""


@dataclass(frozen=True)
class Case:
    """One set of values. `release`: its name; `kube_version`: what helm is told of the cluster."""

    name: str
    kube_version: str
    release: str = "remora"
    values: Document = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@cache
def cases() -> tuple[Case, ...]:
    """Those of chart-cases.yaml; the first one has no values of its own."""
    rows = yaml.safe_load((HERE / "chart-cases.yaml").read_text())
    return tuple(Case(name, **row) for name, row in rows.items())


def case(name: str) -> Case:
    """By its name."""
    return next(one for one in cases() if one.name == name)


def helm(*arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Runs helm without a cluster and without anybody's settings; `text` is its standard input."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
    folders = {
        f"HELM_{kind}_HOME": str(HELM.parent / "helm-home" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")
    }
    return subprocess.run(
        [str(HELM), *map(str, arguments)], input=text, capture_output=True, text=True, check=False, env=kept | folders
    )


def template(one: Case, chart: Path = CHART) -> subprocess.CompletedProcess[str]:
    """`helm template` of a case."""
    options = ("--namespace", NAMESPACE, "--kube-version", one.kube_version, "--values", "-")
    return helm("template", one.release, chart, *options, text=yaml.safe_dump(one.values))


@cache
def texts(name: str) -> dict[Key, str]:
    """A case's manifests as helm writes them, by kind and name, in order."""
    done = template(case(name))
    assert done.returncode == 0, done.stderr
    return {_key(text): text.strip() + "\n" for text in done.stdout.split("\n---\n") if yaml.safe_load(text)}


def documents(name: str) -> list[Document]:
    """A case's manifests, fresh copies."""
    return [yaml.safe_load(text) for text in texts(name).values()]


def changed(name: str) -> list[Document]:
    """Those that differ from the first case's; of the first case all."""
    first = cases()[0].name
    before = texts(first) if name != first else {}
    return [yaml.safe_load(text) for key, text in texts(name).items() if before.get(key) != text]


def one_of(found: list[Document], kind: str, suffix: str = "") -> Document:
    """The only document of a kind, whose name ends so."""
    (document,) = (one for one in found if one["kind"] == kind and one["metadata"]["name"].endswith(suffix))
    return document


def pod_spec(document: Document) -> Document | None:
    """The pod that a workload makes; None for anything else."""
    spec: Document = document.get("spec", {})
    match document["kind"]:
        case "Pod":
            return spec
        case "Deployment" | "Job":
            spec = spec["template"]["spec"]
        case "CronJob":
            spec = spec["jobTemplate"]["spec"]["template"]["spec"]
        case _:
            return None
    return spec


def injector_template(found: list[Document]) -> Document:
    """The file that the injector reads."""
    template_file: Document = yaml.safe_load(one_of(found, "ConfigMap", "-injector")["data"]["template.yaml"])
    return template_file


def _key(text: str) -> Key:
    document = yaml.safe_load(text)
    return document["kind"], document["metadata"]["name"]
