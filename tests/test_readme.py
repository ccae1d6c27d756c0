"""What the README tells a newcomer to do works as written.

Only addresses differ: every sidecar here listens on free ports, and a collector in this process takes Jaeger's place.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.server.process import Sidecar, command, environment
from tests.telemetry.receiver import HttpCollector

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ANYWHERE = 'listen: {grpc: ["127.0.0.1:0"], probe: "127.0.0.1:0"}\n'
ON_SIMULATOR = ANYWHERE + "providers: {ollama: {}}\n"
LIMIT_S = 30.0
ASK = '.venv/bin/remora chat smart "Why is the sky blue?"'
CHECK = ".venv/bin/remora check remora.yaml"
EXPLAIN = ".venv/bin/remora explain ask.yaml --config remora.yaml"
PROBES = {"curl -s http://127.0.0.1:7652/readyz": "", "curl -s http://127.0.0.1:7652/metrics": "remora_attempts_total"}
SERVE = ".venv/bin/remora serve --config remora.yaml"
SIMULATED = ".venv/bin/remora serve --simulator"
TRACED = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 .venv/bin/remora serve --simulator"
WATCH = ".venv/bin/remora health --watch"
MAKE = {"make demo": "remora demo", "make test": "-m pytest"}
UNTRIED = {"docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/all-in-one:1.76.0"}
"""Programs of others that stand for any of their kind."""


def snippet(language: str, text: str = README) -> str:
    """The first block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


def commands() -> list[str]:
    """Every command line that the README shows, without its remark."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).splitlines()
    return [re.sub(r"\s+# .*", "", line) for line in lines if line]


def arguments(line: str) -> list[str]:
    """What a command line gives to `remora`."""
    words = shlex.split(line)
    return words[words.index(".venv/bin/remora") + 1 :]


def run(line: str, folder: pathlib.Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of the README, in a folder."""
    words, env = command(*arguments(line)), environment(**variables)
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the README's file, and with the request of the page it names."""
    key = tmp_path / "spare"
    key.write_text("gsk_" + "x" * 20)
    (tmp_path / "remora.yaml").write_text(snippet("yaml").replace("/var/run/secrets/groq-spare", str(key)))
    (tmp_path / "ask.yaml").write_text(snippet("yaml", (ROOT / "docs/operating.md").read_text()))
    return tmp_path


@pytest.fixture
def keys() -> dict[str, str]:
    """The variables that the README's file names."""
    return {"OPENAI_API_KEY": "sk-" + "x" * 20, "GROQ_API_KEY": "gsk_" + "y" * 20}


@pytest.fixture
def simulated(tmp_path: pathlib.Path) -> Iterator[Sidecar]:
    """A sidecar on the simulator."""
    with Sidecar(tmp_path / "running", ON_SIMULATOR, "--simulator") as sidecar:
        yield sidecar
        sidecar.terminate()
        assert sidecar.wait() == 0


def test_every_command_shown_is_tried_here() -> None:
    tried = {*MAKE, CHECK, SERVE, SIMULATED, ASK, TRACED, WATCH, EXPLAIN, *PROBES}
    assert set(commands()) == tried | UNTRIED


@pytest.mark.parametrize(("line", "does"), MAKE.items())
def test_make_knows_the_targets_and_does_what_is_said(line: str, does: str) -> None:
    words = [*shlex.split(line), "--dry-run"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert does in done.stdout


def test_the_configuration_loads_without_a_warning(folder: pathlib.Path, keys: dict[str, str]) -> None:
    done = run(CHECK, folder, **keys)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(snippet("yaml").splitlines()) == 8


def test_the_settings_named_in_passing_load_too(folder: pathlib.Path, keys: dict[str, str]) -> None:
    named = re.findall(r"`((?:listen|telemetry): {.*?})`", README)
    assert len(named) == 2
    (folder / "remora.yaml").write_text("\n".join([(folder / "remora.yaml").read_text(), *named]))
    done = run(CHECK, folder, **keys)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_configuration_serves_and_its_request_is_explained(folder: pathlib.Path, keys: dict[str, str]) -> None:
    config = (folder / "remora.yaml").read_text()
    assert arguments(SERVE) == ["serve", "--config", "remora.yaml"]
    with Sidecar(folder / "running", config + ANYWHERE, **keys) as sidecar:
        explained = run(EXPLAIN, folder, REMORA_ADDRESS=sidecar.addresses[0], **keys)
        assert explained.returncode == 0, explained.stderr
        assert "openai/gpt-5-mini" in explained.stdout


def test_the_client_snippet_prints_an_answer_and_what_gave_it(simulated: Sidecar) -> None:
    env = {**os.environ, "REMORA_ADDRESS": simulated.addresses[0]}
    words = [sys.executable, "-c", snippet("python")]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "answered by" in done.stdout
    assert "simulator" in done.stdout


def test_the_terminal_asks_and_probes_and_metrics_answer(simulated: Sidecar, tmp_path: pathlib.Path) -> None:
    asked = run(ASK, tmp_path, REMORA_ADDRESS=simulated.addresses[0])
    assert asked.returncode == 0, asked.stderr
    assert "simulator/smart" in asked.stderr
    curl = shutil.which("curl")
    for line, said in PROBES.items():
        words = shlex.split(line.replace("127.0.0.1:7652", simulated.probe))
        fetch = [curl, "-f", *words[1:]] if curl else [sys.executable, "-c", FETCH, words[-1]]
        done = subprocess.run(fetch, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout


FETCH = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())"
"""What curl does, where there is none."""


def test_watching_begins_with_a_table_and_ends_with_ctrl_c(simulated: Sidecar) -> None:
    env = environment(REMORA_ADDRESS=simulated.addresses[0])
    words = command(*arguments(WATCH))
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("ENTRY")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(LIMIT_S) == 130


async def test_a_call_is_seen_by_the_collector_that_the_variable_names(tmp_path: pathlib.Path) -> None:
    variable, _, rest = TRACED.partition("=")
    assert rest.endswith(SIMULATED)
    async with HttpCollector() as collector:
        variables = {variable: collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with Sidecar(tmp_path / "running", ON_SIMULATOR, "--simulator", **variables) as sidecar:
            asked = await asyncio.to_thread(run, ASK, tmp_path, REMORA_ADDRESS=sidecar.addresses[0])
            assert asked.returncode == 0, asked.stderr
            spans = await collector.wait_for(3)
    assert sorted(span.kind for span in spans) == ["CLIENT", "INTERNAL", "SERVER"]
    assert {span.resource["service.name"] for span in spans} == {"remora"}
