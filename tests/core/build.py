"""Small factories of core values, with one word for what a test does not care about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sidecar.core.budget import Budget
from sidecar.core.catalog import Alias, Catalog, Credential, Entry, Model, Profile, Provider, Target
from sidecar.core.chain import Chain, Link, TargetsOf
from sidecar.core.classify import Verdict
from sidecar.core.content import Content, Message, Part, Request, Role, Text
from sidecar.core.deadline import Deadline
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason

MIDDLE = 0.5


def middle() -> float:
    """Randomness without jitter either way."""
    return MIDDLE


def provider(
    name: str = "p",
    models: tuple[str | Model, ...] = ("m",),
    profiles: Mapping[str, str | None] | tuple[str, ...] = ("main",),
    **fields: Any,
) -> Provider:
    """A provider; `profiles`: names, or names with their own base URLs."""
    urls = profiles if isinstance(profiles, Mapping) else dict.fromkeys(profiles)
    declared = [Model(model) if isinstance(model, str) else model for model in models]
    return Provider(
        name,
        "openai",
        f"https://{name}.test/v1",
        tuple(Profile(profile, Credential("none"), url) for profile, url in urls.items()),
        {model.id: model for model in declared},
        **fields,
    )


def catalog(*providers: Provider, aliases: tuple[Alias, ...] = (), **fields: Any) -> Catalog:
    """A catalog; without providers one provider `p` with the model `m`."""
    chosen = providers or (provider(),)
    return Catalog({p.name: p for p in chosen}, {alias.name: alias for alias in aliases}, **fields)


def targets_of(known: Catalog) -> TargetsOf:
    """The enabled targets of an entry in configured order; every profile has its own credential."""

    def targets(entry: Entry) -> tuple[Target, ...]:
        owner = known.providers[entry.provider]
        return tuple(
            Target(entry, profile.name, owner.url_of(profile), f"{owner.name}:{profile.name}")
            for profile in owner.profiles
            if profile.enabled
        )

    return targets


def target(
    owner: str = "p", model: str = "m", profile: str = "main", url: str | None = None, key: str | None = None
) -> Target:
    """One target; by default each profile has its own credential and all share the provider's base URL."""
    return Target(Entry(owner, model), profile, url or f"https://{owner}.test/v1", key or f"{owner}:{profile}")


def link(*targets: Target, policy: Policy | None = None, model: Model | None = None) -> Link:
    """One entry of a chain, by its targets."""
    entry = targets[0].entry
    owner = provider(entry.provider, (model or entry.model,), {t.profile: t.base_url for t in targets})
    policy = policy or Policy()
    return Link(entry, owner, owner.model(entry.model), targets, policy, policy)


def chain(*links: Link) -> Chain:
    """A chain of links, nothing skipped."""
    return Chain(str(links[0].entry), links[0].entry, links, ())


def verdict(reason: Reason, retry_after_s: float | None = None, status: int | None = None, **fields: Any) -> Verdict:
    """A verdict with what matters of it."""
    return Verdict(reason, retry_after_s, status=status, **fields)


def request(model: str = "m", *contents: Content, **fields: Any) -> Request:
    """A request of one user turn."""
    parts = tuple(Part(content) for content in contents or (Text("hi"),))
    return Request(model, (Message(Role.USER, parts),), **fields)


def unbounded(now: float = 0.0) -> Deadline:
    """A deadline that is far away."""
    return Deadline.starting(now, 1000.0)


def plenty() -> Budget:
    """A retry budget that is never empty."""
    return Budget(1e9, 0.0, 0.0)


def rolls(*values: float) -> Callable[[], float]:
    """Randomness that gives these values, the last one for ever."""
    left = list(values)

    def roll() -> float:
        return left.pop(0) if len(left) > 1 else left[0]

    return roll
