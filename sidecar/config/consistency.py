"""What no single setting can tell: names that must exist, cycles, addresses that clash, gaps no preset fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.evidence import BreakerSettings
from ..core.reasons import Reason
from ..core.tuning import CooldownSettings, RetrySettings
from . import address
from .document import Document, mapping, texts
from .presets import PRESETS
from .problem import Path, shown, suggestion
from .provider import Protocol
from .reference import Known, references

MAX_ALIAS_DEPTH = 3


def examine(document: Document) -> None:
    """Notes every inconsistency of a document. It needs no valid document: what is malformed is passed over."""
    data = document.data
    known = Known.of(data)
    for path, reference in references(data):
        if refusal := known.refusal(reference):
            document.add(path, refusal)
    _names(document, known)
    _alias_chains(document, data)
    for name, provider in mapping(data.get("providers")).items():
        _provider(document, name, mapping(provider))
    for path, policy in policies(data):
        _policy(document, path, policy, known)
    _global_policy(document, mapping(data.get("policy")))
    _dispositions(document, mapping(mapping(data.get("policy")).get("dispositions")))
    _listen(document, mapping(data.get("listen")))
    state = mapping(data.get("state"))
    if "\0" in str(state.get("path")):
        document.add(("state", "path"), "must be the path of a file")
    if "path" in state and "url" in state:
        document.add(("state", "url"), "stands beside path; one of them must go")


def policies(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every policy section of a configuration's data, with its path."""
    yield ("policy",), mapping(data.get("policy"))
    for name, provider in mapping(data.get("providers")).items():
        yield ("providers", name, "policy"), mapping(mapping(provider).get("policy"))
        for model, value in mapping(mapping(provider).get("models")).items():
            yield ("providers", name, "models", model, "policy"), mapping(mapping(value).get("policy"))
    for name, alias in mapping(data.get("aliases")).items():
        yield ("aliases", name, "policy"), mapping(mapping(alias).get("policy"))


def _names(document: Document, known: Known) -> None:
    default = known.default_provider
    if default is not None and default not in known.providers:
        document.add(("default_provider",), _no_provider(default, known))
    for kind, names in (("aliases", known.aliases), ("pools", known.pools)):
        for name in sorted(names & set(known.providers)):
            document.add((kind, name), "has the name of a provider; the two cannot be told apart", at_key=True)
    for name in sorted(known.aliases & known.pools):
        document.add(("pools", name), "has the name of an alias", at_key=True)


def _no_provider(name: str, known: Known) -> str:
    return f"{shown(name)} is not a configured provider{suggestion(name, known.providers)}"


def _alias_chains(document: Document, data: dict[str, Any]) -> None:
    """Follows aliases that name aliases: no cycle, and at most three one behind the other (failover.md §2.2)."""
    aliases = mapping(data.get("aliases"))
    steps = {
        name: [
            (path, to)
            for path, to in texts(mapping(alias).get("targets"), ("aliases", name, "targets"))
            if to in aliases
        ]
        for name, alias in aliases.items()
    }
    depths: dict[str, int] = {}
    for name in steps:
        _depth(document, name, steps, depths, ())


def _depth(
    document: Document,
    name: str,
    steps: dict[str, list[tuple[Path, str]]],
    depths: dict[str, int],
    above: tuple[str, ...],
) -> int:
    """How many aliases stand one behind the other from this one on; each alias is followed once."""
    if name in depths:
        return depths[name]
    trail = (*above, name)
    deepest = 0
    for path, to in steps[name]:
        if to in trail:
            circle = " → ".join(shown(alias) for alias in (*trail[trail.index(to) :], to))
            document.add(path, f"goes round in a circle: {circle}")
        elif len(trail) <= len(steps):
            deepest = max(deepest, _depth(document, to, steps, depths, trail))
    depths[name] = deepest + 1
    if depths[name] == MAX_ALIAS_DEPTH + 1:
        document.add(("aliases", name), f"has more than {MAX_ALIAS_DEPTH} aliases one behind the other")
    return depths[name]


