"""Secrets: read where the configuration points, named elsewhere only by a keyed hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..core.catalog import Catalog, Credential, Entry, Profile, Provider, Target


def key_id(secret: str, base_url: str) -> str:
    """Names a credential's state: a keyed hash of secret and base URL, so that a replaced key starts clean."""
    digest = hashlib.blake2b(base_url.encode(), key=hashlib.sha256(secret.encode()).digest(), digest_size=8)
    return digest.hexdigest()


class Vault:
    """The secrets of every profile, and the targets they make."""

    def __init__(self, catalog: Catalog, read: Callable[[Credential], str]) -> None:
        """`read` gives the secret a credential points to; its errors pass through."""
        self._read = read
        self._secrets: dict[tuple[str, str], str] = {}
        self._usable: dict[str, tuple[tuple[str, str, str], ...]] = {}
        for provider in catalog.providers.values():
            usable = [self._take(provider, profile) for profile in provider.profiles if profile.enabled]
            self._usable[provider.name] = tuple(usable)

    def _take(self, provider: Provider, profile: Profile) -> tuple[str, str, str]:
        secret = self._read(profile.credential)
        self._secrets[provider.name, profile.name] = secret
        url = provider.url_of(profile)
        return profile.name, url, key_id(secret, url)

    def secret(self, target: Target) -> str:
        """The secret to send for a target; "" sends none."""
        return self._secrets[target.entry.provider, target.profile]

    def secrets(self) -> tuple[str, ...]:
        """Every secret, for redaction only."""
        return tuple(secret for secret in self._secrets.values() if secret)

    def profiles_of(self, provider: str) -> tuple[tuple[str, str, str], ...]:
        """(profile, base URL, key id) of a provider's enabled profiles."""
        return self._usable.get(provider, ())

    def targets_of(self, entry: Entry) -> tuple[Target, ...]:
        """The enabled targets of an entry, in configured order."""
        usable = self._usable.get(entry.provider, ())
        return tuple(Target(entry, name, url, identity) for name, url, identity in usable)
