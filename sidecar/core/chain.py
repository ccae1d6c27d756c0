"""From a request to the ordered entries that may answer it, and the skipped ones with why (failover.md §2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from .capability import lacking, needs, over_window
from .catalog import Alias, Catalog, Entry, Feature, Model, Prefill, Provider, Target
from .content import NO_POLICY, Request, says
from .errors import CallError, FieldError
from .overflow import REMEDIES, may_shorten, wants_both
from .policy import OnContextOverflow, Policy, PromptGuidedTools
from .reasons import Reason
from .reference import aliases_of, resolve
from .report import SkipCause, Skipped
from .value import value_type

MAX_CANDIDATES = 256
Number = TypeVar("Number", int, float)

TargetsOf = Callable[[Entry], tuple[Target, ...]]
"""The enabled targets of an entry, in the order their provider's strategy gives."""

Refused = Callable[[Entry], frozenset[str]]
"""Fields of a request that an entry has refused, and no request may do without."""


def nothing_refused(entry: Entry) -> frozenset[str]:
    """Of an entry nobody has asked."""
    return frozenset()


@value_type
class Link:
    """One entry that may answer, with what is known of it, its targets (at least one), and its policy for this call.

    `operator`: the same policy without the caller's layer, so that what only the caller tightened can be told apart.
    `is_shortened`: the prompt exceeds its declared window, and the policy is to drop turns for it. `behind`: why it is asked
    only when the others have ended, never beside them; where they answer it was skipped for that.
    """

    entry: Entry
    provider: Provider
    model: Model
    targets: tuple[Target, ...]
    policy: Policy
    operator: Policy
    is_shortened: bool = False
    behind: Skipped | None = None

    @property
    def prefill(self) -> Prefill:
        """How the beginning of an answer is given."""
        return self.model.prefill or self.provider.prefill

    @property
    def lacks_tools(self) -> bool:
        """Whether the model is declared to have no native tools."""
        return self.model.features is not None and Feature.TOOLS not in self.model.features


@value_type
class Chain:
    """`links` in order, at least one; `first`: the chain's first entry, before anything was skipped."""

    requested: str
    first: Entry
    links: tuple[Link, ...]
    skipped: tuple[Skipped, ...]


