"""The image: its recipe keeps the rules, and what the recipe installs serves in an empty, unwritable surrounding."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sidecar import __version__
from tests.dockerfile import Context, Instruction, Stage, instructions, stages

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text()
BUILD, IMAGE = stages(TEXT)
CONTEXT = Context(ROOT)
COPIED = [one for one in BUILD.of("COPY") if not one.flags]
SERVES_WITHIN_S = 20.0
STEP_S = 120.0
USER = "65532:65532"
INSTALLING = r"HOME$|PIP_|SSL_|REQUESTS_|XDG_|.*_PROXY$"
"""The variables by which this machine reaches its package index."""
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Takes from root the right to write where the file's own rights forbid it (util-linux)."""


def commands(stage: Stage) -> list[str]:
    """The shell commands of a stage, one by one."""
    return [command.strip() for one in stage.of("RUN") for command in one.rest.split("&&")]


def exec_form(stage: Stage, keyword: str) -> list[str]:
    """The arguments of an instruction in exec form. Raises JSONDecodeError for the shell's."""
    (one,) = stage.of(keyword)
    words: list[str] = json.loads(one.rest.removeprefix("CMD "))
    return words


@pytest.mark.parametrize("source", [source for one in COPIED for source in one.words[:-1]])
def test_what_is_copied_exists_and_is_not_ignored(source: str):
    assert (ROOT / source).exists()
    assert list(CONTEXT.files(source))


@pytest.mark.parametrize(
    "path",
    [".git/HEAD", ".env", "remora.yaml", "tests/test_image.py", "clients/python/tests/conftest.py", ".venv/pyvenv.cfg"],
)
def test_nothing_else_reaches_the_build(path: str):
    assert CONTEXT.ignores(PurePosixPath(path))


def test_compiled_and_generated_leftovers_do_not_reach_the_build():
    for path in (
        "sidecar/core/__pycache__/a.pyc",
        "clients/python/remora_client.egg-info/PKG-INFO",
        "sidecar/x.egg-info/a",
    ):
        assert CONTEXT.ignores(PurePosixPath(path))
    assert not CONTEXT.ignores(PurePosixPath("sidecar/core/content.py"))


def test_every_package_from_outside_comes_with_its_hash():
    installs = [command for command in commands(BUILD) if " install " in command]
    assert len(installs) == 3
    for command in installs:
        assert "--require-hashes" in command or {"--no-index", "--no-deps"} <= set(command.split())
    assert all("--no-deps" in command for command in commands(BUILD) if " wheel " in command)
    assert "--no-build-isolation" in next(command for command in commands(BUILD) if " wheel " in command)
    assert not re.search(r"\b(curl|wget|apt-get|git) ", TEXT)


def test_the_base_is_pinned_and_may_be_pinned_by_digest():
    (base,) = [one.rest for one in instructions(TEXT) if one.keyword == "ARG" and one.rest.startswith("BASE=")]
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+", base)
    assert {BUILD.base, IMAGE.base} == {"${BASE}"}
    assert "latest" not in TEXT


def test_nothing_is_added_from_an_address_and_no_secret_is_an_argument():
    assert not [one for one in instructions(TEXT) if one.keyword == "ADD"]
    named = [one.rest for one in instructions(TEXT) if one.keyword in ("ARG", "ENV")]
    assert not [name for name in named if re.search(r"KEY|TOKEN|SECRET|PASSWORD", name)]
    assert "://" not in "".join(one.rest for one in instructions(TEXT))


def test_the_user_is_a_number_and_not_root():
    (user,) = [one.rest for one in IMAGE.of("USER")]
    assert user == USER


def test_it_starts_and_stops_without_a_shell():
    assert exec_form(IMAGE, "ENTRYPOINT") == ["remora"]
    assert exec_form(IMAGE, "CMD") == ["serve"]
    assert exec_form(IMAGE, "HEALTHCHECK") == ["remora", "health", "--check"]
    assert [one.rest for one in IMAGE.of("STOPSIGNAL")] == ["SIGTERM"]
    assert [one.rest for one in IMAGE.of("EXPOSE")] == ["7650"]
    assert not IMAGE.of("RUN")


def test_its_labels_are_those_of_the_package():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    labels = dict(word.split("=", 1) for one in IMAGE.of("LABEL") for word in one.words)
    assert labels == {
        "org.opencontainers.image.title": package["name"],
        "org.opencontainers.image.description": package["description"],
        "org.opencontainers.image.version": "${VERSION}",
        "org.opencontainers.image.licenses": package["license"],
    }
    assert [one.rest for one in IMAGE.of("ARG")] == [f"VERSION={package['version']}"] == [f"VERSION={__version__}"]


def built(root: Path) -> Path:
    """Does the build stage's steps below `root`, with this Python as the base's; where it installed."""
    (root / "base").mkdir()
    (root / "base" / "python").write_text(f'#!/bin/sh\nexec "{sys._base_executable}" "$@"\n')
    (root / "base" / "python").chmod(0o755)
    (root / "opt").mkdir()
    (root / "src").mkdir()
    kept = {name: value for name, value in os.environ.items() if re.match(INSTALLING, name, re.IGNORECASE)}
    environment = {**kept, **BUILD.environment, "PATH": f"{root / 'base'}:/usr/bin:/bin"}
    for one in BUILD.instructions:
        if one.keyword == "COPY":
            copy(one, root / "src")
        elif one.keyword == "RUN":
            run(one.rest.replace("/opt/", f"{root}/opt/"), root / "src", environment)
    return root / "opt" / "remora"


