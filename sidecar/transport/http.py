"""Upstream HTTP over aiohttp: no redirects, no session-wide timeouts, no pool limit, errors translated once.

A POST may follow a redirect to another origin with its key, so none is followed. A reused connection that dies before
the first byte of an answer was closed by the other side while idle: the request is sent once more on a fresh one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from ..core.value import value_type
from ..regular_file import opener
from .connector import CONNECTION, Connection, Connector

KEEPALIVE_S = 30.0
MAX_ERROR_BYTES = 64 * 1024
PIECE_BYTES = 256 * 1024


class TransportError(Exception):
    """The connection failed. `is_timeout`: the connect limit ran out. The text names no address beyond the host."""

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout


class CutError(Exception):
    """The connection broke inside the body of an answer."""


@value_type
class Route:
    """How a provider's endpoint is reached, beyond its URL."""

    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None


@value_type
class Post:
    """One request as it goes out, credentials included."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    route: Route


class Answer:
    """An answer whose body is still to come."""

    def __init__(self, response: aiohttp.ClientResponse, session: _Session) -> None:
        self._response = response
        self._session: _Session | None = session
        self.status = response.status
        self.headers = _lowered(response.headers)

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_read(self) -> bool:
        """Whether the end of the body has been read."""
        return self._response.content.at_eof()

    async def read(self) -> bytes:
        """The next bytes as they arrive; b"" at the clean end. Raises CutError."""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            error.__traceback__ = None  # aiohttp's reader keeps the error, and the error would keep the reader
            raise CutError("the connection broke inside the answer") from None

    async def read_error(self, limit_s: float) -> bytes:
        """The body of an error answer, at most 64 KiB; what arrived, if it breaks or takes longer than `limit_s`."""
        body = bytearray()
        try:
            async with asyncio.timeout(limit_s):
                while len(body) < MAX_ERROR_BYTES and (data := await self._response.content.readany()):
                    body += data
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass  # the status alone decides then
        return bytes(body[:MAX_ERROR_BYTES])

    def release(self) -> None:
        """The body was read to its end: the connection may be used again."""
        self._response.release()
        self._leave()

    def abort(self) -> None:
        """Closes the connection at once."""
        self._response.close()
        self._leave()

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.left()


class _Session:
    """A session with the number of requests under way on it; once retired, it closes when there are none."""

    def __init__(self, client: aiohttp.ClientSession, closing: set[asyncio.Task[None]]) -> None:
        self.client = client
        self._closing = closing
        self._requests = 0
        self._is_retired = False

    def entered(self) -> None:
        """A request begins."""
        self._requests += 1

    def left(self) -> None:
        """A request has ended."""
        self._requests -= 1
        self._close_if_idle()

    def retire(self) -> None:
        """No new request comes."""
        self._is_retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._is_retired and not self._requests:
            task = asyncio.get_running_loop().create_task(self.client.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class HttpTransport:
    """Sessions by CA file; made on first use, closed with `close`, or when the file has changed."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str | None, bool], _Session] = {}
        self._retired: set[_Session] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._trusted: Mapping[str, bytes | None] = {}

    async def post(self, post: Post, connect_s: float, on_connected: Callable[[], None]) -> Answer:
        """Sends, and returns when the headers are in. `on_connected` is called when the connection is up.

        Raises TransportError. The caller bounds the wait for headers; only connecting is bounded here, by `connect_s`.
        """
        connection = Connection(on_connected)
        try:
            return await self._send(post, connect_s, connection, fresh=False)
        except TransportError:
            if not connection.was_stale:
                raise
        return await self._send(post, connect_s, Connection(on_connected), fresh=True)

    async def warm(self, url: str, route: Route, limit_s: float) -> None:
        """Opens a connection that the next request to this address finds ready; sends nothing. Raises TransportError."""
        session = self._session(route.ca_file, fresh=False)
        session.entered()
        CONNECTION.set(Connection(lambda: None))
        client = session.client
        try:
            request = aiohttp.ClientRequest(
                "POST", URL(url), loop=asyncio.get_running_loop(), session=client, proxy=_url(route.proxy)
            )
            assert client.connector is not None
            async with asyncio.timeout(limit_s):
                connection = await client.connector.connect(request, [], _timeout(limit_s))
            connection.release()
        except TimeoutError:
            raise TransportError(f"no connection within {limit_s:g} s", is_timeout=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(error) from None
        finally:
            session.left()

    def trust(self, ca_files: Mapping[str, bytes | None]) -> None:
        """The CA files in force, with anything that changes when their content does.

        New requests get a session that has read the present content; the old one ends with its last request.
        """
        before, self._trusted = self._trusted, dict(ca_files)
        for key, session in list(self._sessions.items()):
            ca_file = key[0]
            if ca_file is not None and (ca_file not in ca_files or before.get(ca_file) != ca_files[ca_file]):
                self._retired.add(self._sessions.pop(key))
                session.retire()
        self._retired = {session for session in self._retired if not session.client.closed}

    async def close(self) -> None:
        """Closes every session and its connections."""
        sessions, self._sessions = [*self._sessions.values(), *self._retired], {}
        for session in sessions:
            await session.client.close()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _send(self, post: Post, connect_s: float, connection: Connection, *, fresh: bool) -> Answer:
        session = self._session(post.route.ca_file, fresh)
        session.entered()
        try:
            response = await self._request(session.client, post, connect_s, connection)
        except BaseException:  # cancellation too: a session that counts a request for ever is never closed
            session.left()
            raise
        return Answer(response, session)

    async def _request(
        self, client: aiohttp.ClientSession, post: Post, connect_s: float, connection: Connection
    ) -> aiohttp.ClientResponse:
        headers = {**post.headers, "content-length": str(len(post.body))}
        CONNECTION.set(connection)
        try:
            return await client.request(
                "POST",
                post.url,
                data=post.body if len(post.body) <= PIECE_BYTES else _pieces(post.body),
                headers=headers,
                params=post.query or None,
                proxy=post.route.proxy,
                allow_redirects=False,
                timeout=_timeout(connect_s),
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            connection.was_stale = connection.is_reused and _died_silently(error)
            raise _translated(error) from None

    def _session(self, ca_file: str | None, fresh: bool) -> _Session:
        session = self._sessions.get((ca_file, fresh))
        if session is None:
            context: ssl.SSLContext | bool = True
            if ca_file is not None:
                context = _trusting(ca_file)
            options: dict[str, Any] = {"force_close": True} if fresh else {"keepalive_timeout": KEEPALIVE_S}
            client = aiohttp.ClientSession(
                connector=Connector(limit=0, ssl=context, **options),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"accept-encoding": "identity"},
            )
            session = self._sessions[ca_file, fresh] = _Session(client, self._closing)
        return session


def _url(text: str | None) -> URL | None:
    return URL(text) if text is not None else None


@lru_cache(maxsize=64)
def _timeout(connect_s: float) -> aiohttp.ClientTimeout:
    """Only connecting is bounded, waiting for a free socket included."""
    return aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)


