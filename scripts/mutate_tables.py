"""Mutants of what is computed once, at import: tables, settings, default values. `scripts/mutate.sh` runs it.

mutmut mutates functions and chooses a mutant when one is called; that is too late for a table. Here a number is one more, a
truth is the other one, a member of an enumeration is the next, and a tuple, list, set or dictionary lacks an element. Each
mutant is written over the module of the copy it runs in, and judged by the module's own tests, then by all of them.
"""

from __future__ import annotations

import ast
import enum
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CORE = Path("sidecar/core")
TESTS = ("tests/core", "tests/model", "tests/test_vectors_command.py")
NOTHING = "*()"
"""In the place of an element."""
LIMIT_S = 300.0
"""A mutant whose tests take longer counts as killed: it hangs."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`text`: the module's. `change`: what is different, for people."""

    module: str
    change: str
    text: str


def once(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that are evaluated at import: assigned values, default values, what functions called there return."""
    values = list(_values(tree.body))
    yield from values
    called = {inner.func.id for value in values for inner in ast.walk(value) if _is_plain_call(inner)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in called:
            yield from (line.value for line in node.body if isinstance(line, ast.Return) and line.value)


def _values(body: list[ast.stmt]) -> Iterator[ast.expr]:
    for statement in body:
        match statement:
            case ast.Assign(value=ast.Subscript()):
                pass  # a name for a type
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                yield value
            case ast.FunctionDef(args=arguments):
                yield from (default for default in [*arguments.defaults, *arguments.kw_defaults] if default)
            case ast.ClassDef(body=inner) if not _is_enum(statement):
                yield from _values(inner)


def _is_plain_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _is_enum(kind: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in kind.bases)


def replacements(node: ast.expr, names: dict[str, object]) -> Iterator[tuple[ast.expr, str]]:
    """Expressions inside `node`, each with the source that takes its place."""
    for inner in ast.walk(node):
        match inner:
            case ast.Constant(value=bool(value)):
                yield inner, str(not value)
            case ast.Constant(value=int(value) | float(value)):
                yield inner, str(value + 1)
            case ast.Attribute(value=ast.Name(id=kind), attr=member) if isinstance(names.get(kind), enum.EnumMeta):
                members = list(names[kind].__members__)
                yield inner, f"{kind}.{members[(members.index(member) + 1) % len(members)]}"
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements) if len(elements) > 1:
                yield from ((element, NOTHING) for element in elements)


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of one module of the core."""
    source = (CORE / f"{module}.py").read_text(encoding="utf-8")
    names = vars(importlib.import_module(f"sidecar.core.{module}"))
    for expression in once(ast.parse(source)):
        for node, new in replacements(expression, names):
            yield _mutant(module, source, node, new)


def _mutant(module: str, source: str, node: ast.expr, new: str) -> Mutant:
    old = ast.get_source_segment(source, node) or ""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    text = source.encode()[:start] + new.encode() + source.encode()[start + len(old.encode()) :]
    return Mutant(module, f"{module}.py:{node.lineno}: {old} → {new}", text.decode())


def is_killed(mutant: Mutant) -> bool:
    """Whether a test fails with it. Leaves the module as it was."""
    path = CORE / f"{mutant.module}.py"
    original = path.read_bytes()
    own = tuple(str(tests) for tests in sorted(Path("tests/core").glob(f"test_*{mutant.module}.py")))
    path.write_text(mutant.text, encoding="utf-8")
    try:
        return any(not _passes(tests) for tests in (own, TESTS) if tests)
    finally:
        path.write_bytes(original)


def _passes(tests: tuple[str, ...]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return not subprocess.run(
            command, env=environment, capture_output=True, timeout=LIMIT_S, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def main(modules: list[str]) -> None:
    """Prints each survivor, then a count for each module."""
    sys.path.insert(0, os.getcwd())
    for module in modules:
        found = list(mutants(module))
        survivors = [mutant for mutant in found if not is_killed(mutant)]
        for survivor in survivors:
            print(f"survived  {survivor.change}")
        print(f"{module}: {len(found) - len(survivors)} of {len(found)} mutants of its tables killed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
