"""What the README tells a newcomer to do works as written."""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def snippet(language: str) -> str:
    """The README's first block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture
def address(tmp_path: pathlib.Path) -> Iterator[str]:
    """A sidecar on the simulator."""
    ready = tmp_path / "ready.json"
    config = tmp_path / "empty.yaml"
    config.write_text('listen: {grpc: ["127.0.0.1:0"]}\nproviders: {ollama: {}}\n')
    command = [sys.executable, "-m", "sidecar.cli", "serve", "--simulator", "--config", str(config)]
    process = subprocess.Popen([*command, "--ready-file", str(ready)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if ready.exists():
                break
            time.sleep(0.05)
        yield json.loads(ready.read_text())["grpc"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_client_snippet_prints_an_answer_and_what_gave_it(address: str) -> None:
    env = {**os.environ, "REMORA_ADDRESS": address}
    code = snippet("python")
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "answered by" in done.stdout
    assert "simulator" in done.stdout


def test_the_configuration_loads_without_a_warning(tmp_path: pathlib.Path) -> None:
    key = tmp_path / "spare"
    key.write_text("gsk_" + "x" * 20)
    config = tmp_path / "remora.yaml"
    config.write_text(snippet("yaml").replace("/var/run/secrets/groq-spare", str(key)))
    env = {**os.environ, "OPENAI_API_KEY": "sk-" + "x" * 20, "GROQ_API_KEY": "gsk_" + "y" * 20}
    done = subprocess.run(
        [sys.executable, "-m", "sidecar.cli", "check", str(config)], env=env, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(snippet("yaml").splitlines()) == 8
