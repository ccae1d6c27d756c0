"""What helm makes of the chart, against golden files."""

from __future__ import annotations

import pytest
import yaml

from tests.conftest import Golden
from tests.kubernetes.rendering import CHART, HERE, Case, cases, helm, texts

FIRST = cases()[0].name


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_manifests_of_each_case_are_as_they_were(case: Case, golden: Golden) -> None:
    golden(HERE / "golden" / f"{case.name}.yaml", _difference(case))


def test_rendering_again_gives_the_same() -> None:
    first = texts(FIRST)
    texts.cache_clear()
    assert texts(FIRST) == first


@pytest.mark.parametrize("case", cases(), ids=str)
def test_helm_lint_finds_nothing(case: Case) -> None:
    done = helm(
        "lint", "--strict", "--kube-version", case.kube_version, "-f", "-", CHART, text=yaml.safe_dump(case.values)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


def _difference(case: Case) -> str:
    """All manifests of the first case; of the others, those that differ from it, and the names of the rest."""
    made = texts(case.name)
    before = texts(FIRST) if case.name != FIRST else {}
    same = [
        f"# as in {FIRST}: {kind} {name}\n" for (kind, name), text in made.items() if before.get((kind, name)) == text
    ]
    gone = [f"# not there: {kind} {name}\n" for kind, name in before if (kind, name) not in made]
    new = [f"---\n{text}" for key, text in made.items() if before.get(key) != text]
    return "".join([*same, *gone, *new]) or "# nothing\n"