class Candidates:
    """The links of requests without a policy, before anything is filtered, by what they ask for: of one catalog and its
    credentials. At most 256 are remembered; all are forgotten when there are more."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[str, ...], bool], tuple[Link, ...]] = {}

    def find(self, request: Request, requested: str) -> tuple[Link, ...] | None:
        """What was remembered for such a request."""
        return self._known.get(_asked(request, requested)) if request.policy is NO_POLICY else None

    def note(self, request: Request, requested: str, links: tuple[Link, ...]) -> None:
        """Remembers it, if it has no policy of its own."""
        if request.policy is NO_POLICY:
            if len(self._known) >= MAX_CANDIDATES:
                self._known.clear()
            self._known[_asked(request, requested)] = links


def _asked(request: Request, requested: str) -> tuple[str, tuple[str, ...], bool]:
    """What decides the links of a request without a policy."""
    return requested, request.fallback_models, request.embedding is not None


def build_chain(
    request: Request,
    catalog: Catalog,
    targets_of: TargetsOf,
    remembered: Candidates | None = None,
    refused: Refused = nothing_refused,
) -> Chain:
    """The chain of a request. `remembered`: of earlier requests for the same catalog and targets.

    An entry that lacks nothing but a window is in it where turns may be dropped for it: in its place, or behind the others
    where a larger window comes first.

    Raises CallError: INVALID_INPUT (no model, unknown fallback, ambiguous), UNKNOWN_MODEL, CAPABILITY (nothing can do
    it, naming what was missing), CONTEXT_LENGTH (only the window was, or the policy is to fail at the first such entry),
    INVALID_INPUT (boundaries leave nothing).
    """
    requested = request.model or catalog.default_model or ""
    if not requested:
        raise _invalid("model", "no model was named, and the configuration has no default_model")
    candidates = remembered.find(request, requested) if remembered is not None else None
    if candidates is None:
        candidates = _candidates(request, requested, catalog, targets_of)
        if remembered is not None:
            remembered.note(request, requested, candidates)
    links: list[Link] = []
    behind: list[Link] = []
    skipped: list[Skipped] = []
    small: list[Skipped] = []
    needed = needs(request)
    for link in candidates:
        missing = _missing(link, request, needed, refused(link.entry))
        skip = _skip(link, candidates[0].policy, missing)
        if skip is None:
            links.append(link)
        elif skip.cause is SkipCause.CAPABILITY and len(missing) == 1 and over_window(link.model, request):
            if may_shorten(link.policy, request, link.model.context_window or 0):
                if wants_both(link.policy):
                    behind.append(replace(link, is_shortened=True, behind=skip))
                else:
                    links.append(replace(link, is_shortened=True))
                continue
            skipped.append(skip)
            small.append(skip)
            if link.policy.on_context_overflow is OnContextOverflow.FAIL and not (links or behind):
                raise _too_long([skip])
        else:
            skipped.append(skip)
    if not (links or behind):
        raise _nothing_left(requested, skipped, small)
    links += behind if links else [replace(link, behind=None) for link in behind]
    return Chain(requested, candidates[0].entry, tuple(links), tuple(skipped))


def _missing(link: Link, request: Request, needed: frozenset[Feature], refused: frozenset[str]) -> list[str]:
    """What an entry cannot do of a request. Tools count as something it can where the policy allows to write them into
    the prompt: asked for by name where it is declared without them, unless forbidden where it has refused native ones."""
    if link.policy.prompt_guided_tools is PromptGuidedTools.ALLOW:
        needed = needed - {Feature.TOOLS}
    if refused and link.policy.prompt_guided_tools is not PromptGuidedTools.FORBID:
        refused = refused - {"tools"}
    missing = lacking(link.model, request, needed, link.provider.protocol)
    if not refused:
        return missing
    return missing + [f"{name} (it refused that before)" for name in sorted(refused) if says(request, name)]


def _candidates(request: Request, requested: str, catalog: Catalog, targets_of: TargetsOf) -> tuple[Link, ...]:
    """A link for every entry, in order; nothing filtered yet."""
    _check_names(request.policy, catalog)
    aliases = aliases_of(requested, catalog)
    entries = chain_entries(request, requested, catalog)
    return tuple([_link(entry, request, aliases, catalog, targets_of) for entry in entries])


def chain_entries(request: Request, requested: str, catalog: Catalog) -> list[Entry]:
    """Every entry in order, without duplicates; nothing filtered yet.

    Vectors of different models do not compare: embeddings have several entries only where the alias asked for says that
    its targets are interchangeable, and take no fallbacks.
    """
    asked = list(resolve(requested, catalog))
    if request.embedding is not None:
        alias = catalog.aliases.get(requested)
        return asked if alias is not None and alias.interchangeable else asked[:1]
    if request.policy.pin:
        return asked
    chain = list(asked)
    for i, reference in enumerate(request.fallback_models):
        try:
            chain += resolve(reference, catalog)
        except CallError as error:
            raise _invalid(f"fallback_models[{i}]", error.message) from None
    for reference in _configured_fallbacks(requested, asked[0], catalog):
        chain += resolve(reference, catalog, configured=True)
    return list(dict.fromkeys(chain))


def _configured_fallbacks(requested: str, first: Entry, catalog: Catalog) -> list[str]:
    aliases = aliases_of(requested, catalog)
    provider = catalog.providers[first.provider]
    own = aliases[0].fallbacks if aliases else provider.model(first.model).fallbacks
    if any(alias.isolated for alias in aliases):
        return list(own)
    return [*own, *provider.fallbacks, *catalog.fallbacks]


def _link(entry: Entry, request: Request, aliases: list[Alias], catalog: Catalog, targets_of: TargetsOf) -> Link:
    """One entry. A profile that the reference, the operator's policy or the caller's names binds; two of them leave nothing."""
    provider = catalog.providers[entry.provider]
    model = provider.model(entry.model)
    layers = (*(alias.policy for alias in aliases[:1]), model.policy, provider.policy, catalog.policy)
    operator = layered(layers, tuple(alias.policy for alias in aliases[1:]))
    policy = tightened(request.policy, operator)
    targets = targets_of(entry)
    for named in (entry.profile, operator.profile, request.policy.profile):
        if named is not None:
            targets = tuple(target for target in targets if target.profile == named)
    return Link(entry, provider, model, targets, policy, operator)


@lru_cache(maxsize=1024)
def layered(layers: tuple[Policy, ...], inner: tuple[Policy, ...]) -> Policy:
    """The operator's layers as one, the highest first; boundaries of all of them bind, and those of `inner` aliases.

    Remembered: each call asks for every entry of its chain.
    """
    merged = Policy()
    for layer in reversed(layers):
        merged = _bounded(layer.over(merged), layer, merged)
    for alias in inner:
        merged = _bounded(merged, alias, merged)
    return merged


def _bounded(policy: Policy, one: Policy, other: Policy) -> Policy:
    """With the boundaries of both: a prompt never goes where either forbids."""
    if one.only_providers is None and one.never_providers is None:
        return replace(policy, only_providers=other.only_providers, never_providers=other.never_providers)
    never = dict.fromkeys((one.never_providers or ()) + (other.never_providers or ()))
    return replace(
        policy, only_providers=_both(one.only_providers, other.only_providers), never_providers=tuple(never) or None
    )


@lru_cache(maxsize=1024)
def tightened(caller: Policy, operator: Policy) -> Policy:
    """The caller's policy over the operator's: switches as the caller says, limits only ever tighter, boundaries both."""
    if caller is NO_POLICY:
        return operator
    return replace(
        _bounded(caller.over(operator), caller, operator),
        max_attempts=_least(caller.max_attempts, operator.max_attempts),
        max_wait_s=_least(caller.max_wait_s, operator.max_wait_s),
        first_content_s=_least(caller.first_content_s, operator.first_content_s),
        first_content_limit_s=_least(caller.first_content_limit_s, operator.first_content_limit_s),
        idle_s=_least(caller.idle_s, operator.idle_s),
    )


def _least(a: Number | None, b: Number | None) -> Number | None:
    return min((n for n in (a, b) if n is not None), default=None)


def _both(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if a is None or b is None:
        return b if a is None else a
    return tuple(name for name in a if name in b)


def _check_names(policy: Policy, catalog: Catalog) -> None:
    """A boundary with a name nobody has would bind nothing: the caller must learn of it."""
    for field, names in (("only_providers", policy.only_providers), ("never_providers", policy.never_providers)):
        for i, name in enumerate(names or ()):
            if name not in catalog.providers:
                known = ", ".join(sorted(catalog.providers))
                raise _invalid(f"policy.{field}[{i}]", f"no provider is called {name[:64]!r}; configured: {known}")
    if policy.profile is None:
        return
    profiles = {profile.name for provider in catalog.providers.values() for profile in provider.profiles}
    if policy.profile not in profiles:
        known = ", ".join(sorted(profiles))
        raise _invalid("policy.profile", f"no profile is called {policy.profile[:64]!r}; configured: {known}")


def _forbids(policy: Policy, provider: str) -> bool:
    only = policy.only_providers
    return (only is not None and provider not in only) or provider in (policy.never_providers or ())


def _skip(link: Link, first: Policy, missing: list[str]) -> Skipped | None:
    """Why an entry is passed over. The boundaries of the model asked for (`first`) bind the whole chain."""
    name = link.entry.provider
    if _forbids(first, name) or _forbids(link.policy, name):
        return Skipped(link.entry, SkipCause.BOUNDARY, f"the policy does not allow {name}")
    if not link.targets:
        named = sorted({name for name in (link.entry.profile, link.operator.profile, link.policy.profile) if name})
        which = f" called {' and '.join(named)}" if named else ""
        return Skipped(link.entry, SkipCause.DISABLED, f"no enabled profile{which}")
    if missing:
        return Skipped(link.entry, SkipCause.CAPABILITY, f"cannot do {', '.join(missing)}")
    return None


def _too_long(skipped: list[Skipped]) -> CallError:
    """The window was all that was missing."""
    why = "; ".join(f"{skip.entry} {skip.message}" for skip in skipped)
    return CallError(Reason.CONTEXT_LENGTH, f"the prompt is too long: {why}; {REMEDIES}")


def _nothing_left(requested: str, skipped: list[Skipped], small: list[Skipped]) -> CallError:
    """`small`: those of them that lacked only a window."""
    why = "; ".join(f"{skip.entry} {skip.message}" for skip in skipped)
    if all(skip.cause is not SkipCause.CAPABILITY for skip in skipped):
        return _invalid("policy", f"no entry is left for {requested!r}: {why}")
    if len(small) == sum(skip.cause is SkipCause.CAPABILITY for skip in skipped):
        return _too_long(skipped)
    phrases = (skip.message.removeprefix("cannot do ") for skip in skipped if skip.cause is SkipCause.CAPABILITY)
    missing = {word for phrase in phrases for word in phrase.split(", ")}
    return CallError(
        Reason.CAPABILITY,
        f"no entry of the chain can do what the request needs: {why}",
        metadata={"missing": ", ".join(sorted(missing))},
    )


def _invalid(path: str, description: str) -> CallError:
    return CallError(Reason.INVALID_INPUT, f"{path}: {description}", fields=(FieldError(path, description),))
