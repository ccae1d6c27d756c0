"""What differs between two configurations, in a line for a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .config.settings import Settings, Telemetry

Contents = Mapping[str, object]
"""By a name for people: what tells apart the contents of a file, or secrets, that a configuration only refers to."""


def difference(old: Settings, new: Settings, old_contents: Contents, new_contents: Contents) -> str:
    """`provider a changed, alias b new, key of c/main replaced`; `nothing differs`. Names only, never values."""
    said = [
        *_named("provider", old.catalog.providers, new.catalog.providers),
        *_named("alias", old.catalog.aliases, new.catalog.aliases),
        *(f"{name} replaced" for name in _replaced(old_contents, new_contents)),
        *(f"telemetry.{name} changed" for name in _live_of_telemetry(old.telemetry, new.telemetry)),
    ]
    before = (old.catalog.fallbacks, old.catalog.default_model, old.catalog.default_provider, old.listen.token)
    after = (new.catalog.fallbacks, new.catalog.default_model, new.catalog.default_provider, new.listen.token)
    if before != after or _numbers(old) != _numbers(new):
        said.append("settings of the process changed")
    return ", ".join(said) or "nothing differs"


def named_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """The name for people and the path of each file that the settings refer to, but for keys: those have key ids."""
    listen = settings.listen
    if listen.token is not None and listen.token.kind == "file":
        yield "listen.token", listen.token.source
    if listen.tls is not None:
        yield "listen.tls.cert", listen.tls.cert
        yield "listen.tls.key", listen.tls.key
        if listen.tls.client_ca is not None:
            yield "listen.tls.client_ca", listen.tls.client_ca
    for name, provider in settings.catalog.providers.items():
        if provider.ca_file is not None:
            yield f"ca_file of {name}", provider.ca_file


def _numbers(settings: Settings) -> tuple[object, ...]:
    return (
        settings.catalog.policy,
        settings.breaker,
        settings.cooldown,
        settings.retry,
        settings.retry_budget,
        settings.hedge_budget,
        settings.deadline,
        settings.clock,
        settings.limits,
    )


def _named(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"{kind} {name} gone"
        elif name not in old:
            yield f"{kind} {name} new"
        elif old[name] != new[name]:
            yield f"{kind} {name} changed"


def _replaced(old: Contents, new: Contents) -> list[str]:
    return [key for key in new if key in old and old[key] != new[key]]


def _live_of_telemetry(old: Telemetry, new: Telemetry) -> Iterator[str]:
    if old.headers != new.headers:
        yield "headers"
    if old.sample_ratio != new.sample_ratio:
        yield "sample_ratio"