def copy(one: Instruction, target: Path) -> None:
    """Copies as COPY does: a folder's content, or files into a folder."""
    *sources, to = one.words
    for source in sources:
        for path in CONTEXT.files(source):
            inside = path.relative_to(source) if (ROOT / source).is_dir() else PurePosixPath(path.name)
            (target / to / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target / to / inside)


def run(command: str, working: Path, environment: dict[str, str]) -> None:
    """One RUN, as Docker does it."""
    line = ["/bin/sh", "-c", command]
    done = subprocess.run(
        line, cwd=working, env=environment, capture_output=True, text=True, timeout=STEP_S, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


class Container:
    """Commands in the surrounding of the image: no variables but its own, no home, a folder nobody writes in, and no
    rights of root beyond those of its files."""

    def __init__(self, installed: Path, folder: Path) -> None:
        path = f"{installed / 'bin'}:/usr/bin:/bin"
        self._folder = folder
        self._environment = {**IMAGE.environment, "PATH": path, "TMPDIR": "/nowhere"}
        del self._environment["HOME"]
        program = shutil.which(exec_form(IMAGE, "ENTRYPOINT")[0], path=path)
        assert program is not None
        self._program = [*(POWERLESS if os.geteuid() == 0 and shutil.which(POWERLESS[0]) else ()), program]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        surrounding = self._surrounding(variables)
        return subprocess.run(
            [*self._program, *arguments], timeout=SERVES_WITHIN_S, text=True, check=False, **surrounding
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The image's own command with more arguments."""
        return subprocess.Popen([*self._program, *exec_form(IMAGE, "CMD"), *arguments], **self._surrounding({}))

    def _surrounding(self, variables: dict[str, str]) -> dict[str, Any]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return {"cwd": self._folder, "env": {**self._environment, **variables}, **streams}


@contextmanager
def unwritable(root: Path) -> Iterator[None]:
    """A folder with all in it as a read-only file system would have it."""
    folders = [root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]
    for one in folders:
        one.chmod(0o555)
    try:
        yield
    finally:
        for one in folders:
            one.chmod(0o755)


def distributions(installed: Path) -> set[str]:
    """What is installed, as `name==version`."""
    code = "import importlib.metadata as m; print('\\n'.join(f'{d.name}=={d.version}' for d in m.distributions()))"
    said = subprocess.run([installed / "bin" / "python", "-I", "-c", code], capture_output=True, text=True, check=True)
    return {line.lower().replace("_", "-") for line in said.stdout.split()}


def locked(name: str) -> set[str]:
    """What a lock file pins, as `name==version`."""
    return set(re.findall(r"^([a-z0-9.-]+==[^ ;]+)", (ROOT / "requirements" / name).read_text(), re.M))


def everything(below: Path) -> dict[Path, int]:
    """Every file and when it was written, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in below.rglob("*")}


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> str:
    """The address in the ready file."""
    give_up_at = time.monotonic() + SERVES_WITHIN_S
    while not file.exists():
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < give_up_at
        time.sleep(0.02)  # another process's file: there is no event to await
    address: str = json.loads(file.read_bytes())["grpc"][0]
    return address


def assert_serves(container: Container, work: Path) -> None:
    """It becomes healthy, answers, and ends on its stop signal; the health check tells the difference."""
    (work / "remora.yaml").write_text('{listen: {grpc: ["127.0.0.1:0"]}, providers: {ollama: {}}}')
    check = exec_form(IMAGE, "HEALTHCHECK")[1:]
    process = container.start("--simulator", "--config", str(work / "remora.yaml"), "--ready-file", str(work / "ready"))
    try:
        address = wait_for(work / "ready", process)
        healthy = container.run(*check, REMORA_ADDRESS=address)
        assert healthy.returncode == 0, healthy.stdout
        answer = container.run("chat", "words-3", "Why?", REMORA_ADDRESS=address)
        assert answer.returncode == 0, answer.stdout
        process.terminate()
        said = process.communicate(timeout=SERVES_WITHIN_S)[0].decode()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert container.run(*check, REMORA_ADDRESS=address).returncode == 1


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_what_the_recipe_installs_serves_where_nothing_can_be_written(tmp_path: Path):
    root, work = tmp_path / "root", tmp_path / "work"
    root.mkdir()
    work.mkdir()
    installed = built(root)
    ours = {f"remora=={__version__}", f"remora-client=={__version__}"}
    assert distributions(installed) == locked("runtime.txt") | ours
    compiled = {path.parent.parent / f"{path.name.partition('.')[0]}.py" for path in installed.rglob("*.pyc")}
    sources = set(installed.rglob("sidecar/**/*.py"))
    assert sources
    assert sources <= compiled
    before = everything(installed)
    with unwritable(root):
        assert_serves(Container(installed, root), work)
    assert everything(installed) == before
