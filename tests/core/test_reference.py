"""What a model reference means."""

from __future__ import annotations

import pytest

from sidecar.core.catalog import Alias, Catalog, Entry, Model
from sidecar.core.errors import CallError
from sidecar.core.reasons import Reason
from sidecar.core.reference import known_names, named_models, resolve

from .build import catalog, provider

OPENAI = provider("openai", ("gpt-5", "o4"), ("main", "eu"), model_patterns=("gpt-*", "o?"))
ANTHROPIC = provider("anthropic", ("claude",), model_patterns=("claude-*",))
ROUTER = provider("router", ("openai/gpt-5", "claude@eu"), ("eu",), model_patterns=("claude-opus-*",))
KNOWN = catalog(
    OPENAI,
    ANTHROPIC,
    ROUTER,
    aliases=(
        Alias("smart", ("openai/gpt-5", "claude")),
        Alias("best", ("smart", "o4", "claude")),
        Alias("openai/fast", ("o4",)),
        Alias("eu-only", ("openai/gpt-5@eu",)),
    ),
)


def resolved(reference: str, known: Catalog = KNOWN) -> list[Entry]:
    return list(resolve(reference, known))


def refused(reference: str, known: Catalog = KNOWN) -> CallError:
    with pytest.raises(CallError) as caught:
        resolve(reference, known)
    return caught.value


def test_an_alias_comes_first_and_gives_its_targets_in_order() -> None:
    assert resolved("smart") == [Entry("openai", "gpt-5"), Entry("anthropic", "claude")]
    assert resolved("openai/fast") == [Entry("openai", "o4")]


def test_an_alias_of_aliases_keeps_the_first_place_of_a_duplicate() -> None:
    assert resolved("best") == [Entry("openai", "gpt-5"), Entry("anthropic", "claude"), Entry("openai", "o4")]


def test_the_left_part_is_a_provider_when_one_is_called_that() -> None:
    assert resolved("openai/anything/else") == [Entry("openai", "anything/else")]
    assert resolved("router/openai/gpt-5") == [Entry("router", "openai/gpt-5")]


def test_a_declared_model_is_found_without_its_provider() -> None:
    assert resolved("gpt-5") == [Entry("openai", "gpt-5")]


def test_a_model_no_one_declares_goes_to_the_longest_pattern() -> None:
    assert resolved("gpt-6") == [Entry("openai", "gpt-6")]
    assert resolved("claude-3") == [Entry("anthropic", "claude-3")]
    assert resolved("claude-opus-9") == [Entry("router", "claude-opus-9")]


def test_a_tie_of_patterns_is_refused_naming_both() -> None:
    tied = catalog(provider("a", model_patterns=("x-*",)), provider("b", model_patterns=("x-*",)))
    error = refused("x-1", tied)
    assert error.reason is Reason.INVALID_INPUT
    assert "a/x-1, b/x-1" in error.message


def test_a_model_that_two_declare_is_refused_unless_the_default_provider_is_one_of_them() -> None:
    both = (provider("a", ("x",)), provider("b", ("x",)))
    assert refused("x", catalog(*both)).reason is Reason.INVALID_INPUT
    assert resolved("x", catalog(*both, default_provider="b")) == [Entry("b", "x")]


def test_the_default_provider_takes_what_nobody_else_does() -> None:
    known = catalog(OPENAI, ANTHROPIC, default_provider="anthropic")
    assert resolved("mistral", known) == [Entry("anthropic", "mistral")]
    assert resolved("gone/mistral", known) == [Entry("anthropic", "gone/mistral")]


def test_an_unknown_one_is_refused_with_the_closest_names() -> None:
    error = refused("gtp-5")
    assert error.reason is Reason.UNKNOWN_MODEL
    assert error.metadata["closest"].startswith("gpt-5")
    assert "closest: gpt-5" in error.message


def test_an_unknown_one_like_nothing_known_is_refused_without_a_hint() -> None:
    error = refused("?" * 5000)
    assert (error.reason, error.metadata) == (Reason.UNKNOWN_MODEL, {})
    assert len(error.message) < 400


def test_an_empty_one_or_half_of_one_is_refused() -> None:
    assert refused("", catalog(OPENAI, default_provider="openai")).reason is Reason.UNKNOWN_MODEL
    assert refused("openai/").reason is Reason.UNKNOWN_MODEL


def test_a_profile_is_named_in_the_configuration_only() -> None:
    assert list(resolve("openai/gpt-5@eu", KNOWN, configured=True)) == [Entry("openai", "gpt-5", "eu")]
    assert resolved("eu-only") == [Entry("openai", "gpt-5", "eu")]
    assert resolved("openai/gpt-5@eu") == [Entry("openai", "gpt-5@eu")]


def test_an_at_sign_of_no_profile_or_of_a_declared_model_belongs_to_the_model() -> None:
    assert list(resolve("openai/gpt-5@us", KNOWN, configured=True)) == [Entry("openai", "gpt-5@us")]
    assert list(resolve("router/claude@eu", KNOWN, configured=True)) == [Entry("router", "claude@eu")]


def nested(depth: int) -> Catalog:
    """An alias a1 with `depth` aliases from it to a model."""
    aliases = [Alias(f"a{i}", (f"a{i + 1}",)) for i in range(1, depth)]
    return catalog(OPENAI, aliases=(*aliases, Alias(f"a{depth}", ("o4",))))


def test_aliases_nest_three_deep_and_no_deeper() -> None:
    assert resolved("a1", nested(3)) == [Entry("openai", "o4")]
    assert refused("a1", nested(4)).reason is Reason.UNKNOWN_MODEL


def test_an_alias_of_itself_is_refused_and_does_not_loop() -> None:
    looped = catalog(OPENAI, aliases=(Alias("a", ("b",)), Alias("b", ("a",))))
    assert "nested deeper than 3" in refused("a", looped).message


def test_every_name_a_caller_could_mean_is_known_once() -> None:
    names = known_names(KNOWN)
    assert {"smart", "openai/gpt-5", "gpt-5", "claude"} <= set(names)
    assert len(names) == len(set(names))


def test_the_models_a_configuration_names_are_those_declared_and_those_its_references_mean() -> None:
    known = catalog(
        provider("a", (Model("declared", fallbacks=("b/fallback-of-a-model",)),)),
        provider("b", (), fallbacks=("a/fallback-of-a-provider",)),
        aliases=(
            Alias("smart", ("a/target", "b/target@main"), ("b/fallback-of-an-alias",)),
            Alias("outer", ("smart",)),
            Alias("broken", ("nobody",)),
        ),
        fallbacks=("b/last-resort",),
        default_model="a/usual",
    )
    assert {name: set(models) for name, models in named_models(known).items()} == {
        "a": {"declared", "target", "fallback-of-a-provider", "usual"},
        "b": {"fallback-of-a-model", "target", "fallback-of-an-alias", "last-resort"},
    }
