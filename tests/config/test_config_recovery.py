"""How broken streams are recovered is a setting: the policy in every layer, the instruction, and who takes a prefill."""

from __future__ import annotations

import pytest

from sidecar.config.loading import Loaded
from sidecar.config.presets import prefill_of
from sidecar.core.catalog import Prefill
from sidecar.core.continuation import DEFAULT_INSTRUCTION
from sidecar.core.policy import OnStreamBreak, Policy

from .conftest import Load, Wrong

PROVIDER = "providers: {openai: {api_key: none, %s}}"


def prefills(loaded: Loaded) -> dict[str, Prefill]:
    """How each provider is given the beginning of an answer."""
    return {name: provider.prefill for name, provider in loaded.settings.catalog.providers.items()}


def test_the_switches_of_a_break_are_taken_in_every_layer_and_can_be_served(load: Load) -> None:
    text = """
    policy: {on_stream_break: buffer, buffer_tokens: 10, buffer_s: 0.5, buffer_then: restart, infer_tool_end: false}
    providers:
      openai:
        api_key: none
        policy: {on_stream_break: resume_or_restart}
        models: {gpt: {policy: {on_stream_break: fail}}}
    aliases: {smart: {targets: [openai/gpt], policy: {on_stream_break: resume}}}
    """
    loaded = load(text)
    loaded.for_serving()
    catalog = loaded.settings.catalog
    assert catalog.policy == Policy(
        on_stream_break=OnStreamBreak.BUFFER,
        buffer_tokens=10,
        buffer_s=0.5,
        buffer_then=OnStreamBreak.RESTART,
        infer_tool_end=False,
    )
    openai = catalog.providers["openai"]
    assert openai.policy.on_stream_break is OnStreamBreak.RESUME_OR_RESTART
    assert openai.model("gpt").policy.on_stream_break is OnStreamBreak.FAIL
    assert catalog.aliases["smart"].policy.on_stream_break is OnStreamBreak.RESUME


@pytest.mark.parametrize("rule", [rule for rule in OnStreamBreak if rule is not OnStreamBreak.BUFFER])
def test_behind_a_buffer_everything_may_follow_but_another_buffer(load: Load, rule: OnStreamBreak) -> None:
    loaded = load(f"policy: {{buffer_then: {rule.value}}}\n" + PROVIDER % "organization: o")
    assert loaded.settings.catalog.policy.buffer_then is rule


def test_a_buffer_behind_a_buffer_is_refused(wrong: Wrong) -> None:
    (line,) = wrong("policy: {buffer_then: buffer}\n" + PROVIDER % "organization: o")
    assert line == "f:1:23: policy.buffer_then: must not be buffer again"


def test_an_unknown_rule_for_a_break_is_refused(wrong: Wrong) -> None:
    (line,) = wrong("policy: {on_stream_break: retry}\n" + PROVIDER % "organization: o")
    assert line.startswith("f:1:27: policy.on_stream_break: must be one of ")


def test_the_instruction_is_a_setting_and_short_unless_it_is_said(load: Load) -> None:
    said = load('policy: {resume_instruction: "Weiter."}\n' + PROVIDER % "organization: o")
    assert said.settings.resume_instruction == "Weiter."
    unsaid = load(PROVIDER % "organization: o").settings.resume_instruction
    assert unsaid == DEFAULT_INSTRUCTION
    assert len(unsaid.split()) <= 40


@pytest.mark.parametrize("style", Prefill)
def test_every_way_to_give_a_prefill_is_taken_for_a_provider_and_for_a_model(load: Load, style: Prefill) -> None:
    provider = load(PROVIDER % f"prefill: {style.value}, models: {{gpt: {{}}}}").settings.catalog.providers["openai"]
    assert (provider.prefill, provider.model("gpt").prefill) == (style, None)
    provider = load(PROVIDER % f"models: {{gpt: {{prefill: {style.value}}}}}").settings.catalog.providers["openai"]
    assert (provider.prefill, provider.model("gpt").prefill) == (Prefill.NONE, style)


def test_a_way_that_is_none_is_refused(wrong: Wrong) -> None:
    (line,) = wrong(PROVIDER % "prefill: always")
    assert "providers.openai.prefill" in line


def test_unless_it_is_said_a_well_known_provider_is_known_and_another_follows_its_protocol(load: Load) -> None:
    loaded = load("""
    providers:
      openai: {api_key: none}
      anthropic: {api_key: none}
      mistral: {api_key: none}
      vllm: {}
      mine: {protocol: openai, base_url: "http://127.0.0.1:1/v1", api_key: none}
      theirs: {protocol: anthropic, base_url: "http://127.0.0.1:2", api_key: none}
      quiet: {protocol: anthropic, base_url: "http://127.0.0.1:3", api_key: none, prefill: none}
    """)
    assert prefills(loaded) == {
        "openai": Prefill.NONE,
        "anthropic": Prefill.PLAIN,
        "mistral": Prefill.PREFIX,
        "vllm": Prefill.CONTINUE,
        "mine": Prefill.NONE,
        "theirs": Prefill.PLAIN,
        "quiet": Prefill.NONE,
    }


def test_a_well_known_name_in_front_of_another_protocol_says_nothing() -> None:
    assert prefill_of("mistral", "") is Prefill.PREFIX
    assert prefill_of("mistral", "openai") is Prefill.PREFIX
    assert prefill_of("mistral", "anthropic") is Prefill.PLAIN
    assert prefill_of("anthropic", "openai") is Prefill.NONE


def test_a_model_that_is_not_declared_is_told_as_its_provider(load: Load) -> None:
    loaded = load(PROVIDER % "prefill: plain")
    provider = loaded.settings.catalog.providers["openai"]
    assert (provider.prefill, provider.model("other").prefill) == (Prefill.PLAIN, None)
