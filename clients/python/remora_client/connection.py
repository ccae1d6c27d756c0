"""Where the sidecar is and how it is spoken to: address, channel, metadata, sizes, waiting for it to come up."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import grpc.aio
from google.protobuf.message import Message

from ._version import __version__
from .errors import RequestTooLarge, SidecarUnreachable
from .tracing import trace_metadata

DEFAULT_ADDRESS = "127.0.0.1:7650"
DEFAULT_TIMEOUT_S = 300.0
DEFAULT_CONNECT_TIMEOUT_S = 5.0
MAX_MESSAGE_BYTES = 32 * 1024 * 1024

CHANNEL_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # The sidecar is the one owner of retries: no service config may make gRPC repeat a call.
    ("grpc.enable_retries", 0),
    # A sidecar is local: neither a proxy from the environment nor a service config from DNS has a say.
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
    # A sidecar that is just starting is found within a tenth of a second, not after gRPC's first backoff of one second.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.primary_user_agent", f"remora-client-python/{__version__}"),
)

_READY: int = grpc.ChannelConnectivity.READY.value[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a client reaches its sidecar. Seconds; `math.inf` as `timeout_s` is no deadline."""

    address: str = ""
    token: str | None = field(default=None, repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    credentials: grpc.ChannelCredentials | None = None

    def metadata(self, traceparent: str | None) -> tuple[tuple[str, str], ...]:
        """The metadata of one call: the token, and where in a trace it is made."""
        token = [("authorization", f"Bearer {self.token}")] if self.token else []
        return (*token, *trace_metadata(traceparent))

    def unreachable(self) -> SidecarUnreachable:
        """The error of a sidecar that did not come up in time."""
        return SidecarUnreachable(
            f"no sidecar answers at {self.address} (waited {self.connect_timeout_s:g} s): "
            "is `remora serve` running, and is REMORA_ADDRESS right?"
        )


def settings_from(
    address: str | None,
    token: str | None,
    timeout_s: float,
    connect_timeout_s: float,
    credentials: grpc.ChannelCredentials | None,
) -> Settings:
    """Settings with what is absent taken from REMORA_ADDRESS and REMORA_TOKEN; ValueError for what cannot be."""
    chosen = address or os.environ.get("REMORA_ADDRESS") or DEFAULT_ADDRESS
    if not chosen.startswith("unix:") and not _is_host_and_port(chosen):
        raise ValueError(f"the address must be host:port or unix:///path, not {chosen!r}")
    _positive(timeout_s, "timeout_s")
    _positive(connect_timeout_s, "connect_timeout_s")
    if math.isinf(connect_timeout_s):
        raise ValueError("connect_timeout_s must be finite")
    return Settings(chosen, token or os.environ.get("REMORA_TOKEN") or None, timeout_s, connect_timeout_s, credentials)


def new_channel(settings: Settings) -> grpc.Channel:
    """A channel to the sidecar; connects with its first use."""
    if settings.credentials is not None:
        return grpc.secure_channel(settings.address, settings.credentials, CHANNEL_OPTIONS)
    return grpc.insecure_channel(settings.address, CHANNEL_OPTIONS)


def new_aio_channel(settings: Settings) -> grpc.aio.Channel:
    """The same for asyncio. Belongs to the event loop that runs now."""
    if settings.credentials is not None:
        return grpc.aio.secure_channel(settings.address, settings.credentials, CHANNEL_OPTIONS)
    return grpc.aio.insecure_channel(settings.address, CHANNEL_OPTIONS)


class Allowance:
    """The time one call may take, running from its creation. `timeout_s` None: the client's own."""

    def __init__(self, settings: Settings, timeout_s: float | None) -> None:
        self._limit_s = settings.timeout_s if timeout_s is None else timeout_s
        self._connect_s = settings.connect_timeout_s
        self._started_at = time.monotonic()
        _positive(self._limit_s, "timeout_s")

    def connect_s(self) -> float:
        """Seconds the call may wait for the sidecar to come up."""
        return min(self._connect_s, self._limit_s)

    def remaining_s(self) -> float | None:
        """Seconds left, at least a millisecond; None without a deadline."""
        if math.isinf(self._limit_s):
            return None
        return max(self._limit_s - (time.monotonic() - self._started_at), 0.001)


def check_size(request: Message) -> None:
    """Refuses a request that gRPC could not send, before anything is sent."""
    size = request.ByteSize()
    if size > MAX_MESSAGE_BYTES:
        raise RequestTooLarge(
            f"the request has {size:,} bytes, {size - MAX_MESSAGE_BYTES:,} over the limit of {MAX_MESSAGE_BYTES:,} "
            "(32 MiB): give large images and documents as URLs"
        )


def wait_connected(channel: grpc.Channel, timeout_s: float, unreachable: Callable[[], SidecarUnreachable]) -> None:
    """Returns once the channel is connected, connecting it if need be; a few microseconds when it is.

    grpc's public watch starts a thread for each channel, and that thread dies with a traceback on standard error when the
    channel is closed at the wrong moment; so the state is asked for at its source, in the place known to be there.
    """
    check = getattr(getattr(channel, "_channel", None), "check_connectivity_state", None)
    if check is None:
        _wait_watched(channel, timeout_s, unreachable)
        return
    until, pause_s = time.monotonic() + timeout_s, 0.001
    while check(True) != _READY:
        if time.monotonic() >= until:
            raise unreachable()
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.02)


def _wait_watched(channel: grpc.Channel, timeout_s: float, unreachable: Callable[[], SidecarUnreachable]) -> None:
    """The same in grpc's public way."""
    future = grpc.channel_ready_future(channel)
    try:
        future.result(timeout=timeout_s)
    except grpc.FutureTimeoutError:
        raise unreachable() from None
    finally:
        future.cancel()


async def wait_connected_async(
    channel: grpc.aio.Channel, timeout_s: float, unreachable: Callable[[], SidecarUnreachable]
) -> None:
    """The asyncio form of `wait_connected`."""
    state = channel.get_state(try_to_connect=True)
    if state is grpc.ChannelConnectivity.READY:
        return
    try:
        async with asyncio.timeout(timeout_s):
            while state is not grpc.ChannelConnectivity.READY:
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
    except TimeoutError:
        raise unreachable() from None


def _is_host_and_port(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and "/" not in host and port.isdecimal() and 0 < int(port) < 65536


def _positive(seconds: float, argument: str) -> None:
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"{argument} must be a number over 0, in seconds; math.inf for no limit")