_MESSAGES: tuple[tuple[type[Exception], str, bool], ...] = (
    (aiohttp.ConnectionTimeoutError, "no connection within the connect limit", True),
    (aiohttp.ServerTimeoutError, "no connection within the connect limit", True),
    (aiohttp.ClientConnectorDNSError, "the host name does not resolve", False),
    (aiohttp.ClientConnectorCertificateError, "the server's certificate is not trusted", False),
    (aiohttp.ClientSSLError, "the TLS handshake failed", False),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached", False),
    (aiohttp.ClientHttpProxyError, "the proxy refused", False),
    (aiohttp.ClientConnectorError, "the connection was refused or cannot be made", False),
    (aiohttp.ServerDisconnectedError, "the connection was closed before an answer", False),
    (aiohttp.ClientOSError, "the connection was reset before an answer", False),
    (aiohttp.InvalidURL, "the base URL is not valid", False),
    (aiohttp.ClientResponseError, "the answer was not HTTP", False),
    (OSError, "the connection failed", False),
    (Exception, "the request could not be sent", False),
)
"""Foreign errors, most specific first: what each means in one sentence, and whether it is a timeout."""


def _died_silently(error: Exception) -> bool:
    """Whether the connection ended before the first byte of an answer. (What had begun is aiohttp's `message`.)"""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)
    return isinstance(error, OSError) and not isinstance(error, aiohttp.ClientConnectorError)


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        with open(ca_file, "rb", opener=opener):  # OpenSSL would wait for ever at a pipe
            return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise TransportError("the provider's CA file cannot be read") from None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """A large body piece by piece, so that no single write holds up other calls."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def _translated(error: Exception) -> TransportError:
    message, is_timeout = next((text, timeout) for kind, text, timeout in _MESSAGES if isinstance(error, kind))
    return TransportError(message, is_timeout=is_timeout)


def _lowered(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Header names in lower case; the first of several values. Bytes that are not UTF-8 become replacement characters:
    aiohttp leaves them as surrogates, which no message can carry."""
    lowered: dict[str, str] = {}
    for name, value in headers.items():
        if not value.isascii():
            value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        lowered.setdefault(name.lower(), value)
    return lowered
