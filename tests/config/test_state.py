"""Where health is kept, as the configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.config.settings import State

from .conftest import Load, Wrong

OPENAI = "providers: {openai: {}}\n"


@pytest.mark.parametrize("text", ["", "state:", "state: {}", "state: memory", "state: {path: null}"])
def test_without_a_path_nothing_is_kept(load: Load, text: str) -> None:
    loaded = load(OPENAI + text)
    assert (loaded.settings.state, loaded.unbuilt, loaded.warnings) == (State(), (), ())


def test_a_path_starts_where_the_file_is(load: Load, tmp_path: Path) -> None:
    loaded = load(f"{OPENAI}state: {{path: remora.db}}")
    assert (loaded.settings.state.path, loaded.unbuilt, loaded.warnings) == (str(tmp_path / "remora.db"), (), ())
    assert load(f"{OPENAI}state: {{path: /tmp/remora.db}}").settings.state.path == "/tmp/remora.db"


def test_a_folder_that_is_not_there_is_worth_a_warning(load: Load) -> None:
    (warning,) = load(f"{OPENAI}state: {{path: gone/remora.db}}").warnings
    assert warning.at("f") == (
        "f:2:15: state.path: is in a folder that is not here, or cannot be written: the sidecar would not start here"
    )


def test_what_is_no_path_is_refused(wrong: Wrong) -> None:
    assert wrong(f'{OPENAI}state: {{path: "a\\0b"}}') == ["f:2:15: state.path: must be the path of a file"]
    assert wrong(f'{OPENAI}state: {{path: ""}}') == ["f:2:15: state.path: is empty"]


def test_a_shared_state_is_not_built(load: Load) -> None:
    (unbuilt,) = load(f"{OPENAI}state: {{url: 'valkey://h'}}").unbuilt
    assert unbuilt.at("f") == "f:2:14: state.url: is not built yet in this version"
