"""What the command line says in place of the configuration: where to listen, how long to drain, how much to hold.

Whoever starts the process (the injector, a unit file) knows the pod's addresses and memory; whoever writes the
configuration need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .address import Address, parsed
from .problem import ConfigError, Problem
from .settings import Settings

MAX_DRAIN_S = 3600.0
MAX_BYTES = 1_099_511_627_776
"""As of `policy.max_bytes_in_flight`."""


@dataclass(frozen=True, slots=True)
class Override:
    """None, or no address: what the configuration says. `drain_s`: seconds for running answers to end.
    `max_bytes_in_flight`: of the requests under way.
    """

    grpc: tuple[Address, ...] = ()
    probe: Address | None = None
    drain_s: float | None = None
    max_bytes_in_flight: int | None = None

    def applied(self, settings: Settings) -> Settings:
        """The settings with these in their place. ConfigError for an address off loopback that nothing protects."""
        listen, limits = settings.listen, settings.limits
        if self.grpc:
            listen = replace(listen, grpc=self.grpc)
            open_wide = [str(one) for one in self.grpc if not one.is_local]
            if open_wide and listen.tls is None and not listen.insecure:
                said = f"{', '.join(open_wide)} is reachable from outside: set listen.tls, or listen.insecure in a mesh"
                raise ConfigError([Problem("", None, None, said)], "--listen-grpc")
        if self.probe is not None:
            listen = replace(listen, probe=self.probe)
        if self.drain_s is not None:
            limits = replace(limits, drain_timeout_s=self.drain_s)
        if self.max_bytes_in_flight is not None:
            limits = replace(limits, max_bytes_in_flight=self.max_bytes_in_flight)
        return replace(settings, listen=listen, limits=limits)


def override(
    grpc: Sequence[str], probe: str | None, drain_s: float | None, max_bytes_in_flight: int | None
) -> Override:
    """What the arguments say. ConfigError for an address that is none, and for a number out of its bounds."""
    if drain_s is not None and not 0.0 <= drain_s <= MAX_DRAIN_S:
        raise ConfigError([Problem("", None, None, f"must be from 0 to {MAX_DRAIN_S:g} seconds")], "--drain-s")
    if max_bytes_in_flight is not None and not 1 <= max_bytes_in_flight <= MAX_BYTES:
        raise ConfigError([Problem("", None, None, f"must be from 1 to {MAX_BYTES} bytes")], "--max-bytes-in-flight")
    addresses = tuple(_address(text, "--listen-grpc", parsed) for text in grpc)
    probed = _address(probe, "--listen-probe", _probe_address) if probe else None
    return Override(addresses, probed, drain_s, max_bytes_in_flight)


def _probe_address(text: str) -> Address:
    address = parsed(text)
    if address.unix_path is not None:
        raise ValueError("the kubelet needs host:port")
    return address


def _address(text: str, flag: str, read: Callable[[str], Address]) -> Address:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError([Problem("", None, None, str(error))], flag) from None
