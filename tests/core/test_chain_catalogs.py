"""Chains of random catalogs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.catalog import Alias, Catalog, Model
from sidecar.core.chain import Chain, build_chain
from sidecar.core.content import Request
from sidecar.core.errors import CallError
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason

from .build import catalog, provider, request, targets_of

PROVIDERS = ("p", "q", "r")
MODELS = ("m", "n", "o")
ALIASES = ("a", "b", "c", "d")
REFERENCES = (*MODELS, *ALIASES, *(f"{p}/{m}" for p in PROVIDERS for m in MODELS), "gone", "p/undeclared")
FALLBACKS = st.lists(st.sampled_from(REFERENCES), max_size=3).map(tuple)
SOME_PROVIDERS = st.none() | st.lists(st.sampled_from(PROVIDERS), max_size=2, unique=True).map(tuple)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    owners = [
        provider(
            name,
            tuple(
                Model(model, fallbacks=draw(FALLBACKS)) for model in draw(st.sets(st.sampled_from(MODELS), min_size=1))
            ),
            tuple(f"{name}{i}" for i in range(draw(st.integers(1, 3)))),
            fallbacks=draw(FALLBACKS),
            policy=Policy(never_providers=draw(SOME_PROVIDERS)),
        )
        for name in PROVIDERS
    ]
    aliases = tuple(
        Alias(
            name,
            draw(st.lists(st.sampled_from(REFERENCES), min_size=1, max_size=3).map(tuple)),
            draw(FALLBACKS),
            draw(st.booleans()),
        )
        for name in ALIASES
    )
    return catalog(*owners, aliases=aliases, fallbacks=draw(FALLBACKS))


REQUESTS = st.builds(
    request,
    st.sampled_from(REFERENCES),
    fallback_models=FALLBACKS,
    policy=st.builds(
        Policy,
        pin=st.none() | st.booleans(),
        only_providers=SOME_PROVIDERS,
        never_providers=SOME_PROVIDERS,
    ),
)


class RefusedError(Exception):
    """The oracle finds no meaning."""


def meant(reference: str, known: Catalog, depth: int = 0) -> list[str]:
    """What a reference of these small catalogs means, written down anew."""
    if reference in known.aliases:
        if depth == 3:
            raise RefusedError
        return [e for target in known.aliases[reference].targets for e in meant(target, known, depth + 1)]
    if "/" in reference:
        return [reference]
    owners = [name for name in PROVIDERS if reference in known.providers[name].models]
    if len(owners) != 1:
        raise RefusedError
    return [f"{owners[0]}/{reference}"]


def expected(asked: Request, known: Catalog) -> list[str]:
    """Every entry of the chain, in order, before anything is left out."""
    entries = meant(asked.model, known)
    if not asked.policy.pin:
        first, _, model = entries[0].partition("/")
        references = list(asked.fallback_models)
        alias = known.aliases.get(asked.model)
        references += alias.fallbacks if alias else known.providers[first].model(model).fallbacks
        if not (alias and alias.isolated):
            references += [*known.providers[first].fallbacks, *known.fallbacks]
        for reference in references:
            entries = entries + meant(reference, known)
    return list(dict.fromkeys(entries))


def allowed(entry: str, first: str, asked: Request, known: Catalog) -> bool:
    """The caller's boundaries, those of the first entry's provider, and the entry's own provider's."""
    name = entry.partition("/")[0]
    only = asked.policy.only_providers
    never = asked.policy.never_providers or ()
    for owner in (first.partition("/")[0], name):
        never += known.providers[owner].policy.never_providers or ()
    return (only is None or name in only) and name not in never


def outcome(asked: Request, known: Catalog) -> Chain | Reason:
    try:
        return build_chain(asked, known, targets_of(known))
    except CallError as error:
        return error.reason


@given(catalogs(), REQUESTS)
def test_a_chain_is_what_the_rules_say_in_order_without_duplicates_and_nothing_forbidden(
    known: Catalog, asked: Request
) -> None:
    chain = outcome(asked, known)
    try:
        entries = expected(asked, known)
    except RefusedError:
        assert chain in (Reason.UNKNOWN_MODEL, Reason.INVALID_INPUT)
        return
    left = [entry for entry in entries if allowed(entry, entries[0], asked, known)]
    if not left:
        assert chain is Reason.INVALID_INPUT
        return
    assert isinstance(chain, Chain)
    assert [str(link.entry) for link in chain.links] == left
    assert [str(skip.entry) for skip in chain.skipped] == [entry for entry in entries if entry not in left]
    assert str(chain.first) == entries[0]


@given(catalogs(), REQUESTS)
def test_every_entry_keeps_its_own_model_id_and_its_own_providers_profiles(known: Catalog, asked: Request) -> None:
    chain = outcome(asked, known)
    for link in chain.links if isinstance(chain, Chain) else ():
        own = {profile.name for profile in known.providers[link.entry.provider].profiles}
        assert link.model.id == link.entry.model
        assert {target.entry for target in link.targets} == {link.entry}
        assert {target.profile for target in link.targets} == own
