"""Peers are pinned and installed without addresses; without Node `make` leaves them out in one line, but not in CI."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
STORIES = "--ignore=tests/peers/stories"


@pytest.fixture
def without_node(tmp_path: Path) -> str:
    """A PATH with `make` and what it needs, and no Node."""
    for program in ("make", "sh"):
        found = shutil.which(program)
        assert found is not None
        (tmp_path / program).symlink_to(found)
    return str(tmp_path)


def make(path: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What make says."""
    line = [f"{path}/make", "-s", *arguments]
    return subprocess.run(
        line, cwd=ROOT, env={"PATH": path, **variables}, capture_output=True, text=True, timeout=30, check=False
    )


def test_the_lock_pins_what_is_wanted_by_hash_and_records_no_address():
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    text = (HERE / "package-lock.json").read_text()
    locked = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert {f"node_modules/{name}": version for name, version in wanted.items()}.items() <= {
        name: one["version"] for name, one in locked.items()
    }.items()
    assert all(one["integrity"].startswith("sha512-") for one in locked.values())
    assert "://" not in text
    assert "resolved" not in text


def test_without_node_one_line_says_that_the_stories_are_left_out(without_node: str):
    done = make(without_node, "peers")
    assert (done.returncode, done.stdout, done.stderr) == (0, "peers: skipped, Node is not installed\n", "")
    assert STORIES in make(without_node, "-n", "-o", "setup", "test").stdout


def test_in_ci_node_must_be_there(without_node: str):
    done = make(without_node, "peers", CI="true")
    assert done.returncode != 0
    assert "Node and npm are required in CI" in done.stderr
    assert STORIES not in make(without_node, "-n", "-o", "setup", "test", CI="true").stdout
