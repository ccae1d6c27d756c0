"""A caller of the API server over plain HTTPS: objects by path, and what it was warned of."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

LIMIT_S = 60.0
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
Document = dict[str, Any]


class RefusedError(Exception):
    """The API server did not do it. `status`: of HTTP; the text is its own message."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path} was answered {status}: {message}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """`warnings`: as a client is shown them."""

    document: Document
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Api:
    """Everything as one account. `token`: None where the certificate of the context says who it is."""

    port: int
    context: ssl.SSLContext
    token: str | None = None
    _kinds: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        kind: str = JSON,
        query: dict[str, str] | None = None,
    ) -> Answer:
        """One request. Raises RefusedError for anything but success."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=LIMIT_S, context=self.context)
        headers = {"Accept": JSON} | ({"Content-Type": kind} if body is not None else {})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        address = path + (f"?{urlencode(query)}" if query else "")
        try:
            connection.request(method, address, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            told = response.read()
        finally:
            connection.close()
        if response.status not in (200, 201, 202):
            raise RefusedError(method, path, response.status, _message(told))
        texts = [found for line in response.headers.get_all("Warning", []) for found in _WARNING.findall(line)]
        return Answer(json.loads(told) if told.startswith(b"{") else {}, tuple(map(_unescaped, texts)))

    def get(self, path: str) -> Document:
        """The object, or the list."""
        return self.ask("GET", path).document

    def create(self, document: Document, namespace: str | None = None, **query: str) -> Answer:
        """As `kubectl create --validate=strict`; `query`: such as dryRun."""
        path = self.path_of(document, namespace)
        return self.ask("POST", path, document, query={"fieldValidation": "Strict"} | query)

    def update(self, document: Document) -> Answer:
        """The whole object anew; its resourceVersion must be the newest."""
        return self.ask("PUT", f"{self.path_of(document)}/{document['metadata']['name']}", document)

    def status_of(self, method: str, path: str, body: Document | None = None) -> int:
        """What HTTP says to a request; 200 for any success."""
        try:
            self.ask(method, path, body)
        except RefusedError as error:
            return error.status
        return 200

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""
        return self.status_of("GET", path) == 200

    def path_of(self, document: Document, namespace: str | None = None) -> str:
        """Where objects of its kind are, by what the API server says of itself."""
        version, kind = document["apiVersion"], document["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if kind not in self._kinds.get(version, {}):
            found = self.get(root)["resources"]
            self._kinds[version] = {
                one["kind"]: (one["name"], one["namespaced"]) for one in found if "/" not in one["name"]
            }
        plural, is_namespaced = self._kinds[version][kind]
        if not is_namespaced:
            return f"{root}/{plural}"
        return f"{root}/namespaces/{namespace or document['metadata']['namespace']}/{plural}"


def _message(told: bytes) -> str:
    try:
        return str(json.loads(told)["message"])
    except (ValueError, KeyError, TypeError):
        return repr(told[:200])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
