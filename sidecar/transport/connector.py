"""aiohttp's connector, which also tells the request under way when its connection is up and whether it is a new one.

aiohttp's tracing hooks would tell the same, for a twentieth of what a whole call costs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(slots=True)
class Connection:
    """What the connector tells of one request's connection. `was_stale`: it was reused, and had been closed meanwhile."""

    on_connected: Callable[[], None]
    is_reused: bool = True
    was_stale: bool = False


CONNECTION: ContextVar[Connection] = ContextVar("connection")
"""Of the request that this task sends."""


class Connector(aiohttp.TCPConnector):
    """Every request on it must have set `CONNECTION`."""

    async def connect(self, *arguments: Any, **options: Any) -> Any:
        """A connection from the pool, or a new one."""
        connection = await super().connect(*arguments, **options)
        CONNECTION.get().on_connected()
        return connection

    async def _create_connection(self, *arguments: Any, **options: Any) -> Any:
        CONNECTION.get().is_reused = False
        return await super()._create_connection(*arguments, **options)
