"""Runs the program of the README: its first block of Python, as it stands."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"

if __name__ == "__main__":
    match = re.search(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert match is not None, "the README has no block of Python"
    exec(compile(match.group(1), str(README), "exec"), {"__name__": "__main__"})
