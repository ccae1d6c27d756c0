"""Throwaway certificates: an authority and server certificates for localhost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

_AUTHORITIES: dict[Path, trustme.CA] = {}


@dataclass(frozen=True)
class Certificate:
    """PEM files. `ca` signed `cert`."""

    cert: Path
    key: Path
    ca: Path


def made(folder: Path, name: str = "server", *names: str) -> Certificate:
    """A certificate for these host names (localhost and 127.0.0.1 if none), signed by an authority of the folder's."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = _AUTHORITIES.setdefault(folder, trustme.CA())
    issued = authority.issue_cert(*(names or ("localhost", "127.0.0.1")))
    certificate = Certificate(folder / f"{name}.pem", folder / f"{name}.key", folder / "ca.pem")
    authority.cert_pem.write_to_path(str(certificate.ca))
    issued.cert_chain_pems[0].write_to_path(str(certificate.cert))
    issued.private_key_pem.write_to_path(str(certificate.key))
    return certificate
