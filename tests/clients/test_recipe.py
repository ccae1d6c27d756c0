"""docs/clients.md: the recipe for another language generates code from the contract, with its own words."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from .language import ROOT

PAGE = (ROOT / "docs/clients.md").read_text()
BIN = Path(sys.executable).parent


def test_bufs_recipe_generates_messages_of_the_contract(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    recipe: dict[str, Any] = yaml.safe_load(block.group(1))
    messages, services = recipe["plugins"]
    assert services["local"] == "grpc_tools_ruby_protoc_plugin"  # Ruby's own, which needs Ruby: left out here
    messages["out"] = str(tmp_path / "gen")
    if shutil.which("protoc") is None:  # ours knows no Ruby: the recipe's shape is tried in Python then
        messages |= {"protoc_builtin": "python", "protoc_path": str(BIN / "python-grpc-tools-protoc")}
    recipe |= {"plugins": [messages], "inputs": [{"directory": str(ROOT / "proto")}]}
    (tmp_path / "buf.gen.yaml").write_text(yaml.safe_dump(recipe))
    ran = subprocess.run([BIN / "buf", "generate"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (made,) = (tmp_path / "gen/remora/v1").glob("chat_pb*")
    assert "ChatRequest" in made.read_text()


def test_every_kind_of_error_is_on_the_page() -> None:
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    cases = "".join(file.read_text() for file in (ROOT / "tests/conformance/clients").glob("*.yaml"))
    asked = {kind for kind in re.findall(r"\bkind: ([A-Z_]+)", cases) if not kind.startswith("KIND_")}
    go = (ROOT / "clients/go/kind.go").read_text()
    known = set(re.findall(r'Kind = "([A-Z_]+)"', go))
    assert asked <= named == known
