"""URLs of providers and proxies."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from .address import is_loopback


def checked_base(text: str) -> str:
    """A provider's base URL without trailing slash; ValueError with a sentence where it cannot be one."""
    if _user_of(text):
        raise ValueError("may not carry a user name or password; keys belong into profiles")
    if "?" in text or "#" in text:
        raise ValueError("may not have a query or fragment; use `query:`")
    return text.rstrip("/")


def checked_proxy(text: str) -> str:
    """A proxy's URL, maybe with user name and password; ValueError with a sentence where it cannot be one."""
    _user_of(text)
    return text


def _user_of(text: str) -> str | None:
    """The user name in a URL. ValueError with a sentence, never with the text itself, where it is none."""
    if any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError("may not have spaces or control characters")
    try:
        split = urlsplit(text)
        host, user, _ = split.hostname, split.username, split.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if split.scheme not in ("http", "https") or not host:
        raise ValueError("must be a URL like https://host/path")
    return user


def host_of(url: str) -> str:
    """The host in lower case, empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_exposed(url: str) -> bool:
    """Whether what is sent there leaves this machine unencrypted."""
    return url.lower().startswith("http:") and not is_loopback(host_of(url))


def password_of(url: str) -> str | None:
    """The password in a URL, decoded."""
    try:
        found = urlsplit(url).password
    except ValueError:
        return None
    return unquote(found) if found else None
