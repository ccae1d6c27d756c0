"""Opens connections before the first call needs them; what cannot be reached is told, and hinders nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from ..core.catalog import Provider
from ..transport.http import HttpTransport, Route, TransportError

log = logging.getLogger("remora.engine")


async def warm_up(transport: HttpTransport, providers: Iterable[Provider], limit_s: float) -> None:
    """One connection to each address of the enabled profiles, all at once, `limit_s` seconds at the most; 0 opens none."""
    if limit_s <= 0.0:
        return
    addresses = {
        (provider.name, provider.url_of(profile)): Route(provider.proxy, provider.ca_file)
        for provider in providers
        for profile in provider.profiles
        if profile.enabled
    }
    await asyncio.gather(*(_open(transport, name, url, route, limit_s) for (name, url), route in addresses.items()))


async def _open(transport: HttpTransport, name: str, url: str, route: Route, limit_s: float) -> None:
    try:
        await transport.warm(url, route, limit_s)
    except TransportError as error:
        log.warning("provider %s cannot be reached yet: %s", name, error, extra={"provider": name})
