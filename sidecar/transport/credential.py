"""Secrets: read where the configuration points, named elsewhere only by a keyed hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from ..core.catalog import Catalog, Credential, Entry, Profile, Provider, Target

Usable = tuple[str, str, str]
"""(profile, base URL, key id)."""


def key_id(secret: str, base_url: str) -> str:
    """Names a credential's state: a keyed hash of secret and base URL, so that a replaced key starts clean."""
    digest = hashlib.blake2b(base_url.encode(), key=hashlib.sha256(secret.encode()).digest(), digest_size=8)
    return digest.hexdigest()


def _nothing(credential: Credential) -> str | None:
    return None


def _unheard(secret: str) -> None:
    """Nobody asked."""


class Vault:
    """The secrets of every profile, and the targets they make. One per configuration; a key file may still change."""

    def __init__(
        self,
        catalog: Catalog,
        read: Callable[[Credential], str],
        *,
        read_again: Callable[[Credential], str | None] = _nothing,
        learned: Callable[[str], None] = _unheard,
    ) -> None:
        """`read` gives the secret a credential points to; its errors pass through. `read_again`: the same later, None
        where it cannot be had. `learned` is told a secret that `read_again` gave before anybody else sees it.
        `revision` rises with each key that has been replaced."""
        self._read = read
        self._read_again = read_again
        self._learned = learned
        self._credentials: dict[tuple[str, str], Credential] = {}
        self._secrets: dict[tuple[str, str, str], str] = {}
        self._usable: dict[str, tuple[Usable, ...]] = {}
        self.revision = 0
        for provider in catalog.providers.values():
            usable = [self._take(provider, profile) for profile in provider.profiles if profile.enabled]
            self._usable[provider.name] = tuple(usable)

    def _take(self, provider: Provider, profile: Profile) -> Usable:
        secret = self._read(profile.credential)
        url = provider.url_of(profile)
        identity = key_id(secret, url)
        self._credentials[provider.name, profile.name] = profile.credential
        self._secrets[provider.name, profile.name, identity] = secret
        return profile.name, url, identity

    def reread(self, target: Target) -> Target | None:
        """Reads the key of a refused target again, if it is a file's: the target with the key that is there now.

        None: it is still the key that was refused, or cannot be had. The target's own key stays known, for calls that
        began with it; new calls use the new one.
        """
        provider, profile = target.entry.provider, target.profile
        credential = self._credentials[provider, profile]
        secret = self._read_again(credential) if credential.kind == "file" else None
        if secret is None:
            return None
        identity = key_id(secret, target.base_url)
        if identity == target.key_id:
            return None
        if (provider, profile, identity) not in self._secrets:
            self._learned(secret)
            self._secrets[provider, profile, identity] = secret
        self._usable[provider] = tuple(
            (name, url, identity if name == profile else old) for name, url, old in self._usable[provider]
        )
        self.revision += 1
        return replace(target, key_id=identity)

    def secret(self, target: Target) -> str:
        """The secret to send for a target; "" sends none."""
        return self._secrets[target.entry.provider, target.profile, target.key_id]

    def secrets(self) -> tuple[str, ...]:
        """Every secret, for redaction only."""
        return tuple(secret for secret in self._secrets.values() if secret)

    def key_ids(self) -> frozenset[str]:
        """Of every credential that was ever here."""
        return frozenset(identity for _, _, identity in self._secrets)

    def profiles_of(self, provider: str) -> tuple[Usable, ...]:
        """(profile, base URL, key id) of a provider's enabled profiles."""
        return self._usable.get(provider, ())

    def targets_of(self, entry: Entry) -> tuple[Target, ...]:
        """The enabled targets of an entry, in configured order."""
        usable = self._usable.get(entry.provider, ())
        return tuple(Target(entry, name, url, identity) for name, url, identity in usable)
