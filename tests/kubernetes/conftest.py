"""Without helm, the chart's tests are one that says so."""

from __future__ import annotations

from tests.kubernetes.rendering import HELM

collect_ignore_glob = [] if HELM.exists() else ["test_chart_*.py"]