def _provider(document: Document, name: str, provider: dict[str, Any]) -> None:
    here: Path = ("providers", name)
    preset = PRESETS.get(name)
    if preset is None and provider.get("protocol") is None:
        known = ", ".join(Protocol)
        near = suggestion(name, PRESETS).replace("did you mean", "did you mean the preset")
        document.add((*here, "protocol"), f"is missing ({known}): no preset has this name{near}")
    if provider.get("base_url") is None and (preset is None or preset.base_url is None):
        example = f", such as {preset.url_example}" if preset and preset.url_example else ""
        document.add((*here, "base_url"), f"is missing{example}")
    seen: dict[str, int] = {}
    profiles = provider.get("profiles")
    for index, profile in enumerate(profiles if isinstance(profiles, list) else []):
        profile_name = mapping(profile).get("name")
        if isinstance(profile_name, str) and seen.setdefault(profile_name, index) != index:
            first = f"profiles[{seen[profile_name]}]"
            document.add((*here, "profiles", index, "name"), f"{shown(profile_name)} is the name of {first} already")


def _policy(document: Document, path: Path, policy: dict[str, Any], known: Known) -> None:
    for key in ("only_providers", "never_providers"):
        for at, name in texts(policy.get(key), (*path, key)):
            if name not in known.providers:
                document.add(at, _no_provider(name, known))
    only, never = policy.get("only_providers"), policy.get("never_providers")
    if isinstance(only, list) and isinstance(never, list) and only and all(name in never for name in only):
        document.add((*path, "never_providers"), "forbids everything that only_providers allows")
    if only == []:
        document.add((*path, "only_providers"), "is empty: it would allow nothing")
    profile = policy.get("profile")
    if isinstance(profile, str):
        owners = [str(path[1])] if path[0] == "providers" else list(known.providers)
        names = frozenset[str]().union(*(known.providers[o].profiles for o in owners if o in known.providers))
        if profile not in names:
            near = suggestion(profile, names)
            document.add((*path, "profile"), f"{shown(profile)} is not a configured profile{near}")


_AT_MOST = (
    ("breaker", "open_s", "open_max_s"),
    ("cooldown", "credential_s", "credential_limit_s"),
    ("cooldown", "billing_s", "billing_limit_s"),
    ("cooldown", "rate_s", "rate_limit_s"),
    ("retry", "backoff_s", "backoff_limit_s"),
)


def _global_policy(document: Document, policy: dict[str, Any]) -> None:
    """Pairs of which the first may not exceed the second; defaults count."""
    defaults: dict[str, object] = {
        "breaker": BreakerSettings(),
        "cooldown": CooldownSettings(),
        "retry": RetrySettings(),
    }
    for section, low, high in _AT_MOST:
        given = mapping(policy.get(section))
        numbers = [_number(given.get(key), getattr(defaults[section], key)) for key in (low, high)]
        if numbers[0] > numbers[1]:
            at = low if low in given else high
            document.add(("policy", section, at), f"{low} ({numbers[0]:g}) is greater than {high} ({numbers[1]:g})")


_OWN_SETTING = {
    Reason.CONTEXT_LENGTH: "on_context_overflow",
    Reason.CONTENT_FILTERED: "on_content_filtered",
    Reason.STREAM_BROKEN: "on_stream_break",
}
_UPSTREAM = tuple(Reason)[: tuple(Reason).index(Reason.UNKNOWN) + 1]


def _dispositions(document: Document, said: dict[str, Any]) -> None:
    """Only what comes from upstream may be handled otherwise, and where there is a setting for it that is the one."""
    for name in said:
        here: Path = ("policy", "dispositions", name)
        if name in _OWN_SETTING:
            document.add(here, f"is decided by policy.{_OWN_SETTING[Reason(name)]}")
        elif name in tuple(Reason) and (name not in _UPSTREAM or name in (Reason.SPEND_LIMIT, Reason.CANCELLED)):
            document.add(here, "is no answer of a provider: it always ends the call")


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _listen(document: Document, listen: dict[str, Any]) -> None:
    is_protected = bool(listen.get("tls")) or listen.get("insecure") is True
    used: dict[tuple[str, int], str] = {}
    grpc = listen.get("grpc")
    found = [*texts(grpc if isinstance(grpc, list) else [], ("listen", "grpc"))]
    found += [(("listen", key), text) for key in ("http", "probe") if isinstance(text := listen.get(key), str)]
    for path, text in found:
        try:
            where = address.parsed(text)
        except ValueError:
            continue
        if not (where.is_local or is_protected or path[1] == "probe"):
            document.add(path, "can be reached from elsewhere: set tls, or insecure: true where a mesh encrypts")
        place = (where.unix_path or where.host, where.port)
        if (where.unix_path or where.port) and used.setdefault(place, str(path)) != str(path):
            document.add(path, "is used twice")
