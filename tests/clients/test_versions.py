"""One version: the sidecar's, in every package and in what each client calls itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sidecar import __version__

from .language import ROOT

PLACES = {
    "pyproject.toml": r'^version = "(.+)"$',
    "clients/python/pyproject.toml": r'^version = "(.+)"$',
    "clients/python/remora_client/_version.py": r'^__version__ = "(.+)"$',
    "clients/go/doc.go": r'^const Version = "(.+)"$',
    "clients/typescript/package.json": r'^  "version": "(.+)",$',
    "clients/typescript/src/version.ts": r'VERSION = "(.+)"',
    "clients/java/pom.xml": r"^  <version>(.+)</version>$",
    "clients/java/src/main/java/io/github/remorallm/RemoraClient.java": r'VERSION = "(.+)"',
    "clients/rust/Cargo.toml": r'^version = "(.+)"$',
    "clients/cpp/include/remora/version.h": r'version = "(.+)"',
    "helm/remora/Chart.yaml": r"^appVersion: \"?([0-9.]+)\"?$",
    "docs/kubernetes.md": r"^docker build -t remora:(.+) \.$",
    "docs/first-answer.yaml": r"^ +image: remora:(.+)$",
    "Dockerfile": r"^ARG VERSION=(.+)$",
}


@pytest.mark.parametrize("place", PLACES)
def test_every_package_has_the_same_version(place: str) -> None:
    found = re.search(PLACES[place], (ROOT / place).read_text(), re.MULTILINE)
    assert found is not None, f"{place} says no version"
    assert found.group(1) == __version__


@pytest.mark.parametrize(
    "page", sorted((ROOT / "clients").glob("*/README.md")) + sorted((ROOT / "clients").glob("*/Makefile")), ids=str
)
def test_no_page_and_no_makefile_names_another_version(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"remora[\w-]*(?:\"? ?[=:@-] ?\"?|</artifactId>\s*<version>)v?(\d+\.\d+\.\d+)", text)
    assert set(named) <= {__version__}
