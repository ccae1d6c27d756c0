"""From a request to its chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.catalog import Alias, Catalog, Credential, Feature, Model, Profile
from sidecar.core.chain import MAX_CANDIDATES, Candidates, Chain, build_chain, chain_entries, tightened
from sidecar.core.content import NO_POLICY, Request, Tool
from sidecar.core.errors import CallError
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import catalog, provider, request, targets_of

OPENAI = provider(
    "openai",
    (Model("gpt", fallbacks=("openai/mini",)), "mini", "nano"),
    ("main", "eu"),
    fallbacks=("openai/nano",),
)
ANTHROPIC = provider("anthropic", (Model("claude", fallbacks=("gpt",)),))
GOOGLE = provider("google", (Model("gemini", features=frozenset({Feature.IMAGES})),))
KNOWN = catalog(
    OPENAI,
    ANTHROPIC,
    GOOGLE,
    aliases=(
        Alias("smart", ("gpt", "claude"), fallbacks=("openai/mini",)),
        Alias("alone", ("gpt",), fallbacks=("claude",), isolated=True),
        Alias("eu", ("openai/gpt@eu",), isolated=True),
    ),
    fallbacks=("google/gemini",),
)


def built(asked: Request, known: Catalog = KNOWN) -> Chain:
    return build_chain(asked, known, targets_of(known))


def names(asked: Request, known: Catalog = KNOWN) -> list[str]:
    return [str(link.entry) for link in built(asked, known).links]


def refused(asked: Request, known: Catalog = KNOWN) -> CallError:
    with pytest.raises(CallError) as caught:
        built(asked, known)
    return caught.value


def with_policy(model: str, **fields: Any) -> Request:
    return request(model, policy=Policy(**fields))


def test_a_chain_is_the_model_its_fallbacks_those_of_its_provider_and_the_global_ones() -> None:
    assert names(request("gpt")) == ["openai/gpt", "openai/mini", "openai/nano", "google/gemini"]


def test_the_requests_fallbacks_come_right_after_its_model() -> None:
    asked = request("gpt", fallback_models=("claude",))
    assert names(asked) == ["openai/gpt", "anthropic/claude", "openai/mini", "openai/nano", "google/gemini"]


def test_an_alias_brings_its_targets_and_its_own_fallbacks_not_those_of_its_models() -> None:
    assert names(request("smart")) == [
        "openai/gpt",
        "anthropic/claude",
        "openai/mini",
        "openai/nano",
        "google/gemini",
    ]
    assert names(request("claude")) == ["anthropic/claude", "openai/gpt", "google/gemini"]


def test_fallbacks_of_fallbacks_are_not_followed_so_mutual_ones_are_legal() -> None:
    mutual = catalog(provider("a", (Model("x", fallbacks=("b/y",)),)), provider("b", (Model("y", fallbacks=("a/x",)),)))
    assert names(request("x"), mutual) == ["a/x", "b/y"]
    assert names(request("y"), mutual) == ["b/y", "a/x"]


def test_an_alias_inside_a_chain_brings_its_targets_only() -> None:
    asked = request("gemini", fallback_models=("smart",))
    assert names(asked) == ["google/gemini", "openai/gpt", "anthropic/claude"]


def test_duplicates_keep_the_first_place() -> None:
    asked = request("gpt", fallback_models=("google/gemini", "openai/gpt", "gpt"))
    assert names(asked) == ["openai/gpt", "google/gemini", "openai/mini", "openai/nano"]


def test_an_empty_model_is_the_default_or_refused() -> None:
    assert names(request(""), catalog(GOOGLE, default_model="gemini")) == ["google/gemini"]
    error = refused(request(""))
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, "model")


def test_an_unknown_model_is_not_found_and_an_unknown_fallback_is_invalid_with_its_path() -> None:
    assert refused(request("gone")).reason is Reason.UNKNOWN_MODEL
    error = refused(request("gpt", fallback_models=("claude", "gone")))
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, "fallback_models[1]")


def test_pin_leaves_exactly_the_entries_of_the_model_asked_for_with_all_profiles() -> None:
    pinned = request("smart", fallback_models=("google/gemini",), policy=Policy(pin=True))
    assert names(pinned) == ["openai/gpt", "anthropic/claude"]
    assert [target.profile for target in built(pinned).links[0].targets] == ["main", "eu"]


def test_an_isolated_alias_takes_no_provider_or_global_fallbacks() -> None:
    assert names(request("alone")) == ["openai/gpt", "anthropic/claude"]


def test_only_and_never_providers_are_kept_out_and_said_to_be() -> None:
    assert names(with_policy("smart", only_providers=("anthropic",))) == ["anthropic/claude"]
    chain = built(with_policy("smart", never_providers=("openai",)))
    assert [str(link.entry) for link in chain.links] == ["anthropic/claude", "google/gemini"]
    assert {(str(skip.entry), skip.cause) for skip in chain.skipped} == {
        ("openai/gpt", SkipCause.BOUNDARY),
        ("openai/mini", SkipCause.BOUNDARY),
        ("openai/nano", SkipCause.BOUNDARY),
    }
    assert str(chain.first) == "openai/gpt"


def test_boundaries_that_leave_nothing_are_the_requests_fault() -> None:
    error = refused(with_policy("gpt", never_providers=("openai", "anthropic", "google")))
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, "policy")


@pytest.mark.parametrize("field", ["only_providers", "never_providers"])
def test_a_boundary_with_a_name_nobody_has_is_refused_and_names_who_there_is(field: str) -> None:
    error = refused(with_policy("gpt", **{field: ("openai", "opneai")}))
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, f"policy.{field}[1]")
    assert "openai" in error.message


def test_a_profile_nobody_has_is_refused() -> None:
    error = refused(with_policy("gpt", profile="nobody"))
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, "policy.profile")


def test_the_boundary_of_the_provider_asked_for_binds_its_fallbacks() -> None:
    bound = replace(OPENAI, policy=Policy(never_providers=("anthropic",)))
    known = catalog(bound, ANTHROPIC, GOOGLE)
    found = names(request("gpt", fallback_models=("claude", "gemini")), known)
    assert "anthropic/claude" not in found
    assert "google/gemini" in found


def test_the_operators_boundaries_and_the_callers_hold_together() -> None:
    known = catalog(OPENAI, ANTHROPIC, GOOGLE, policy=Policy(only_providers=("openai", "google")))
    asked = request("gpt", fallback_models=("claude", "gemini"), policy=Policy(only_providers=("google", "anthropic")))
    assert names(asked, known) == ["google/gemini"]
    assert names(request("gpt", fallback_models=("claude",)), known) == ["openai/gpt", "openai/mini", "openai/nano"]


def test_what_a_model_cannot_do_is_skipped_with_what_is_missing() -> None:
    chain = built(request("gpt", tools=(Tool("look"),)))
    assert [(str(skip.entry), skip.cause, skip.message) for skip in chain.skipped] == [
        ("google/gemini", SkipCause.CAPABILITY, "cannot do tools")
    ]


def test_nothing_left_for_lack_of_a_capability_names_what_was_missing() -> None:
    error = refused(request("gemini", tools=(Tool("look"),)))
    assert (error.reason, error.metadata) == (Reason.CAPABILITY, {"missing": "tools"})


def test_a_profile_named_by_the_entry_or_the_policy_is_the_only_target() -> None:
    assert [t.profile for t in built(request("eu")).links[0].targets] == ["eu"]
    assert [t.profile for t in built(with_policy("gpt", profile="eu")).links[0].targets] == ["eu"]


def test_an_entry_without_an_enabled_profile_is_skipped() -> None:
    off = (Profile("main", Credential("none"), enabled=False),)
    known = catalog(provider("a", ("x",)), replace(provider("b", ("y",)), profiles=off))
    chain = built(request("x", fallback_models=("y",)), known)
    assert [(str(skip.entry), skip.cause) for skip in chain.skipped] == [("b/y", SkipCause.DISABLED)]
    assert refused(request("y"), known).reason is Reason.INVALID_INPUT


def test_switches_layer_request_over_alias_over_model_over_provider_over_global() -> None:
    model = Model("x", policy=Policy(idle_s=3.0, buffer_tokens=3))
    owner = provider("a", (model,), policy=Policy(idle_s=4.0, buffer_tokens=4, buffer_s=4.0))
    known = catalog(
        owner,
        aliases=(Alias("nice", ("x",), policy=Policy(idle_s=2.0)),),
        policy=Policy(idle_s=5.0, buffer_tokens=5, buffer_s=5.0, last_resort=False),
    )
    link = built(request("nice", policy=Policy(idle_s=1.0)), known).links[0]
    assert link.policy == Policy(idle_s=1.0, buffer_tokens=3, buffer_s=4.0, last_resort=False)
    assert link.operator.idle_s == 2.0


def test_a_caller_may_tighten_the_operators_limits_and_never_exceed_them() -> None:
    operator = Policy(max_attempts=5, max_wait_s=4.0, first_content_s=8.0, on_slow=OnSlow.HEDGE)
    caller = Policy(max_attempts=9, max_wait_s=1.0, idle_s=3.0, on_slow=OnSlow.WAIT, never_providers=("x",))
    assert tightened(caller, operator) == Policy(
        max_attempts=5, max_wait_s=1.0, first_content_s=8.0, idle_s=3.0, on_slow=OnSlow.WAIT, never_providers=("x",)
    )
    assert tightened(Policy(), operator) == operator


def test_every_entry_keeps_its_own_model_id() -> None:
    for link in built(request("smart")).links:
        assert all(target.entry == link.entry for target in link.targets)
        assert link.model.id == link.entry.model


def test_entries_can_be_asked_for_before_anything_is_filtered() -> None:
    asked = with_policy("gpt", only_providers=("google",))
    assert len(chain_entries(asked, "gpt", KNOWN)) == 4


def test_what_is_remembered_of_a_reference_gives_the_same_chain_filtered_anew_for_each_request() -> None:
    remembered, of = Candidates(), targets_of(KNOWN)
    for asked in (
        request("smart"),
        request("smart", fallback_models=("gemini",)),
        request("smart", tools=(Tool("t"),)),
        request("smart", policy=Policy(pin=True)),
        request("gpt"),
    ):
        plain = replace(asked, policy=NO_POLICY) if asked.policy == NO_POLICY else asked
        for _ in range(2):
            assert build_chain(plain, KNOWN, of, remembered) == build_chain(plain, KNOWN, of)


def test_a_reference_is_looked_up_once_and_one_with_a_policy_each_time() -> None:
    asked: list[str] = []
    inner = targets_of(KNOWN)

    def counted(entry: Any) -> Any:
        asked.append(str(entry))
        return inner(entry)

    remembered = Candidates()
    for _ in range(3):
        build_chain(replace(request("mini"), policy=NO_POLICY), KNOWN, counted, remembered)
    assert len(asked) == len(set(asked))
    before = len(asked)
    for _ in range(2):
        build_chain(request("mini", policy=Policy(pin=True)), KNOWN, counted, remembered)
    assert len(asked) == before + 2


def test_what_is_remembered_is_bounded() -> None:
    known = catalog(provider("a", ("x",), model_patterns=("m-*",)))
    remembered = Candidates()
    for i in range(MAX_CANDIDATES + 1):
        build_chain(replace(request(f"m-{i}"), policy=NO_POLICY), known, targets_of(known), remembered)
    assert len(remembered._known) == 1
