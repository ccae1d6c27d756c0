"""OTLP over HTTP with protobuf (OTLP specification, "OTLP/HTTP"), by a session of its own. Redirects are not followed:
they could carry the headers, which are secrets, elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from collections.abc import Callable

import aiohttp

from ..core.retry_after import wait_s
from .export import Answer, Fate
from .otlp_bytes import partial_success
from .plan import Certificates, Headers, Plan

RETRYABLE = frozenset({429, 502, 503, 504})
MAX_ANSWER_BYTES = 64 * 1024
_GZIP_LEVEL = 1
"""Spans repeat themselves: the first level already saves nine tenths."""


class HttpSender:
    """Must be made on the loop that sends. Raises OSError, ssl.SSLError where a certificate file cannot be used.

    `headers`: asked for each request, since they may change; None: always those of the plan.
    """

    def __init__(self, plan: Plan, headers: Callable[[], Headers] | None = None) -> None:
        self._headers = headers or (lambda: plan.headers)
        self._url = plan.url
        self._is_gzip = plan.is_gzip
        self._own = {"Content-Type": "application/x-protobuf"} | ({"Content-Encoding": "gzip"} if plan.is_gzip else {})
        connector = aiohttp.TCPConnector(ssl=_tls(plan.certificates), limit=1)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)

    async def send(self, body: bytes, limit_s: float) -> Answer:
        """See `Sender`."""
        if self._is_gzip:
            body = await asyncio.to_thread(gzip.compress, body, _GZIP_LEVEL)
        limit, headers = aiohttp.ClientTimeout(total=limit_s), {**dict(self._headers()), **self._own}
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                answer = await response.content.read(MAX_ANSWER_BYTES)
                return _answer(response.status, response.headers.get("Retry-After"), answer)
        except TimeoutError:
            return Answer(Fate.RETRY, f"no answer from the collector within {limit_s:.3g} s")
        except (aiohttp.ClientError, OSError) as error:
            # Its text may show the URL, so only its kind is told.
            return Answer(Fate.RETRY, f"the collector cannot be reached ({type(error).__name__})")

    async def close(self) -> None:
        """See `Sender`."""
        await self._session.close()


def _answer(status: int, retry_after: str | None, body: bytes) -> Answer:
    if 200 <= status < 300:
        try:
            rejected, said = partial_success(body)
        except ValueError:
            rejected, said = 0, ""
        return Answer(Fate.TAKEN, said, rejected=rejected)
    said = f"the collector answered {status}"
    if status not in RETRYABLE:
        return Answer(Fate.REFUSED, said)
    return Answer(Fate.RETRY, said, wait_s(retry_after, time.time()) if retry_after else None)


def _tls(certificates: Certificates) -> ssl.SSLContext | bool:
    if certificates == Certificates():
        return True
    context = ssl.create_default_context(cafile=certificates.ca_file)
    if certificates.client_cert is not None:
        context.load_cert_chain(certificates.client_cert, certificates.client_key)
    return context
