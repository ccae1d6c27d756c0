"""Gathers what a configuration points at: keys, tokens, certificate files. A failure is noted and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ..core.catalog import Credential
from . import secret
from .document import Document, mapping
from .presets import PRESETS
from .problem import Path
from .url import password_of

_CREDENTIAL_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
)
_OWN_HEADERS = frozenset(
    {"content-length", "content-type", "transfer-encoding", "connection", "host", "accept-encoding"}
)
_AUTH_SECRETS = ("key", "token", "secret_access_key", "session_token", "client_secret")
_SECRET_FORMS = ("env:", "file:")


@dataclass(slots=True)
class Gathered:
    """What was found, by the path of the setting that points at it."""

    credentials: dict[Path, Credential] = field(default_factory=dict)
    values: dict[Path, str] = field(default_factory=dict, repr=False)


class Gatherer:
    """Reads each secret and file of a document once."""

    def __init__(self, document: Document, env: Mapping[str, str], base_dir: FilePath) -> None:
        self._document = document
        self._env = env
        self._base_dir = base_dir
        self._gathered = Gathered()

    def gather(self) -> Gathered:
        """Everything that could be had; what could not is noted in the document."""
        data = self._document.data
        for name, provider in mapping(data.get("providers")).items():
            self._provider(name, mapping(provider))
        listen = mapping(data.get("listen"))
        if "token" in listen:
            self._secret(("listen", "token"), listen["token"])
        for key, marker in (("cert", "CERTIFICATE"), ("key", "PRIVATE KEY"), ("client_ca", "CERTIFICATE")):
            self._pem(("listen", "tls", key), mapping(listen.get("tls")).get(key), marker)
        telemetry = mapping(data.get("telemetry"))
        self._headers(("telemetry", "headers"), telemetry.get("headers"), own=frozenset())
        self._password(("state", "url"), mapping(data.get("state")).get("url"))
        return self._gathered

    def _provider(self, name: str, provider: dict[str, Any]) -> None:
        here: Path = ("providers", name)
        self._headers((*here, "headers"), provider.get("headers"), own=_OWN_HEADERS)
        self._indirect((*here, "query"), provider.get("query"))
        self._password((*here, "proxy"), provider.get("proxy"))
        self._pem((*here, "ca_file"), provider.get("ca_file"), "CERTIFICATE")
        if provider.get("api_key") is not None and provider.get("profiles") is not None:
            self._document.add((*here, "api_key"), "stands beside profiles; move it into one of them")
        if isinstance(profiles := provider.get("profiles"), list):
            for index, profile in enumerate(profiles):
                self._profile((*here, "profiles", index), mapping(profile))
        elif provider.get("api_key") is not None:
            self._secret((*here, "api_key"), provider["api_key"], may_be_none=True)
        else:
            self._preset_key(name, here)

    def _profile(self, here: Path, profile: dict[str, Any]) -> None:
        auth = mapping(profile.get("auth"))
        for key in _AUTH_SECRETS:
            if key in auth:
                self._secret((*here, "auth", key), auth[key])
        if profile.get("api_key") is not None:
            if auth:
                self._document.add((*here, "api_key"), "stands beside auth; one of them must go")
            self._secret((*here, "api_key"), profile["api_key"], may_be_none=True)
        elif not auth:
            self._document.add((*here, "api_key"), "is missing: env:NAME, file:PATH, or none for a server without keys")

    def _preset_key(self, name: str, here: Path) -> None:
        preset = PRESETS.get(name)
        if preset is None:
            self._document.add((*here, "profiles"), "is missing, and no preset has this provider's name")
        elif preset.key_variable is None:
            self._gathered.credentials[(*here, "api_key")] = Credential("none")
        else:
            self._secret((*here, "api_key"), f"env:{preset.key_variable}")

    def _secret(self, path: Path, text: object, *, may_be_none: bool = False, may_have_spaces: bool = False) -> None:
        if not isinstance(text, str):
            return
        try:
            found = secret.credential(text, self._base_dir)
            if found.kind == "none" and not may_be_none:
                raise secret.SecretError("must be env:NAME or file:PATH")
            value = secret.read(found, self._env, may_have_spaces=may_have_spaces)
        except secret.SecretError as error:
            self._document.add(path, str(error))
            return
        self._gathered.credentials[path] = found
        if value:
            self._gathered.values[path] = value

    def _headers(self, here: Path, headers: object, *, own: frozenset[str]) -> None:
        for name in mapping(headers):
            if name.lower() in own:
                self._document.add((*here, name), "is set by Remora itself", at_key=True)
        self._indirect(here, headers)

    def _indirect(self, here: Path, pairs: object) -> None:
        """Values that are `env:NAME` or `file:PATH` are read; in headers that carry credentials they must be."""
        for name, text in mapping(pairs).items():
            if isinstance(text, str) and (text.startswith(_SECRET_FORMS) or name.lower() in _CREDENTIAL_HEADERS):
                self._secret((*here, name), text, may_have_spaces=True)

    def _password(self, path: Path, url: object) -> None:
        if isinstance(url, str) and (password := password_of(url)):
            self._gathered.values[path] = password

    def _pem(self, path: Path, text: object, marker: str) -> None:
        if not isinstance(text, str) or not text:
            return
        try:
            file = secret.path_of(text, self._base_dir)
            content = secret.pem_of(file)
        except secret.SecretError as error:
            self._document.add(path, str(error))
            return
        if f"{marker}-----" not in content:
            self._document.add(path, f"the file {file} has no PEM {marker.lower()}")


_PART_CHARACTERS = 8
"""From this length on a word of a header's value is a secret of its own: not "Bearer", but what follows it."""


def secrets(gathered: Gathered) -> Iterator[str]:
    """Every secret value once, longest first, so that no part of one is replaced before the whole."""
    whole = set(gathered.values.values())
    parts = {part for value in whole for part in value.split(" ") if len(part) >= _PART_CHARACTERS}
    yield from sorted(whole | parts, key=lambda value: (-len(value), value))
