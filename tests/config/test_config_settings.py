"""A valid file becomes the settings that it says; what is not built yet is told before anything is served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.config import check, consistency, policy, schema, settings
from sidecar.config.built import BUILT_PROTOCOLS, UNBUILT
from sidecar.config.loading import Loaded, load_text
from sidecar.config.presets import KEY_PREFIXES, PRESETS, foreign_vendor
from sidecar.config.problem import ConfigError
from sidecar.config.shape import settings as known_settings
from sidecar.core import reference
from sidecar.core.catalog import Feature, Price
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import OnSlow, Policy

Load = Callable[..., Loaded]

CONTRACT = """\
listen:
  grpc: [127.0.0.1:7650]
  http: null
  probe: null
  tls: null
  token: null
  unix_mode: "0660"
default_model: smart
default_provider: openai
providers:
  openai:
    protocol: openai
    base_url: https://api.openai.com/v1
    strategy: sequential
    headers: {}
    profiles:
      - {name: main,  api_key: env:OPENAI_API_KEY}
      - {name: spare, api_key: file:spare, rpm: 500, tpm: 200000}
    models:
      gpt-x: {context_window: 128000, capabilities: [tools, images, json_schema], fallbacks: [anthropic/claude-x]}
    fallbacks: [anthropic/claude-x]
  azure: {protocol: openai, base_url: "https://example.openai.azure.com/openai/v1",
          profiles: [{name: main, api_key: env:AZURE_OPENAI_API_KEY}]}
  anthropic: {}
  openrouter: {}
aliases:
  smart: {targets: [openai/gpt-x, azure/gpt-x], fallbacks: [anthropic/claude-x], isolated: false,
          interchangeable: false}
pools:
  auto: {candidates: [openai/gpt-x, anthropic/claude-x], mode: auto}
