"""Loading in a process of its own: the same outcome, nothing left behind in this one, and an end whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sidecar.config.child import Loading
from sidecar.config.loading import outcome_of
from sidecar.config.problem import ConfigError
from sidecar.config.source import Source

CONFIG = """
providers:
  sim:
    {protocol: openai, base_url: https://sim.test/v1, ca_file: ca.pem, strategy: sequential,
     models: {ok: {capabilities: [tools]}}, profiles: [{name: main, api_key: file:key}]}
aliases: {smart: {targets: [sim/ok]}}
policy: {idle_s: 7, on_stream_break: fail, on_slow: failover, breaker: {open_s: 3}}
telemetry: {endpoint: "http://127.0.0.1:4318", protocol: http/protobuf}
"""
HEAVY = ("pydantic", "pydantic_core", "yaml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("key-0123456789")
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "remora.yaml").write_text(CONFIG)
    return tmp_path / "remora.yaml"


def test_the_outcome_is_the_same_as_in_this_process(file: Path) -> None:
    outcome = Loading(str(file)).result()
    assert outcome == outcome_of(file, {})
    assert outcome.for_serving().secrets == ("key-0123456789",)
    assert outcome.files == (str(file.parent / "key"), str(file.parent / "ca.pem"))
    assert "key-0123456789" not in repr(outcome)


def test_problems_come_with_their_places_and_the_files_that_are_named(file: Path) -> None:
    file.write_text(CONFIG + "unknown: 1\n")
    (file.parent / "key").unlink()
    outcome = Loading(str(file)).result()
    with pytest.raises(ConfigError) as caught:
        outcome.for_serving()
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{file}:5:")
    assert lines[1].startswith(f"{file}:9:1: unknown: ")
    assert str(file.parent / "key") in outcome.files


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    outcome = Loading(str(tmp_path / "none.yaml")).result()
    assert [problem.message for problem in outcome.problems] == ["cannot be read: No such file or directory"]


def test_what_is_not_built_yet_is_a_problem(file: Path) -> None:
    file.write_text(CONFIG + "pools: {auto: {candidates: [sim/ok]}}\n")
    assert [problem.path for problem in Loading(str(file)).result().problems] == ["pools"]


def test_the_environment_loads_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment-0123456789")
    assert "openai" in Loading(None).result().for_serving().catalog.providers


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import time; time.sleep(60)", "could not be checked within 0.5 s"),
        ("import os; os._exit(3)", "the process that checks it ended with code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with signal 9"),
        ("pass", "ended with code 0"),
    ],
)
def test_a_child_that_gives_no_outcome_is_a_problem_of_the_file(script: str, said: str) -> None:
    loading = Loading("remora.yaml", [sys.executable, "-S", "-c", script])
    (problem,) = loading.result(0.5 if "sleep" in script else 20.0).problems
    assert said in problem.message


def test_a_cancelled_load_ends_with_a_problem() -> None:
    loading = Loading("remora.yaml", [sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    threading.Timer(0.1, loading.cancel).start()
    (problem,) = loading.result(20.0).problems
    assert "signal 9" in problem.message


def test_a_closed_source_begins_nothing_that_lasts(file: Path) -> None:
    source = Source(str(file))
    assert source.load().settings is not None
    source.close()
    assert source.load().settings is None


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    fifo = tmp_path / "config.fifo"  # nobody writes into it: loading it lasts until the child is ended
    subprocess.run(["mkfifo", str(fifo)], check=True)
    script = (
        "import os, sys\n"
        "from sidecar.config.child import Loading\n"
        "loading = Loading(sys.argv[1])\n"
        "print(loading._process.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(fifo)], capture_output=True, text=True, timeout=20, check=True
    )
    status = Path(f"/proc/{ended.stdout.strip()}/cmdline")
    limit = time.monotonic() + 20.0
    while status.exists() and b"sidecar.config.loader" in status.read_bytes():
        assert time.monotonic() < limit, "the child outlives its parent"
        time.sleep(0.02)  # another process's end: there is no event to await


def test_the_serving_process_never_loads_what_only_checking_needs(file: Path) -> None:
    script = (
        "import sys\n"
        "from sidecar import cli, app\n"
        "from sidecar.config.source import Source\n"
        "source = Source(sys.argv[1])\n"
        "assert source.load().for_serving().catalog.providers['sim'].models\n"
        f"print([name for name in sys.modules if name.partition('.')[0] in {HEAVY!r}])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, timeout=30)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


def test_a_pipe_as_the_configuration_is_a_problem_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "remora.yaml")
    source = Source(str(tmp_path / "remora.yaml"))
    with pytest.raises(ConfigError, match="cannot be read: it is not a regular file"):
        source.load().for_serving()
