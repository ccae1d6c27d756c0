"""The ready file is there while the sidecar serves, and says so in one line where it cannot be."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from sidecar import cli
from sidecar.ready import ReadyFile, StartError

CONFIG = 'listen: {grpc: ["127.0.0.1:0"]}\nproviders: {ollama: {}}\n'


def serve(tmp_path: Path, ready: Path, text: str = CONFIG) -> subprocess.Popen[str]:
    config = tmp_path / "remora.yaml"
    config.write_text(text)
    command = [sys.executable, "-m", "sidecar.cli", "serve", "--config", str(config), "--ready-file", str(ready)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_it_goes_when_the_sidecar_goes(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with serve(tmp_path, ready) as process:
        for _ in range(200):
            if ready.exists():
                break
            time.sleep(0.05)
        assert ready.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not ready.exists()


def test_a_folder_that_is_not_there_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with serve(tmp_path, tmp_path / "nope" / "ready") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert len(err.splitlines()) == 1
    assert "nope/ready" in err


def test_a_bad_configuration_leaves_no_file_of_an_earlier_process(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.write_text("{}")
    with serve(tmp_path, ready, "unknown: 1\n") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "unknown" in err
    assert not ready.exists()


def test_a_file_of_an_earlier_process_goes_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    ready.write_text("{}")
    was_there: list[bool] = []

    def load(path: str | None) -> NoReturn:
        was_there.append(ready.exists())
        raise KeyboardInterrupt

    monkeypatch.setattr("sidecar.config.source.Source", load)
    assert cli.main(["serve", "--config", "remora.yaml", "--ready-file", str(ready)]) == 130
    assert was_there == [False]


def test_a_file_of_an_earlier_process_is_removed_at_once(tmp_path: Path) -> None:
    old = tmp_path / "ready"
    old.write_text("{}")
    ReadyFile(str(old))
    assert not old.exists()


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartError):
        ReadyFile(str(tmp_path))


def test_the_file_of_a_process_that_came_after_stays(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    first = ReadyFile(str(path))
    first.write(["127.0.0.1:1"])
    ReadyFile(str(path)).write(["127.0.0.1:2"])
    first.withdraw()
    assert b"127.0.0.1:2" in path.read_bytes()


def test_a_file_that_is_gone_does_not_hinder_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ready = ReadyFile(str(tmp_path / "ready"))
    ready.write(["127.0.0.1:1"])
    (tmp_path / "ready").unlink()
    ready.withdraw()
    assert "could not be removed" in caplog.text
