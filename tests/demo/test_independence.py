"""The demo is a caller like any other: it imports nothing of the sidecar."""

from __future__ import annotations

import ast
from pathlib import Path

import remora_client.demo

FOLDER = Path(remora_client.demo.__file__).parent


def imported(tree: ast.AST) -> set[str]:
    """The top-level names of everything a module imports, by statement or by call."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found.add(ast.unparse(node.args[0]).strip("'\"").partition(".")[0])
    return found


def test_the_walk_sees_every_way_of_importing():
    code = (
        "import sidecar.core\nfrom sidecar import x\n__import__('a.b')\nimportlib.import_module('c.d')\nfrom . import e"
    )
    assert imported(ast.parse(code)) == {"sidecar", "a", "c"}


def test_nothing_of_the_sidecar_is_imported():
    files = sorted(FOLDER.rglob("*.py"))
    assert len(files) >= 12
    for file in files:
        assert imported(ast.parse(file.read_text())) <= {*_STDLIB, "remora_client"}, file


_STDLIB = __import__("sys").stdlib_module_names
