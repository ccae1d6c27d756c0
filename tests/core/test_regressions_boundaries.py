"""Who may be sent a prompt: boundaries, isolation and profiles of all layers bind together, and none lifts another's."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from sidecar.core.catalog import Alias, Catalog, Model
from sidecar.core.chain import Candidates, Chain, build_chain
from sidecar.core.content import NO_POLICY, Request
from sidecar.core.errors import CallError
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import catalog, provider, request, targets_of

NAMES = ("a", "b", "c", "d", "e", "f")
LAYERS = ("global", "provider", "model", "alias", "caller")


def layered(policies: dict[str, Policy], **alias: bool) -> tuple[Request, Catalog]:
    """A request for an alias of a/m, with a fallback to the model `m` of every other provider; a policy by layer."""
    of = {layer: policies.get(layer, Policy()) for layer in LAYERS}
    first = provider("a", (Model("m", policy=of["model"]),), policy=of["provider"])
    known = catalog(
        first,
        *(provider(name) for name in NAMES[1:]),
        aliases=(Alias("asked", ("a/m",), tuple(f"{name}/m" for name in NAMES[1:]), policy=of["alias"], **alias),),
        policy=of["global"],
    )
    return request("asked", policy=of["caller"]), known


def built(asked: Request, known: Catalog) -> Chain:
    return build_chain(asked, known, targets_of(known))


def owners(asked: Request, known: Catalog) -> list[str]:
    return [link.entry.provider for link in built(asked, known).links]


def refused(asked: Request, known: Catalog) -> CallError:
    with pytest.raises(CallError) as caught:
        built(asked, known)
    return caught.value


def test_who_any_layer_forbids_is_never_asked() -> None:
    forbidden = dict(zip(LAYERS, NAMES[1:], strict=True))
    asked, known = layered({layer: Policy(never_providers=(name,)) for layer, name in forbidden.items()})
    assert owners(asked, known) == ["a"]
    assert {str(skip.entry): skip.cause for skip in built(asked, known).skipped} == {
        f"{name}/m": SkipCause.BOUNDARY for name in NAMES[1:]
    }


def test_only_whom_every_layer_allows_is_asked() -> None:
    allowed = {layer: tuple(n for n in NAMES if n != left_out) for layer, left_out in zip(LAYERS, "bcdef", strict=True)}
    asked, known = layered({layer: Policy(only_providers=names) for layer, names in allowed.items()})
    assert owners(asked, known) == ["a"]


@pytest.mark.parametrize("outer", LAYERS)
@pytest.mark.parametrize("inner", LAYERS)
def test_no_layers_list_takes_the_place_of_another_layers(outer: str, inner: str) -> None:
    if outer == inner:
        return
    asked, known = layered({outer: Policy(never_providers=("b",)), inner: Policy(never_providers=("c",))})
    assert owners(asked, known) == ["a", "d", "e", "f"]
    asked, known = layered({outer: Policy(only_providers=("a", "b")), inner: Policy(only_providers=("c", "a"))})
    assert owners(asked, known) == ["a"]
    asked, known = layered({outer: Policy(never_providers=("b",)), inner: Policy(only_providers=("a", "b", "c"))})
    assert owners(asked, known) == ["a", "c"]


@pytest.mark.parametrize("empty", [(), None])
def test_a_list_that_an_alias_leaves_empty_lifts_nothing(empty: tuple[str, ...] | None) -> None:
    asked, known = layered({"global": Policy(never_providers=("b",)), "alias": Policy(never_providers=empty)})
    assert owners(asked, known) == ["a", "c", "d", "e", "f"]


def test_an_alias_may_only_narrow_whom_a_higher_layer_allows() -> None:
    asked, known = layered({"global": Policy(only_providers=("a",)), "alias": Policy(only_providers=("a", "b"))})
    assert owners(asked, known) == ["a"]
    asked, known = layered({"global": Policy(only_providers=("a",)), "alias": Policy(never_providers=("a", "b"))})
    assert refused(asked, known).reason is Reason.INVALID_INPUT


def test_layers_that_share_nobody_leave_nobody() -> None:
    asked, known = layered({"global": Policy(only_providers=("a",)), "alias": Policy(only_providers=("b",))})
    error = refused(asked, known)
    assert (error.reason, error.fields[0].path) == (Reason.INVALID_INPUT, "policy")


def test_boundaries_bind_a_pinned_request_and_one_that_was_remembered() -> None:
    asked, known = layered({"global": Policy(never_providers=("b",)), "alias": Policy(never_providers=("c",))})
    plain, remembered = replace(asked, policy=NO_POLICY), Candidates()
    for _ in range(2):
        chain = build_chain(plain, known, targets_of(known), remembered)
        assert [link.entry.provider for link in chain.links] == ["a", "d", "e", "f"]
    asked, known = layered({"global": Policy(never_providers=("a",)), "caller": Policy(pin=True)})
    assert refused(asked, known).reason is Reason.INVALID_INPUT


def test_an_entrys_own_provider_keeps_out_whom_only_it_forbids_itself() -> None:
    first, second = provider("a"), provider("b", policy=Policy(never_providers=("b",)))
    known = catalog(first, second, policy=Policy(never_providers=("c",)))
    assert owners(request("a/m", fallback_models=("b/m",)), catalog(first, provider("b"))) == ["a", "b"]
    known = catalog(first, second, provider("c"), policy=Policy(never_providers=("c",)))
    assert owners(request("a/m", fallback_models=("b/m", "c/m")), known) == ["a"]


def nested(depth: int, **policy: Any) -> Catalog:
    """`private`, isolated and never at b, behind as many aliases: the outermost is `outer`. Fallbacks of all kinds wait."""
    names = ["private", *(f"between{i}" for i in range(depth - 1)), "outer"]
    private = Alias("private", ("a/m",), isolated=True, policy=Policy(**(policy or {"never_providers": ("b",)})))
    rest = (Alias(name, (inner,)) for inner, name in pairwise(names))
    owners = (provider("a", fallbacks=("c/m",)), provider("b"), provider("c"), provider("d"))
    return catalog(*owners, aliases=(private, *rest), fallbacks=("d/m",))


@pytest.mark.parametrize("depth", [1, 2])
def test_an_isolated_alias_stays_isolated_when_it_is_reached_through_others(depth: int) -> None:
    known = nested(depth)
    assert owners(request("private"), known) == ["a"]
    assert owners(request("outer"), known) == ["a"]


@pytest.mark.parametrize("depth", [1, 2])
def test_the_boundaries_of_an_alias_bind_where_it_is_reached_through_others(depth: int) -> None:
    asked = request("outer", fallback_models=("b/m", "c/m"))
    assert owners(asked, nested(depth)) == ["a", "c"]
    assert owners(asked, nested(depth, only_providers=("a", "b"))) == ["a", "b"]


def test_an_outer_alias_does_not_lift_the_boundaries_of_an_inner_one() -> None:
    inner = Alias("inner", ("a/m", "b/m"), policy=Policy(never_providers=("b",)))
    outer = Alias("outer", ("inner", "c/m"), policy=Policy(never_providers=("d",), only_providers=("a", "b", "c", "d")))
    known = catalog(*(provider(name) for name in NAMES), aliases=(inner, outer))
    assert owners(request("outer", fallback_models=("d/m", "e/m", "b/m")), known) == ["a", "c"]


def test_an_alias_that_is_not_isolated_keeps_its_fallbacks_through_another() -> None:
    known = catalog(
        provider("a", fallbacks=("c/m",)), provider("c"), aliases=(Alias("in", ("a/m",)), Alias("out", ("in",)))
    )
    assert owners(request("out"), known) == ["a", "c"]


EU = provider("p", profiles=("eu", "us"))


def profiled(target: str, operator: str | None = None) -> Catalog:
    """`asked` stands for `target`; the operator's policy for the provider may name a profile."""
    return catalog(replace(EU, policy=Policy(profile=operator)), provider("q"), aliases=(Alias("asked", (target,)),))


