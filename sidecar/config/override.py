"""What the command line says in place of the configuration: where to listen, and how long to drain.

Whoever starts the process (the injector, a unit file) knows the pod's addresses; whoever writes the configuration need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .address import Address, parsed
from .problem import ConfigError, Problem
from .settings import Settings

MAX_DRAIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Override:
    """None, or no address: what the configuration says. `drain_s`: seconds for running answers to end."""

    grpc: tuple[Address, ...] = ()
    probe: Address | None = None
    drain_s: float | None = None

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
        return replace(settings, listen=listen, limits=limits)


def override(grpc: Sequence[str], probe: str | None, drain_s: float | None) -> Override:
    """What the arguments say. ConfigError for an address or a time that is none."""
    if drain_s is not None and not 0.0 <= drain_s <= MAX_DRAIN_S:
        raise ConfigError([Problem("", None, None, f"must be from 0 to {MAX_DRAIN_S:g} seconds")], "--drain-s")
    addresses = tuple(_address(text, "--listen-grpc", parsed) for text in grpc)
    return Override(addresses, _address(probe, "--listen-probe", _probe_address) if probe else None, drain_s)


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
