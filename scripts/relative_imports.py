"""Copies generated modules into packages of their own, so that two copies can live in one process.

Only the Python import lines change. The descriptors keep the file name `remora/v1/…`, and so are equal in both copies.
"""

from __future__ import annotations

import pathlib
import re
import sys

IMPORT = re.compile(r"^from remora\.v1 import (\w+) as (\w+)$", re.MULTILINE)
STUB_IMPORT = re.compile(r"^import remora\.v1\.(\w+)$", re.MULTILINE)
STUB_NAME = re.compile(r"\bremora\.v1\.(\w+_pb2)\b")
STUB_FROM = re.compile(r"^from remora\.v1\.(\w+) import", re.MULTILINE)


def relative(text: str) -> str:
    """The module with its siblings imported relatively."""
    text = IMPORT.sub(r"from . import \1 as \2", text)
    text = STUB_IMPORT.sub(r"from . import \1", text)
    text = STUB_FROM.sub(r"from .\1 import", text)
    return STUB_NAME.sub(r"\1", text)


def main(source: str, *folders: str) -> None:
    """Writes every generated file of `source` into each of `folders`, with an `__init__.py`."""
    for folder in map(pathlib.Path, folders):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text('"""Generated from proto/remora/v1: do not edit, run `make gen`."""\n')
        for file in sorted(pathlib.Path(source).iterdir()):
            text = file.read_text()
            if "_pb2_grpc" in file.name and "class " not in text:
                continue  # no service in this file
            (folder / file.name).write_text(relative(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