@pytest.mark.parametrize(
    ("target", "operator", "caller"),
    [
        ("p/m@eu", None, "us"),
        ("p/m@us", None, "eu"),
        ("p/m", "eu", "us"),
        ("p/m@eu", "us", None),
        ("p/m@eu", "us", "us"),
    ],
)
def test_profiles_that_differ_leave_nothing_to_ask(target: str, operator: str | None, caller: str | None) -> None:
    known = profiled(target, operator)
    asked = request("asked", fallback_models=("q/m",), policy=Policy(profile=caller))
    if caller is None:
        chain = built(asked, known)
        assert [str(link.entry) for link in chain.links] == ["q/m"]
        (skip,) = chain.skipped
        assert skip.entry.model == "m"
        assert "eu" in skip.message or "us" in skip.message
    error = refused(request("asked", policy=Policy(profile=caller)), known)
    assert error.reason is Reason.INVALID_INPUT
    assert "profile" in error.message
    assert "eu" in error.message or "us" in error.message


@pytest.mark.parametrize(
    ("target", "operator", "caller"),
    [("p/m@eu", None, "eu"), ("p/m", "eu", "eu"), ("p/m@eu", "eu", None), ("p/m@eu", "eu", "eu"), ("p/m", None, "eu")],
)
def test_profiles_that_agree_leave_that_one(target: str, operator: str | None, caller: str | None) -> None:
    (link,) = built(request("asked", policy=Policy(profile=caller)), profiled(target, operator)).links
    assert [one.profile for one in link.targets] == ["eu"]


def test_an_entry_without_the_profile_asked_for_is_passed_over_by_its_name() -> None:
    chain = built(request("q/m", fallback_models=("p/m",), policy=Policy(profile="eu")), profiled("p/m"))
    assert [str(link.entry) for link in chain.links] == ["p/m"]
    (skip,) = chain.skipped
    assert "eu" in skip.message