fallbacks: [openrouter/some-model]
policy: {}
spend: {}
state: {}
telemetry: {}
"""
ENV = {"OPENAI_API_KEY": "o", "AZURE_OPENAI_API_KEY": "z", "ANTHROPIC_API_KEY": "a", "OPENROUTER_API_KEY": "r"}


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    (tmp_path / "spare").write_text("spare-key\n")
    (tmp_path / "remora.yaml").write_text(CONTRACT)
    return tmp_path / "remora.yaml"


def test_the_example_of_the_contract_loads_with_nothing_but_warnings(contract: Path) -> None:
    out, err = StringIO(), StringIO()
    assert check.run(str(contract), out, err, ENV) == 0
    count = len(err.getvalue().splitlines())
    assert out.getvalue() == (
        f"{contract}: OK: 4 providers, 5 profiles, 1 model, 1 alias, 1 global fallback, "
        f"{count} warning{'' if count == 1 else 's'}\n"
    )
    lines = err.getvalue().splitlines()
    assert all(line.startswith(f"{contract}:") and ": warning: " in line for line in lines)


def test_the_example_of_the_contract_says_what_it_says(contract: Path) -> None:
    catalog = load_text(CONTRACT, ENV, contract.parent).settings.catalog
    openai = catalog.providers["openai"]
    assert [(p.name, p.rpm, p.tpm) for p in openai.profiles] == [("main", None, None), ("spare", 500, 200_000)]
    assert openai.models["gpt-x"].features == frozenset({Feature.TOOLS, Feature.IMAGES, Feature.JSON_SCHEMA})
    assert openai.models["gpt-x"].context_window == 128_000
    assert catalog.providers["anthropic"].protocol == "anthropic"
    assert catalog.providers["anthropic"].model_patterns == ("claude-*",)
    assert catalog.aliases["smart"].targets == ("openai/gpt-x", "azure/gpt-x")
    assert (catalog.default_model, catalog.fallbacks) == ("smart", ("openrouter/some-model",))
    assert catalog.policy == Policy()


def test_serving_is_refused_on_what_is_not_built_naming_each(load: Load) -> None:
    loaded = load("""
        providers:
          openai: {protocol: bedrock, region: eu, policy: {last_resort: true}}
        spend: {limits: [{name: a, usd: 1, window_s: 60}]}
        policy: {buffer_tokens: 3, on_stream_break: fail}
        """)
    found = {problem.path for problem in loaded.unbuilt}
    with pytest.raises(ConfigError) as caught:
        loaded.for_serving()
    assert found <= {problem.path for problem in caught.value.problems}
    assert all(f"f:{problem.line}:" in str(caught.value) for problem in loaded.unbuilt)
    if "bedrock" not in BUILT_PROTOCOLS:
        said = "f:2:22: providers.openai.protocol: 'bedrock' is not built yet in this version; built: "
        assert said in str(caught.value)


def test_every_row_of_what_is_not_built_is_about_a_setting_there_is() -> None:
    paths = {path.replace("[]", ".*") for path, _ in known_settings()}
    for row in UNBUILT:
        assert row.pattern.removesuffix(".*") in paths | {p.removesuffix(".*") for p in paths}


def test_a_plain_file_has_nothing_that_is_not_built(load: Load) -> None:
    loaded = load("providers: {openai: {}, openrouter: {}}\nfallbacks: [openrouter/x]\n")
    assert loaded.unbuilt == ()
    assert loaded.warnings == ()
    assert loaded.for_serving() is loaded.settings


def test_settings_left_out_have_the_defaults_of_their_values(load: Load) -> None:
    found = load("providers: {openai: {}}\n").settings
    assert found == settings.Settings(found.catalog, secrets=found.secrets, source="f")


def test_numbers_given_arrive(load: Load) -> None:
    found = load("""
        providers: {openai: {models: {m: {price: {input: 1, output: 2}, policy: {first_content_s: 3}}}}}
        policy:
          on_slow: wait
          idle_s: 7
          only_providers: [openai]
          max_concurrent_requests: 5
          drain_delay_s: 0.5
          breaker: {open_s: 1, jitter: 0}
          retry_budget: {capacity: 2, per_s: 0}
          clock: {connect_s: 2}
        """).settings
    assert found.catalog.policy == Policy(on_slow=OnSlow.WAIT, idle_s=7.0, only_providers=("openai",))
    assert found.catalog.providers["openai"].models["m"].price == Price(1, 2)
    assert found.catalog.providers["openai"].models["m"].policy.first_content_s == 3
    assert found.breaker == BreakerSettings(open_s=1.0, jitter=0.0)
    assert found.retry_budget == settings.Budget(2.0, 0.2, 0.0)
    assert (found.limits.max_concurrent_requests, found.limits.drain_delay_s) == (5, 0.5)
    assert found.clock.connect_s == 2.0


def test_settings_cannot_be_changed(load: Load) -> None:
    found = load("providers: {openai: {}}\n").settings
    with pytest.raises(FrozenInstanceError):
        found.source = "x"  # type: ignore[misc]


def test_the_switches_are_the_fields_of_cores_policy_without_pin() -> None:
    assert set(policy.Switches.model_fields) == {f.name for f in fields(Policy)} - {"pin"}


def test_the_depth_of_aliases_is_the_one_that_core_resolves() -> None:
    assert consistency.MAX_ALIAS_DEPTH == reference.MAX_ALIAS_DEPTH


@pytest.mark.parametrize(
    ("provider", "key", "vendor"),
    [
        ("openai", "sk-ant-x", "anthropic"),
        ("anthropic", "sk-proj-x", "openai"),
        ("anthropic", "sk-x", "deepseek or openai"),
        ("openai", "sk-x", None),
        ("deepseek", "sk-x", None),
        ("deepseek", "sk-or-x", "openrouter"),
        ("groq", "gsk_x", None),
        ("groq", "xai-x", "xai"),
        ("mistral", "whatever", None),
    ],
)
def test_a_key_of_the_wrong_vendor_is_known_by_its_beginning(provider: str, key: str, vendor: str | None) -> None:
    assert foreign_vendor(key, PRESETS[provider].base_url or "") == vendor


def test_a_key_that_goes_to_a_gateway_is_nobodys_wrong_key() -> None:
    assert foreign_vendor("sk-ant-x", "http://gateway.internal/v1") is None


def test_longer_prefixes_are_tried_before_shorter_ones() -> None:
    for index, (prefix, _) in enumerate(KEY_PREFIXES):
        assert not any(later.startswith(prefix) for later, _ in KEY_PREFIXES[index + 1 :])


def test_warnings_are_told_with_their_places_and_without_any_key(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(
        dedent("""\
        providers:
          openai: {api_key: env:K}
          mine:
            protocol: openai
            base_url: http://models.internal/v1
            profiles: [{name: a, api_key: none, enabled: false}]
            policy: {first_content_s: 90}
          groq: {profiles: [{name: a, api_key: env:G}, {name: b, api_key: env:G}]}
        """)
    )
    out, err = StringIO(), StringIO()
    assert check.run(str(path), out, err, {"K": "sk-ant-PLANTED", "G": "gsk_PLANTED"}) == 0
    assert err.getvalue().splitlines() == [
        f"{path}:2:21: warning: providers.openai.api_key: the key looks like one of anthropic, but it is sent to "
        "another vendor",
        f"{path}:5:15: warning: providers.mine.base_url: is http: prompts and keys leave this machine unencrypted",
        f"{path}:6:5: warning: providers.mine.profiles: are all disabled: this provider never answers",
        f"{path}:7:31: warning: providers.mine.policy.first_content_s: first_content_s (90) is greater than "
        "first_content_limit_s (60)",
        f"{path}:8:67: warning: providers.groq.profiles[1].api_key: has the same key as profile 'a': rotation between "
        "them cannot help",
    ]
    assert "PLANTED" not in out.getvalue() + err.getvalue()


def test_check_tells_every_problem_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("providers: {openai: {x: 1}}\npolcy: {}\n")
    out, err = StringIO(), StringIO()
    assert check.run(str(path), out, err, {"OPENAI_API_KEY": "k"}) == 1
    assert out.getvalue() == ""
    lines = err.getvalue().splitlines()
    assert [line.rsplit(f"{path}:", 1)[1].split(" ")[0] for line in lines] == ["1:22:", "2:1:", ""]
    assert lines[-1] == f"{path}: 2 problems"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff", "is not UTF-8 text"),
        (b"a: \x00", "has a character that YAML does not allow"),
        (b"#" * 2_000_000, "is longer than 1048576 characters"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    if content is not None:
        path.write_bytes(content)
    err = StringIO()
    assert check.run(str(path), StringIO(), err, {}) == 1
    assert err.getvalue().startswith(f"{path}")
    assert said in err.getvalue()


def test_the_json_schema_knows_every_setting() -> None:
    found = json.loads(schema.text())
    assert found["additionalProperties"] is False
    assert set(found["properties"]) == {path for path, _ in known_settings() if "." not in path}
