"""Without a file, providers come from the environment."""

from __future__ import annotations

import pytest

from sidecar.config import environment
from sidecar.config.presets import PRESETS
from sidecar.config.problem import ConfigError


def test_one_key_gives_its_provider_as_the_default() -> None:
    settings = environment.load({"OPENAI_API_KEY": "k", "PATH": "/bin"}).for_serving()
    provider = settings.catalog.providers["openai"]
    assert (provider.protocol, provider.base_url) == ("openai", "https://api.openai.com/v1")
    assert settings.catalog.default_provider == "openai"
    assert settings.catalog.default_model is None
    assert settings.secrets == ("k",)


def test_several_keys_imply_neither_fallbacks_nor_a_default() -> None:
    catalog = environment.load({"OPENAI_API_KEY": "k", "GROQ_API_KEY": "g"}).for_serving().catalog
    assert list(catalog.providers) == ["openai", "groq"]
    assert catalog.default_provider is None
    assert catalog.fallbacks == ()
    assert all(not provider.fallbacks for provider in catalog.providers.values())


def test_a_base_url_in_the_environment_replaces_the_presets() -> None:
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1/"}
    assert environment.load(env).settings.catalog.providers["openai"].base_url == "http://127.0.0.1:9/v1"


def test_a_malformed_base_url_in_the_environment_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        environment.load({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "api.openai.com"})
    assert str(caught.value) == "environment: providers.openai.base_url: must be a URL like https://host/path"


def test_a_server_without_keys_comes_in_by_its_base_url() -> None:
    catalog = environment.load({"OLLAMA_BASE_URL": "http://127.0.0.1:11434/v1"}).for_serving().catalog
    assert catalog.providers["ollama"].profiles[0].credential.kind == "none"


def test_the_default_model_is_a_variable() -> None:
    env = {"OPENAI_API_KEY": "k", "REMORA_DEFAULT_MODEL": "openai/gpt-x"}
    assert environment.load(env).settings.catalog.default_model == "openai/gpt-x"
    with pytest.raises(ConfigError, match=r"default_model: 'nobody/x' names no configured provider"):
        environment.load({"OPENAI_API_KEY": "k", "GROQ_API_KEY": "g", "REMORA_DEFAULT_MODEL": "nobody/x"})


@pytest.mark.parametrize("env", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": "  "}])
def test_without_any_key_every_variable_looked_for_is_named(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        environment.load(env)
    said = str(caught.value)
    assert said.startswith("environment: no provider's key is set; looked for OPENAI_API_KEY, ANTHROPIC_API_KEY, ")
    assert all(preset.key_variable in said for preset in PRESETS.values() if preset.key_variable)


def test_a_protocol_that_is_not_built_is_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "BUILT_PROTOCOLS", frozenset({"openai"}))
    loaded = environment.load({"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "sk-ant-x"})
    assert list(loaded.for_serving().catalog.providers) == ["openai"]
    assert loaded.settings.catalog.default_provider is None
    assert [w.at("environment") for w in loaded.warnings] == [
        "environment: ANTHROPIC_API_KEY: anthropic is left out: its protocol 'anthropic' is not built yet in this "
        "version"
    ]


def test_with_nothing_but_protocols_that_are_not_built_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "BUILT_PROTOCOLS", frozenset({"openai"}))
    with pytest.raises(ConfigError) as caught:
        environment.load({"GEMINI_API_KEY": "g"})
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "environment: GEMINI_API_KEY: gemini is left out: its protocol 'gemini' is not built yet in this version"
    )
    assert lines[1].startswith("environment: no provider is left that this version can use; looked for OPENAI_")


def test_azure_needs_its_base_url_too() -> None:
    loaded = environment.load({"OPENAI_API_KEY": "k", "AZURE_OPENAI_API_KEY": "a"})
    assert "AZURE_OPENAI_BASE_URL is not set" in loaded.warnings[0].message
    env = {"AZURE_OPENAI_API_KEY": "a", "AZURE_OPENAI_BASE_URL": "https://x.openai.azure.com/openai/v1"}
    assert environment.load(env).for_serving().catalog.default_provider == "azure"
