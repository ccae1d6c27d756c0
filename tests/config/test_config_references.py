"""References must name something; aliases go round in no circle and not too deep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sidecar.config.loading import Loaded

Load = Callable[..., Loaded]
Wrong = Callable[..., list[str]]

BASE = """
providers:
  openai:
    profiles: [{name: main, api_key: env:OPENAI_API_KEY}, {name: spare, api_key: none}]
    models: {gpt-x: {}, "odd@id": {}, shared: {}}
  openrouter: {models: {shared: {}}, model_patterns: ["gpt-*"]}
aliases: {smart: {targets: [openai/gpt-x]}}
pools: {auto: {candidates: [openai/gpt-x]}}
"""


@pytest.mark.parametrize(
    "reference",
    [
        "smart",
        "auto",
        "openai/anything",
        "openai/vendor/with:slash",
        "openai/gpt-x@spare",
        "openai/odd@id",
        "gpt-x",
        "chatgpt-9",
    ],
)
def test_what_names_something_is_taken(reference: str, load: Load) -> None:
    assert load(BASE + f'fallbacks: ["{reference}"]\n').settings.catalog.fallbacks == (reference,)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("opnai/gpt-x", "'opnai/gpt-x' names no configured provider, alias or pool; did you mean 'openai/gpt-x'?"),
        (
            "anthropic/claude",
            "'anthropic/claude' names no configured provider, alias or pool; add `anthropic: {}` under providers",
        ),
        ("smrat", "'smrat' names no configured provider, alias or pool; did you mean 'smart'?"),
        (
            "openai/gpt-x@spar",
            "'openai' has no profile 'spar'; did you mean 'spare'? (a model id with an @ must stand under models)",
        ),
        ("openai/", "must be provider/model-id"),
        ("openai/@spare", "must be provider/model-id"),
        ("openai/a b", "must be provider/model-id"),
        ("gpt-y", "'gpt-y' may be of 'openai' or 'openrouter'; write provider/model-id"),
        ("shared", "'shared' may be of 'openai' or 'openrouter'; write provider/model-id"),
        ("", "is empty"),
        ("  ", "is empty"),
    ],
)
@pytest.mark.parametrize(
    "place",
    ["fallbacks: [{}]", "default_model: {}", "aliases: {{smart: {{targets: [openai/a], fallbacks: [{}]}}}}"],
)
def test_what_names_nothing_is_refused_wherever_it_stands(reference: str, said: str, place: str, wrong: Wrong) -> None:
    text = BASE.replace("aliases: {smart: {targets: [openai/gpt-x]}}\n", "") if place.startswith("aliases") else BASE
    found = wrong(text + place.format(f'"{reference}"') + "\n")
    assert len(found) == 1
    assert found[0].endswith(": " + said)


def test_the_default_provider_takes_what_nobody_else_knows_and_breaks_ties(load: Load, wrong: Wrong) -> None:
    text = BASE + "fallbacks: [gpt-y, shared, whatever]\n"
    assert len(wrong(text)) == 3
    assert load(text + "default_provider: openai\n").settings.catalog.default_provider == "openai"


def test_a_circle_of_aliases_is_told_once(wrong: Wrong) -> None:
    assert wrong("""
        providers: {openai: {}}
        aliases:
          a: {targets: [openai/x, b]}
          b: {targets: [c]}
          c: {targets: [a]}
        """) == ["f:5:17: aliases.c.targets[0]: goes round in a circle: 'a' → 'b' → 'c' → 'a'"]


def test_an_alias_of_itself_is_a_circle(wrong: Wrong) -> None:
    assert wrong("providers: {openai: {}}\naliases: {a: {targets: [a]}}\n") == [
        "f:2:25: aliases.a.targets[0]: goes round in a circle: 'a' → 'a'"
    ]


def test_three_aliases_one_behind_the_other_are_taken_and_four_are_not(load: Load, wrong: Wrong) -> None:
    three = "providers: {openai: {}}\naliases:\n  a: {targets: [b]}\n  b: {targets: [c]}\n  c: {targets: [openai/x]}\n"
    assert load(three).settings.catalog.aliases["a"].targets == ("b",)
    assert wrong(three + "  z: {targets: [a]}\n") == ["f:6:3: aliases.z: has more than 3 aliases one behind the other"]


def test_mutual_fallbacks_are_legal(load: Load) -> None:
    assert load("""
        providers: {openai: {}}
        aliases:
          a: {targets: [openai/x], fallbacks: [b]}
          b: {targets: [openai/y], fallbacks: [a]}
        """)


def test_many_aliases_that_share_targets_are_followed_once(load: Load) -> None:
    layers = [
        f"  a{n}x{m}: {{targets: [{', '.join(f'a{n + 1}x{k}' for k in range(40))}]}}"
        for n in range(2)
        for m in range(40)
    ]
    layers += [f"  a2x{m}: {{targets: [openai/x]}}" for m in range(40)]
    assert load("providers: {openai: {}}\naliases:\n" + "\n".join(layers) + "\n")
