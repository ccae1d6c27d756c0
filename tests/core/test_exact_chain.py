"""Chains to the letter: what is said of a chain, and of what is passed over, and what a configured reference may name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.catalog import Catalog, Credential, Feature, Model, Profile
from sidecar.core.chain import Chain, build_chain
from sidecar.core.content import FormatKind, Image, Request, ResponseFormat, Text, Tool
from sidecar.core.errors import CallError, FieldError
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import catalog, provider, request, targets_of

BLIND = Model("blind", features=frozenset({Feature.REASONING}))
NO_MODEL = "no model was named, and the configuration has no default_model"


def built(asked: Request, known: Catalog) -> Chain:
    return build_chain(asked, known, targets_of(known))


def refused(asked: Request, known: Catalog) -> CallError:
    with pytest.raises(CallError) as caught:
        built(asked, known)
    return caught.value


def invalid(path: str, description: str) -> tuple[Reason, str, tuple[FieldError, ...]]:
    return Reason.INVALID_INPUT, f"{path}: {description}", (FieldError(path, description),)


def told(error: CallError) -> tuple[Reason, str, tuple[FieldError, ...]]:
    return error.reason, error.message, error.fields


def test_a_chain_remembers_the_reference_that_was_asked_for_also_where_it_is_the_default() -> None:
    known = catalog(provider("a", ("x",)), default_model="x")
    assert built(request("a/x"), known).requested == "a/x"
    assert built(request(""), known).requested == "x"


def test_without_a_model_and_a_default_the_caller_is_told_both() -> None:
    assert told(refused(request(""), catalog())) == invalid("model", NO_MODEL)


def test_an_unknown_fallback_is_told_with_its_path_in_the_words_of_the_reference() -> None:
    error = refused(request("m", fallback_models=("m", "gone")), catalog())
    described = "no configured model, alias or provider is called 'gone'"
    assert told(error) == invalid("fallback_models[1]", described)


@pytest.mark.parametrize("place", ["model", "provider", "global"])
def test_a_configured_fallback_may_name_a_profile(place: str) -> None:
    at_eu = ("a/y@eu",)
    first = Model("x", fallbacks=at_eu if place == "model" else ())
    owner = provider("a", (first, "y"), ("us", "eu"), fallbacks=at_eu if place == "provider" else ())
    known = catalog(owner, fallbacks=at_eu if place == "global" else ())
    links = built(request("x"), known).links
    assert [[target.profile for target in link.targets] for link in links] == [["us", "eu"], ["eu"]]
    assert links[1].entry.model == "y"


def test_a_callers_fallback_names_a_model_and_no_profile() -> None:
    known = catalog(provider("a", ("x", "y"), ("us", "eu")))
    second = built(request("x", fallback_models=("a/y@eu",)), known).links[1]
    assert second.entry.model == "y@eu"
    assert len(second.targets) == 2


@pytest.mark.parametrize("field", ["only_providers", "never_providers"])
def test_a_boundary_nobody_has_is_told_with_every_provider_there_is_cut_to_64_characters(field: str) -> None:
    known = catalog(provider("b"), provider("a"))
    error = refused(request("b/m", policy=Policy(**{field: ("b", "x" * 70)})), known)
    assert told(error) == invalid(f"policy.{field}[1]", f"no provider is called '{'x' * 64}'; configured: a, b")


def test_a_profile_nobody_has_is_told_with_every_profile_there_is_cut_to_64_characters() -> None:
    known = catalog(provider("a", profiles=("us", "eu")), provider("b", profiles=("eu", "asia")))
    error = refused(request("a/m", policy=Policy(profile="p" * 70)), known)
    assert told(error) == invalid("policy.profile", f"no profile is called '{'p' * 64}'; configured: asia, eu, us")


def test_what_is_passed_over_is_told_with_why() -> None:
    off = replace(provider("off"), profiles=(Profile("main", Credential("none"), enabled=False),))
    known = catalog(provider("a", ("x",)), provider("b", (BLIND,)), provider("c"), off)
    asked = request(
        "x",
        Text("what is this?"),
        Image(b"picture", media_type="image/png"),
        fallback_models=("blind", "c/m", "off/m"),
        tools=(Tool("look"),),
        policy=Policy(never_providers=("c",)),
    )
    chain = built(asked, known)
    assert [str(link.entry) for link in chain.links] == ["a/x"]
    assert [(str(skip.entry), skip.cause, skip.message) for skip in chain.skipped] == [
        ("b/blind", SkipCause.CAPABILITY, "cannot do images, tools"),
        ("c/m", SkipCause.BOUNDARY, "the policy does not allow c"),
        ("off/m", SkipCause.DISABLED, "no enabled profile"),
    ]


def test_an_empty_chain_for_lack_of_capabilities_tells_every_entry_and_all_that_was_missing() -> None:
    deaf = Model("deaf", features=frozenset({Feature.TOOLS, Feature.REASONING}))
    mute = Model("mute", features=frozenset({Feature.IMAGES}))
    known = catalog(provider("a", (mute,)), provider("b", (deaf,)), provider("c"))
    asked = request("mute", Image(b"picture"), fallback_models=("deaf", "c/m"), tools=(Tool("look"),))
    error = refused(replace(asked, policy=Policy(never_providers=("c",))), known)
    assert error.reason is Reason.CAPABILITY
    assert error.message == (
        "no entry of the chain can do what the request needs: "
        "a/mute cannot do tools; b/deaf cannot do images; c/m the policy does not allow c"
    )
    assert error.metadata == {"missing": "images, tools"}


def test_what_several_entries_lack_is_named_once() -> None:
    bare, blind = Model("bare", features=frozenset()), Model("blind", features=frozenset({Feature.TOOLS}))
    asked = request("bare", Image(b"picture"), fallback_models=("blind",), tools=(Tool("look"),))
    error = refused(asked, catalog(provider("a", (bare,)), provider("b", (blind,))))
    assert error.metadata == {"missing": "images, tools"}


def test_an_empty_chain_for_any_other_cause_tells_the_reference_and_every_entry() -> None:
    known = catalog(provider("a", ("x",)), provider("b", ("y",)))
    asked = request("x", fallback_models=("y",), policy=Policy(never_providers=("a", "b")))
    why = "no entry is left for 'x': a/x the policy does not allow a; b/y the policy does not allow b"
    assert told(refused(asked, known)) == invalid("policy", why)


def test_a_prompt_over_a_window_even_at_six_bytes_a_token_passes_its_entry_over() -> None:
    known = catalog(provider("a", (Model("small", context_window=100),)), provider("b", ("y",)))
    exact = request("small", fallback_models=("y",), size_bytes=540, max_output_tokens=10)
    assert built(exact, known).skipped == ()
    over = built(replace(exact, max_output_tokens=11), known)
    assert [(str(skip.entry), skip.message) for skip in over.skipped] == [
        ("a/small", "cannot do context of 101 tokens")
    ]


def test_where_a_protocol_answers_by_tool_a_model_with_tools_lacks_no_schema() -> None:
    model = Model("x", features=frozenset({Feature.TOOLS}))
    asked = request("x", response_format=ResponseFormat(FormatKind.JSON_SCHEMA, "{}"))
    by_tool = replace(provider("a", (model,)), protocol="anthropic")
    assert len(built(asked, catalog(by_tool)).links) == 1
    assert refused(asked, catalog(provider("a", (model,)))).metadata == {"missing": "json_schema"}
