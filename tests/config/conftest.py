"""Fixtures: load a text, or the lines of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.config.loading import Loaded, load_text
from sidecar.config.problem import ConfigError

ENV = {"OPENAI_API_KEY": "sk-proj-planted", "ANTHROPIC_API_KEY": "sk-ant-planted", "OPENROUTER_API_KEY": "sk-or-p"}

Load = Callable[..., Loaded]
Wrong = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads YAML text with keys for openai, anthropic and openrouter in the environment."""

    def loaded(text: str, env: dict[str, str] | None = None) -> Loaded:
        return load_text(dedent(text).lstrip("\n"), ENV if env is None else env, tmp_path, "f")

    return loaded


@pytest.fixture
def wrong(load: Load) -> Wrong:
    """The lines of the error that a text gives."""

    def lines(text: str, env: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, env)
        return str(caught.value).splitlines()

    return lines
