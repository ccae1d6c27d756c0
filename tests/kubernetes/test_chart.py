"""Whether the chart's other tests can run."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.kubernetes.rendering import HELM, helm


def test_helm_is_here() -> None:
    if not HELM.exists() and shutil.which("go") is None and not os.environ.get("CI"):
        pytest.skip("helm is not here, nor Go to build it: the chart is not tested")
    assert HELM.exists(), "scripts/helm.sh builds it"
    assert "v3." in helm("version", "--short").stdout
