"""The comparison with earlier designs: each weakness has one row, and every proof that a row names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .conformance.suite import cases

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (W\d\d) \| (.+?) \| (.+?) \| (.+) \|$")
ROWS = [match for line in (ROOT / "docs/comparison.md").read_text().splitlines() if (match := ROW.match(line))]
WEAKNESSES = [f"W{number:02}" for number in range(1, 41)]


def proofs(row: re.Match[str]) -> list[str]:
    """What the last cell of a row names."""
    return re.findall(r"`([^`]+)`", row[4])


def functions_of(path: Path) -> set[str]:
    """The names of every function of a file."""
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_weakness_has_exactly_one_row_in_order() -> None:
    assert [row[1] for row in ROWS] == WEAKNESSES


def test_every_line_of_the_table_is_a_row() -> None:
    lines = [line for line in (ROOT / "docs/comparison.md").read_text().splitlines() if line.startswith("| W")]
    assert len(lines) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_every_proof_of_a_row_exists(row: re.Match[str]) -> None:
    known = {case.case for case in cases()}
    assert proofs(row)
    for proof in proofs(row):
        kind, _, name = proof.partition(":")
        if kind == "case":
            assert name in known, proof
        else:
            path, _, test = proof.partition("::")
            assert test in functions_of(ROOT / path), proof
