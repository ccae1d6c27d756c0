"""The certificate that the webhook serves with: mounted files, read again when they change."""

from __future__ import annotations

import ssl
from pathlib import Path

from . import certificate
from .watching import Watched

CERTIFICATE, KEY = "tls.crt", "tls.key"
"""The names in a Secret of the type kubernetes.io/tls."""


class Serving:
    """One context for the listener, which hands every new connection over to the newest certificate's; those that
    are open keep theirs. A context is never changed in place: half a pair would leave it unusable."""

    def __init__(self, folder: Path) -> None:
        self._certificate, self._key = folder / CERTIFICATE, folder / KEY
        self.files = Watched((self._certificate, self._key), self._load, (OSError, ValueError))
        """The newest context; ssl.SSLError is an OSError."""
        self.ends_at_s = 0.0
        """When the certificate in use ends, in seconds since 1970."""

    def listening(self) -> ssl.SSLContext:
        """The listener's context. A certificate must have been loaded."""
        context = self._load()
        context.sni_callback = self._choose
        return context

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # A session that is resumed shows no certificate; each connection shall see the newest.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        context.load_cert_chain(self._certificate, self._key)
        self.ends_at_s = certificate.ends_at(self._certificate.read_bytes()).timestamp()
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Called for every connection, also for one that names no host."""
        newest = self.files.value
        if newest is not None:
            connection.context = newest
