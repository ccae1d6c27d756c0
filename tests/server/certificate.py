"""Throwaway certificates: an authority and a server certificate for localhost, made with the `openssl` command."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

has_openssl = shutil.which("openssl") is not None


@dataclass(frozen=True)
class Certificate:
    """PEM files. `ca` signed `cert`."""

    cert: Path
    key: Path
    ca: Path


def made(folder: Path, name: str = "server", names: str = "DNS:localhost,IP:127.0.0.1") -> Certificate:
    """A certificate for these names, signed by an authority of the folder's."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    if not ca.exists():
        _run("req", "-x509", *_new(ca_key), "-out", ca, "-subj", "/CN=test authority", "-days", "2")
    key, request, cert, extension = (folder / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
    extension.write_text(f"subjectAltName={names}\n")
    _run("req", *_new(key), "-out", request, "-subj", f"/CN={name}")
    _run("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-out", cert, "-days", "2", "-extfile", extension)
    return Certificate(cert, key, ca)


def _new(key: Path) -> tuple[str | Path, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key


def _run(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=20)
