"""Jaeger's query API, as its page uses it: traces by id, searches, services, operations."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from .server import OPENER
from .trace import Trace, trace_from

ARRIVAL_LIMIT_S = 20.0
"""How long spans may take from their exporters to a query: all of them together, for they were all sent before."""
_HTTP_LIMIT_S = 10.0
_POLL_S = 0.1
_LIMIT = 200


class Query:
    """The API below `url`. Made when everything was exported: what is not there 20 s later will not come."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._give_up_at = time.monotonic() + ARRIVAL_LIMIT_S

    def trace(self, trace_id: str, spans: int) -> Trace:
        """That trace, once it has so many spans, or as it is when waiting is over, which may be without any."""
        while True:
            found = [trace_from(one) for one in self._get(f"/api/traces/{trace_id}")]
            if found and len(found[0].spans) >= spans:
                return found[0]
            if time.monotonic() > self._give_up_at:
                return found[0] if found else Trace(())
            time.sleep(_POLL_S)

    def search(self, service: str, tags: Mapping[str, str]) -> list[Trace]:
        """The traces that have a span of that service with all of these tags, 200 at the most."""
        asked = urllib.parse.urlencode({"service": service, "tags": json.dumps(tags), "limit": _LIMIT})
        return [trace_from(one) for one in self._get(f"/api/traces?{asked}")]

    def services(self) -> set[str]:
        """Every service that has sent a span."""
        return set(self._get("/api/services"))

    def operations(self, service: str) -> set[tuple[str, str]]:
        """Names of the service's spans, each with its kind."""
        asked = urllib.parse.urlencode({"service": service})
        return {(one["name"], one["spanKind"]) for one in self._get(f"/api/operations?{asked}")}

    def _get(self, path: str) -> list[Any]:
        """`data` of the answer; nothing for 404, which is what a trace that nobody has sent gets."""
        try:
            with OPENER.open(self.url + path, timeout=_HTTP_LIMIT_S) as answer:
                return json.load(answer)["data"] or []
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise
