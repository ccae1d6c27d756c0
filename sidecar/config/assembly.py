"""Builds `Settings` from a valid file: presets filled in, references to secrets resolved, core's own types.

Values of the file's models stay out of it, enums too: the serving process does not load what those are made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from ..core import catalog
from ..core.continuation import DEFAULT_INSTRUCTION
from ..core.deadline import DeadlineSettings
from ..core.evidence import BreakerSettings
from ..core.policy import Policy
from ..core.reasons import Reason
from ..core.timing import Timing
from ..core.tuning import CooldownSettings, Disposition, RetrySettings
from . import address, settings
from .gathering import Gathered, secrets
from .listen import Listen
from .models import File
from .policy import AGAIN, THEN, GlobalPolicy, Switches
from .presets import PRESETS, prefill_of
from .problem import Path
from .provider import Model, Profile, Provider
from .reference import DEFAULT_PROFILE

_NO_KEY = catalog.Credential("none")


def assembled(file: File, gathered: Gathered, base_dir: FilePath, source: str) -> settings.Settings:
    """The settings of a file that has no problems."""
    policy = file.policy
    return settings.Settings(
        catalog=_catalog(file, gathered, base_dir),
        listen=_listen(file.listen, gathered, base_dir),
        breaker=BreakerSettings(**policy.breaker.model_dump()),
        cooldown=CooldownSettings(**policy.cooldown.model_dump()),
        retry=RetrySettings(**policy.retry.model_dump()),
        dispositions=_dispositions(policy),
        retry_budget=settings.Budget(**policy.retry_budget.model_dump()),
        hedge_budget=settings.Budget(**policy.hedge_budget.model_dump()),
        deadline=DeadlineSettings(**policy.deadline.model_dump()),
        clock=Timing(**policy.clock.model_dump()),
        limits=_limits(policy),
        resume_instruction=policy.resume_instruction or DEFAULT_INSTRUCTION,
        telemetry=_telemetry(file, gathered),
        state=settings.State(str(base_dir / file.state.path) if file.state.path else None),
        secrets=tuple(secrets(gathered)),
        source=source,
    )


def _catalog(file: File, gathered: Gathered, base_dir: FilePath) -> catalog.Catalog:
    return catalog.Catalog(
        providers={name: _provider(name, value, gathered, base_dir) for name, value in file.providers.items()},
        aliases={
            name: catalog.Alias(
                name,
                tuple(alias.targets),
                tuple(alias.fallbacks),
                alias.isolated,
                alias.interchangeable,
                _policy(alias.policy),
            )
            for name, alias in file.aliases.items()
        },
        fallbacks=tuple(file.fallbacks),
        default_model=file.default_model,
        default_provider=file.default_provider,
        policy=_policy(file.policy),
    )


def _provider(name: str, value: Provider, gathered: Gathered, base_dir: FilePath) -> catalog.Provider:
    preset = PRESETS.get(name)
    here: Path = ("providers", name)
    patterns = value.model_patterns
    return catalog.Provider(
        name=name,
        protocol=str(value.protocol or (preset.protocol if preset else "")),
        base_url=value.base_url or (preset.base_url if preset else None) or "",
        profiles=_profiles(value, gathered, here),
        models={model_id: _model(model_id, model) for model_id, model in value.models.items()},
        model_patterns=tuple(patterns) if patterns is not None else preset.model_patterns if preset else (),
        fallbacks=tuple(value.fallbacks),
        strategy=value.strategy,
        headers=_pairs(value.headers, gathered, (*here, "headers")),
        query=_pairs(value.query, gathered, (*here, "query")),
        proxy=value.proxy,
        ca_file=str(base_dir / value.ca_file) if value.ca_file else None,
        organization=value.organization,
        prefill=value.prefill or prefill_of(name, str(value.protocol or "")),
        policy=_policy(value.policy),
    )


def _profiles(value: Provider, gathered: Gathered, here: Path) -> tuple[catalog.Profile, ...]:
    if value.profiles is None:
        return (catalog.Profile(DEFAULT_PROFILE, gathered.credentials.get((*here, "api_key"), _NO_KEY)),)
    return tuple(
        _profile(profile, gathered.credentials.get((*here, "profiles", index, "api_key"), _NO_KEY))
        for index, profile in enumerate(value.profiles)
    )


def _profile(profile: Profile, credential: catalog.Credential) -> catalog.Profile:
    return catalog.Profile(
        name=profile.name,
        credential=credential,
        base_url=profile.base_url,
        enabled=profile.enabled,
        weight=profile.weight,
        rpm=profile.rpm,
        tpm=profile.tpm,
        max_concurrency=profile.max_concurrency,
    )


def _model(model_id: str, model: Model) -> catalog.Model:
    price = model.price
    return catalog.Model(
        id=model_id,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        features=None if model.capabilities is None else frozenset(model.capabilities),
        streaming=model.streaming,
        thinks_silently=model.thinks_silently,
        max_image_bytes=model.max_image_bytes,
        max_batch_inputs=model.max_batch_inputs,
        prefill=model.prefill,
        fallbacks=tuple(model.fallbacks),
        price=catalog.Price(price.input, price.output, price.cached_input) if price else None,
        policy=_policy(model.policy),
    )


def _policy(switches: Switches) -> Policy:
    said: dict[str, Any] = {name: getattr(switches, name) for name in Switches.model_fields}
    frozen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}
    return Policy(**frozen)


def _pairs(pairs: Mapping[str, str], gathered: Gathered, here: Path) -> dict[str, str]:
    """Headers or query parameters, with what `env:` and `file:` point at in place."""
    return {name: gathered.values.get((*here, name), text) for name, text in pairs.items()}


def _dispositions(policy: GlobalPolicy) -> dict[Reason, Disposition]:
    return {
        reason: Disposition(AGAIN[said.again] if said.again else None, THEN[said.then] if said.then else None)
        for reason, said in policy.dispositions.items()
    }


def _listen(listen: Listen, gathered: Gathered, base_dir: FilePath) -> settings.Listen:
    tls = listen.tls
    return settings.Listen(
        grpc=tuple(address.parsed(text) for text in listen.grpc),
        http=address.parsed(listen.http) if listen.http else None,
        probe=address.parsed(listen.probe) if listen.probe else None,
        tls=settings.Tls(
            str(base_dir / tls.cert),
            str(base_dir / tls.key),
            str(base_dir / tls.client_ca) if tls.client_ca else None,
        )
        if tls
        else None,
        insecure=listen.insecure,
        token=gathered.credentials.get(("listen", "token")),
        unix_mode=int(listen.unix_mode, 8),
    )


def _limits(policy: GlobalPolicy) -> settings.Limits:
    return settings.Limits(**{name: getattr(policy, name) for name in settings.Limits.__dataclass_fields__})


def _telemetry(file: File, gathered: Gathered) -> settings.Telemetry:
    telemetry = file.telemetry
    return settings.Telemetry(
        endpoint=telemetry.endpoint,
        protocol=str(telemetry.protocol) if telemetry.protocol is not None else None,
        headers=tuple(_pairs(telemetry.headers, gathered, ("telemetry", "headers")).items()),
        sample_ratio=telemetry.sample_ratio,
        export_timeout_s=telemetry.export_timeout_s,
        capture_content=telemetry.capture_content,
        propagate_upstream=telemetry.propagate_upstream,
        access_log=telemetry.access_log,
    )
