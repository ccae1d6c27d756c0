"""The protocol `anthropic` can be served, and a model's output limit is a setting."""

from __future__ import annotations

import pytest

from sidecar.config import environment
from sidecar.config.problem import ConfigError

from .conftest import Load


def test_a_key_in_the_environment_is_enough() -> None:
    settings = environment.load({"ANTHROPIC_API_KEY": "sk-ant-x"}).for_serving()
    provider = settings.catalog.providers["anthropic"]
    assert (provider.protocol, provider.base_url) == ("anthropic", "https://api.anthropic.com")


def test_a_models_output_limit_is_known_only_where_it_is_said(load: Load) -> None:
    models = (
        load("""
        providers:
          anthropic: {api_key: none, models: {a: {max_output_tokens: 64000}, b: {}}}
        """)
        .settings.catalog.providers["anthropic"]
        .models
    )
    assert (models["a"].max_output_tokens, models["b"].max_output_tokens) == (64_000, None)


def test_an_output_limit_of_nothing_is_refused(load: Load) -> None:
    with pytest.raises(ConfigError, match="max_output_tokens"):
        load("providers: {anthropic: {api_key: none, models: {a: {max_output_tokens: 0}}}}")
