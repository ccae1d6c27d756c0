"""Renews the certificates that the injector serves with, and tells the API server whom to trust.

A run of its own, by a CronJob with its own service account: it may get and update one Secret and one
MutatingWebhookConfiguration (and create the Secret where the chart does not). The injector itself asks for nothing.

The API server trusts a new authority before the Secret has what it signed: pods that hold an old certificate, or
already a new one, are believed at every moment. A run that breaks off anywhere is completed by the next.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from . import certificate, logs
from .certificate import Material, Pair

AUTHORITY, AUTHORITY_KEY, SERVING, SERVING_KEY = "ca.crt", "ca.key", "tls.crt", "tls.key"
"""The Secret's keys. Only SERVING and SERVING_KEY are for the injector; AUTHORITY has former authorities too."""
ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
REQUEST_LIMIT_S = 10.0
MAX_TRIES = 5
"""Somebody else may write at the same time: then everything is read again."""
PAUSE_S = 0.2
Document = dict[str, Any]


class RenewalError(Exception):
    """The renewal did not happen; the text says at which request, and has no secret."""


@dataclass(frozen=True)
class Target:
    """What is renewed. `service`: through which the API server reaches the injector, in the Secret's namespace."""

    namespace: str
    secret: str
    service: str
    webhook_configuration: str

    @property
    def host(self) -> str:
        """The name that the API server expects in the certificate."""
        return f"{self.service}.{self.namespace}.svc"


@dataclass(frozen=True)
class Cluster:
    """How the API server is reached. `token`, `authority`: files, mounted into every pod with a service account."""

    url: str
    token: Path = ACCOUNT_FOLDER / "token"
    authority: Path = ACCOUNT_FOLDER / "ca.crt"


def in_cluster(environment: Mapping[str, str]) -> Cluster:
    """From what Kubernetes sets in every container. Raises RenewalError."""
    try:
        host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    except KeyError as error:
        raise RenewalError(f"{error.args[0]} is not set: this is no pod") from None
    return Cluster(f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}")


async def renew(
    target: Target,
    environment: Mapping[str, str],
    log_level: str = "info",
    *,
    cluster: Cluster | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Renews what is due; 0, or 1 with the reason in the log. `cluster` None: the one that this pod runs in."""
    logs.set_up(log_level)
    try:
        changes = await _renewed(target, cluster or in_cluster(environment), now)
    except RenewalError as error:
        logs.tell("error", "the certificates were not renewed", problem=str(error))
        return 1
    logs.tell("info", "the certificates are as they should be", renewed=", ".join(changes) or "nothing was due")
    return 0


async def _renewed(target: Target, cluster: Cluster, now: Callable[[], datetime]) -> tuple[str, ...]:
    try:
        token = cluster.token.read_text().strip()
        trusted = ssl.create_default_context(cafile=str(cluster.authority))
    except (OSError, UnicodeDecodeError):
        raise RenewalError("the service account is not mounted, or cannot be read") from None
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=aiohttp.ClientTimeout(total=REQUEST_LIMIT_S),
        connector=aiohttp.TCPConnector(ssl=trusted),
    ) as session:
        run = _Run(session, cluster.url, target)
        for _ in range(MAX_TRIES):
            try:
                return await run.once(now())
            except _ConflictError:
                await asyncio.sleep(PAUSE_S)
    raise RenewalError(f"somebody else wrote {MAX_TRIES} times in a row")


class _ConflictError(Exception):
    """An object changed since it was read."""


@dataclass(frozen=True)
class _Run:
    session: aiohttp.ClientSession
    url: str
    target: Target

    async def once(self, now: datetime) -> tuple[str, ...]:
        """Reads, and writes what must change; what was made anew."""
        secrets = f"/api/v1/namespaces/{self.target.namespace}/secrets"
        secret = await self._ask("GET", f"{secrets}/{self.target.secret}")
        renewal = certificate.renewed(_held(secret), self.target.host, now)
        is_changed = await self._trust(renewal.material.trusted)
        if renewal.changes and secret is None:
            await self._ask("POST", secrets, _new_secret(self.target, renewal.material))
        elif renewal.changes and secret is not None:
            await self._ask(
                "PUT", f"{secrets}/{self.target.secret}", secret | {"data": _data(secret, renewal.material)}
            )
        if is_changed is None:
            raise RenewalError(f"there is no MutatingWebhookConfiguration {self.target.webhook_configuration}")
        return (*renewal.changes, "the webhook's caBundle") if is_changed else renewal.changes

    async def _trust(self, bundle: bytes) -> bool | None:
        """Sets the caBundle of every webhook of the configuration; whether one had another, None if there is none.

        Where it is missing the Secret is written all the same: an injector waits for it, and nobody asks it yet.
        """
        name = self.target.webhook_configuration
        path = f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{name}"
        configuration = await self._ask("GET", path)
        if configuration is None:
            return None
        encoded = base64.b64encode(bundle).decode()
        clients = [webhook.setdefault("clientConfig", {}) for webhook in configuration.get("webhooks") or []]
        if all(client.get("caBundle") == encoded for client in clients):
            return False
        for client in clients:
            client["caBundle"] = encoded
        await self._ask("PUT", path, configuration)
        return True

    async def _ask(self, method: str, path: str, body: Document | None = None) -> Document | None:
        """The answered object; None where a GET finds nothing. Its resourceVersion makes a PUT fail on a conflict."""
        data = orjson.dumps(body) if body is not None else None
        headers = {"Content-Type": "application/json"} if data is not None else {}
        try:
            async with self.session.request(
                method, self.url + path, data=data, headers=headers, allow_redirects=False
            ) as response:
                answered = await response.read()
                return _judged(method, path, response.status, answered)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RenewalError(f"{method} {path}: {type(error).__name__}") from None


def _judged(method: str, path: str, status: int, answered: bytes) -> Document | None:
    if status == 409:
        raise _ConflictError
    if status == 404 and method == "GET":
        return None
    if status not in (200, 201):
        raise RenewalError(f"{method} {path} was answered {status}")
    try:
        document = orjson.loads(answered)
    except orjson.JSONDecodeError:
        raise RenewalError(f"{method} {path} was answered without JSON") from None
    if not isinstance(document, dict):
        raise RenewalError(f"{method} {path} was answered without an object")
    return document


def _held(secret: Document | None) -> Material | None:
    """What the Secret has; None where it is empty. Raises RenewalError where somebody else's certificate is in it."""
    kept = {key: base64.b64decode(value) for key, value in ((secret or {}).get("data") or {}).items()}
    if not kept.get(SERVING) and not kept.get(AUTHORITY_KEY):
        return None
    if not kept.get(AUTHORITY_KEY):
        raise RenewalError("the Secret has a certificate that was not made by this command; name another Secret")
    trusted = kept.get(AUTHORITY, b"")
    return Material(
        Pair(trusted, kept[AUTHORITY_KEY]), Pair(kept.get(SERVING, b""), kept.get(SERVING_KEY, b"")), trusted
    )


def _data(secret: Document, material: Material) -> dict[str, str]:
    """The Secret's data with ours; other keys stay."""
    ours = {
        AUTHORITY: material.trusted,
        AUTHORITY_KEY: material.authority.key,
        SERVING: material.serving.certificate,
        SERVING_KEY: material.serving.key,
    }
    return (secret.get("data") or {}) | {key: base64.b64encode(value).decode() for key, value in ours.items()}


def _new_secret(target: Target, material: Material) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": target.secret, "namespace": target.namespace},
        "type": "Opaque",
        "data": _data({}, material),
    }
